import { z } from 'zod';
import { onBehalf } from '../../audit/events.js';
import { RequestError } from '../../errors.js';
import { message } from '../../messages/english.js';
import { attempts } from '../../methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../methods/attempt-limits.js';
import type { Begun, EnrollableMethod } from '../../methods/bound-method.js';
import { isolated } from '../../names.js';
import { outage } from '../../web/refusal.js';
import { readBody } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { UserVisit } from '../guard.js';
import { withQuery } from '../links.js';
import type { Moment } from '../page.js';
import { activatable } from './activatable.js';
import { type Wrong, wrongOf } from './verdicts.js';

const name = z.string().min(1).max(40).optional();

/**
 * User Details → Activate: a mechanism that the administrator hands over, or confirms on the spot. It elevates no
 * session.
 */
export function handingOverPages(context: AdminContext) {
  const { navOf, store, present, audit, onError, options } = context;
  const { ready, methodOf, attemptOf } = activatable(context);

  /** Shows what is handed over, in this answer only. */
  async function begin(visit: UserVisit): Promise<void> {
    const sent = readBody(visit.req, { confirm: z.enum(['now', 'first-login']), method: name });
    const { confirm } = sent;
    const effective = await ready(visit);
    const method = methodOf(effective, sent.method, confirm);
    const later = confirm === 'first-login';
    const attempt = attemptOf(visit, effective, {});
    const begun = await method.enrollment.begin(
      later ? { ...attempt, session: '' } : attempt,
      later
        ? { basis: 'handover', restart: true, lifetimeMs: options.handoverMaxAgeMs }
        : { basis: 'first', restart: true },
    );
    if (!begun) throw new RequestError(409, 'not_begun', message('admin.user.not-begun'));
    if (later) {
      const { admin, subject, req } = visit;
      const facts = { subject, actorId: admin.id, method: method.name, from: req };
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
    const { show, field } = await begun.handOver();
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

  /** Confirms by a code on the spot. After a wrong code only the field is shown, not the key again. */
  async function confirm(visit: UserVisit): Promise<void> {
    const { req, res, admin, subject, here } = visit;
    const input = readBody(req, {
      code: z.string().max(200),
      enrollment: z.string().min(1).max(64),
      method: name,
    });
    const effective = await ready(visit);
    const method = methodOf(effective, input.method, 'now');
    const run = attempts({
      store,
      limits: ATTEMPT_LIMITS,
      audit: onBehalf(audit, admin.id),
    });
    const attempt = attemptOf(visit, effective, input);
    const operation = { kind: 'confirm', replaces: null } as const;
    const verdict = await run(method, operation, attempt, req);
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
        const facts = { method: method.name, subject, from: req, res, sentences, audit, onError };
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
    const pending = voided ? null : begun;
    const handed = await pending?.handOver();
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
        confirm: pending && confirming(visit, method, pending),
        field: handed?.field ?? null,
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

  return { begin, confirm };
}
