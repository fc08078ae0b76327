import { z } from 'zod';
import { onBehalf } from '../../audit/events.js';
import type { Attempt } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { message } from '../../messages/english.js';
import { attempts } from '../../methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../methods/attempt-limits.js';
import type { Begun } from '../../methods/bound-method.js';
import { type EnrollableMethod, enrollableMethods } from '../../methods/bound-method.js';
import { isolated } from '../../names.js';
import { provable, unprovableIds } from '../../policy/provable.js';
import { outage } from '../../web/refusal.js';
import { readBody } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { UserVisit } from '../guard.js';
import { withQuery } from '../links.js';
import type { Moment } from '../page.js';
import type { Standing } from '../standing.js';
import { handOutKey } from './issue-key.js';
import { notOneself } from './user.js';
import { type Wrong, wrongOf } from './verdicts.js';

/** What holds for a user who has nothing yet, and as of which epoch. */
type Ready = Standing & { readonly epoch: number; readonly besides: readonly string[] };

/** How an administrator can go about it. */
const WAYS = { shown: ['now', 'first-login'], 'on-the-spot': ['now'] } as const;

type Way = 'now' | 'first-login';

const name = z.string().min(1).max(40).optional();

/**
 * User Details → Activate: by a mechanism that the administrator hands over or has at hand, or by an activation key.
 * Nobody's session is elevated by it.
 */
export function activationPages(context: AdminContext) {
  const {
    navOf,
    standings,
    store,
    present,
    audit,
    onError,
    methods,
    options,
    appNames,
    words,
    titleOf,
  } = context;
  const nothing = () => message('admin.user.nothing-to-hand-over');

  async function ready(visit: UserVisit): Promise<Ready> {
    notOneself(visit);
    const record = await store.readSubject(visit.subject.id);
    const standing = await standings.of(visit.subject);
    const { policy } = standing;
    if (policy ? provable(record, policy).length > 0 : record.enrollments.length > 0) {
      throw new RequestError(409, 'already_activated', message('admin.user.already-activated'));
    }
    const besides = policy ? unprovableIds(record, policy) : [];
    return { ...standing, epoch: record.epoch, besides };
  }

  /** The accepted methods that an administrator can begin, with how. */
  function mechanisms({ policy }: Standing) {
    return enrollableMethods(methods, policy?.methods ?? []).flatMap((method) => {
      const { handsOver } = method.enrollment;
      return handsOver === null ? [] : [{ method, ways: WAYS[handsOver] as readonly Way[] }];
    });
  }

  /** The one that is named, or the first. */
  function methodOf(standing: Standing, wanted: string | undefined, way: Way): EnrollableMethod {
    const found = mechanisms(standing).find(
      ({ method, ways }) => ways.includes(way) && (wanted ?? method.name) === method.name,
    );
    if (!found) throw new RequestError(422, 'method_not_accepted', nothing());
    return found.method;
  }

  function attemptOf(visit: UserVisit, standing: Ready, input: Attempt['input']): Attempt {
    const { subject, situation } = visit;
    if (!standing.policy) {
      throw new RequestError(
        409,
        'contradictory_settings',
        standing.problem ?? message('admin.user.contradiction'),
      );
    }
    // An administrator vouches for the user already, which is what an activation key is demanded for.
    const policy = { ...standing.policy, enrollment: 'self' } as const;
    // The user's, but in the administrator's session: no other can confirm what was begun here.
    const { epoch, besides } = standing;
    return {
      subject,
      policy,
      session: situation.session,
      epoch,
      besides,
      ...appNames(subject),
      input,
    };
  }

  async function choose(visit: UserVisit): Promise<void> {
    const { req, res, admin, user, here } = visit;
    const standing = await ready(visit);
    const offered = mechanisms(standing);
    const { at, has } = present.sentences;
    const said = (key: string) => (has(key) ? at(key) : null);
    const keyDemanded = standing.policy?.enrollment === 'activation-key';
    await present.page(req, res, {
      view: 'admin/user-activate',
      title: message('admin.activate.title', { label: isolated(user.label) }),
      subject: admin,
      locals: {
        nav: await navOf(visit, 'users'),
        notice: null,
        label: user.label,
        action: here.activate,
        issueKeyAction: here.issueKey,
        back: here.details,
        mechanisms: offered.map(({ method: { name: method }, ways }) => ({
          ...{ method, ways },
          heading: said(`${method}.handedOver.heading`) ?? titleOf(method),
          text: said(`${method}.handedOver.text`),
          begin: said(`${method}.handedOver.begin`) ?? at('action.activate'),
        })),
        nothing: present.say(nothing()),
        keyLifetime: words.lifetimeWords(options.activationKeyMaxAgeMs),
        handoverLifetime: words.lifetimeWords(options.handoverMaxAgeMs),
        keyDemanded,
      },
      json: {
        ways: [...new Set([...offered.flatMap(({ ways }) => ways), 'activation-key'])],
        mechanisms: offered.map(({ method, ways }) => ({
          ...{ method: method.name, title: titleOf(method.name), ways },
        })),
        activationKeyDemanded: keyDemanded,
      },
    });
  }

  /** Shows what is handed over: in this answer, and never again. */
  async function begin(visit: UserVisit): Promise<void> {
    const sent = readBody(visit.req, { confirm: z.enum(['now', 'first-login']), method: name });
    const { confirm } = sent;
    const standing = await ready(visit);
    const method = methodOf(standing, sent.method, confirm);
    const later = confirm === 'first-login';
    const attempt = attemptOf(visit, standing, {});
    const begun = await method.enrollment.begin(
      later ? { ...attempt, session: '' } : attempt,
      later
        ? { basis: 'handover', restart: true, lifetimeMs: options.handoverMaxAgeMs }
        : { basis: 'first', restart: true },
    );
    if (!begun) throw new RequestError(409, 'not_begun', message('admin.user.not-begun'));
    if (later) {
      const { admin, subject, req } = visit;
      const facts = { subject, actorId: admin.id, method: method.name, from: req.ip ?? null };
      audit.record('enrollment.handed-over', facts);
    }
    await showKey(visit, method, begun, later);
  }

  async function showKey(
    visit: UserVisit,
    method: EnrollableMethod,
    begun: Begun,
    later: boolean,
  ): Promise<void> {
    const { req, res, admin, user, here } = visit;
    const { show, field } = begun.handOver();
    const handed = show();
    await present.page(req, res, {
      view: 'admin/user-key',
      title: message('admin.activate.title', { label: isolated(user.label) }),
      subject: admin,
      locals: {
        nav: await navOf(visit, 'users'),
        notice: null,
        label: user.label,
        shown: handed && { view: handed.view, locals: handed.locals },
        handsOver: handed !== null,
        confirm: later ? null : confirming(visit, method, begun),
        field,
        until: present.moment(new Date(begun.expiresAt)),
        error: null,
        retryAt: null,
        back: here.details,
        again: here.activate,
      },
      json: {
        ...handed?.json,
        method: method.name,
        confirm: later ? 'first-login' : 'now',
        enrollment: begun.id,
        expiresAt: new Date(begun.expiresAt),
      },
    });
  }

  const confirming = ({ here }: UserVisit, { name: method }: EnrollableMethod, { id }: Begun) => ({
    ...{ action: here.confirm, method, enrollment: id },
  });

  /** The code on the spot. The key itself is not shown again: after a wrong code there is only the field. */
  async function confirm(visit: UserVisit): Promise<void> {
    const { req, res, admin, subject, here } = visit;
    const input = readBody(req, {
      code: z.string().max(200),
      enrollment: z.string().min(1).max(64),
      method: name,
    });
    const standing = await ready(visit);
    const method = methodOf(standing, input.method, 'now');
    const run = attempts({
      store,
      limits: ATTEMPT_LIMITS,
      audit: onBehalf(audit, admin.id),
    });
    const attempt = attemptOf(visit, standing, input);
    const operation = { kind: 'confirm', replaces: null } as const;
    const verdict = await run(method, operation, attempt, req.ip ?? null);
    switch (verdict.kind) {
      case 'verified':
        return present.onward(req, res, withQuery(here.details, { done: 'activated' }), {
          activated: true,
          subject: subject.id,
        });
      case 'rejected':
      case 'locked':
        return showAgain(
          visit,
          method,
          await method.enrollment.resume(attempt),
          wrongOf(verdict, method.name, present.sentences),
        );
      case 'unavailable': {
        const { sentences } = present;
        const from = req.ip ?? null;
        const facts = { method: method.name, subject, from, res, sentences, audit, onError };
        const { status, error, message, values } = outage(verdict.cause, facts);
        const wrong = { status, error, message, values, retryAt: null };
        return showAgain(visit, method, await method.enrollment.resume(attempt), wrong);
      }
      default:
        verdict satisfies never;
    }
  }

  async function showAgain(
    visit: UserVisit,
    method: EnrollableMethod,
    begun: Begun | null,
    wrong: Wrong,
  ): Promise<void> {
    const { req, res, admin, user, here } = visit;
    const retryAt: Moment | null = wrong.retryAt && present.moment(wrong.retryAt);
    const voided = wrong.error === 'superseded' || wrong.error === 'expired';
    const going = voided ? null : begun;
    await present.page(req, res, {
      status: wrong.status,
      view: 'admin/user-key',
      title: message('admin.activate.title', { label: isolated(user.label) }),
      subject: admin,
      locals: {
        nav: await navOf(visit, 'users'),
        notice: null,
        label: user.label,
        shown: null,
        handsOver: method.enrollment.handsOver === 'shown',
        confirm: going && confirming(visit, method, going),
        field: going?.handOver().field ?? null,
        until: present.moment(new Date(store.now())),
        error: wrong.message,
        retryAt,
        back: here.details,
        again: here.activate,
      },
      json: {
        ...{ error: wrong.error, message: wrong.message, retryAt: wrong.retryAt },
        ...(Object.keys(wrong.values).length > 0 && { values: wrong.values }),
      },
    });
  }

  /** A single-use key for the user's own first activation: in this answer, and never again. */
  async function issueKey(visit: UserVisit): Promise<void> {
    readBody(visit.req, {});
    await ready(visit);
    await handOutKey(context, visit, false);
  }

  return { choose, begin, confirm, issueKey };
}
