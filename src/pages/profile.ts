import type { Request, Response } from 'express';
import { copiedAmong } from '../audit/copied.js';
import type { Enrollment } from '../contracts.js';
import { RequestError } from '../errors.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { Sentences } from '../messages/sentences.js';
import { type EnrollableMethod, enrollableMethods } from '../methods/bound-method.js';
import type { Handler } from '../methods/pages.js';
import { firstUnused } from '../names.js';
import { isAccepted, isProvable, provable } from '../policy/provable.js';
import { activatable, countOf } from './activatable.js';
import { enrolling } from './enrolling.js';
import type { Place } from './enrolling-forms.js';
import type { ProfileConfig, ProfileParts } from './profile-parts.js';
import { completeVerification } from './proof.js';
import { mayRemove, removalPages } from './removal.js';
import { renamePages } from './rename.js';
import { sessionPages } from './sessions.js';

const DONE = ['activated', 'replaced', 'renamed', 'removed', 'forgotten', 'signed-out'] as const;

/** My Profile → Two-factor: a person manages their factors. Every change demands a fresh proof. */
export function profilePages(config: ProfileConfig) {
  const { path, respond, store } = config;
  const { say, times } = respond;
  const home = `${path}/profile`;
  const form = enrolling(config);
  const isPhishingResistant = ({ method }: Enrollment) =>
    config.methods.get(method)?.phishingResistant === true;
  const momentOf = (at: Date | null) => at && times.onDate(at);
  const parts: ProfileParts = { ...config, home, admitted, own, changedMeanwhile };

  const overview: Handler = async (req, res, situation) => {
    const { policy, record } = situation.facts;
    const { enrollments } = record;
    const here = provable(record, policy);
    const copied = await copiedAmong(store, situation.subject.id, record);
    const copiedAt = ({ id }: Enrollment) => copied.get(id) ?? null;
    const shown = enrollments.map((one) => ({
      id: one.id,
      method: one.method,
      title: config.methods.get(one.method)?.title ?? one.method,
      label: one.label,
      createdAt: times.onDate(new Date(one.createdAt)),
      lastUsedAt: one.lastUsedAt === null ? null : times.onDate(new Date(one.lastUsedAt)),
      accepted: isAccepted(one, policy) && here.includes(one),
      phishingResistant: isPhishingResistant(one),
      copiedAt: momentOf(copiedAt(one)),
      replaceHref: mayReplace(situation, one) ? `${home}/replace/${one.id}` : null,
      removeHref: mayRemove(situation, one) ? `${home}/remove/${one.id}` : null,
      renameHref: `${home}/rename/${one.id}`,
    }));
    const devices = (await store.readDevices(situation.subject.id)).filter(
      ({ epoch }) => epoch === record.epoch,
    );
    const offers = activatable(config.methods, situation);
    const brought = [...config.pagesOf.values()];
    await respond.page(req, res, {
      view: 'profile',
      title: message('profile.title'),
      subject: situation.subject,
      locals: {
        notice: noticeOf(req, say),
        active: enrollments.length > 0,
        mode: policy.mode,
        enrollments: shown,
        onlyOne: shown.length === 1 && offers.length > 0,
        activatable: offers.map((method) => ({
          title: countOf(here, method) === 0 ? method.title : another(method),
          href: `${home}/activate/${method.name}`,
        })),
        sections: brought
          .map((pages) => pages.profile?.(req, situation) ?? null)
          .filter((section) => section !== null),
        devices: devices.map(({ id, label, lastUsedAt, endsAt }) => ({
          label,
          lastUsedAt: times.onDate(new Date(lastUsedAt)),
          endsAt: times.onDate(new Date(endsAt)),
          forgetAction: `${home}/devices/${id}/forget`,
        })),
        signOutOthersHref: `${home}/sign-out-others`,
        accountHref: config.accountUrl(situation),
      },
      json: {
        mode: policy.mode,
        methods: policy.methods,
        enrollments: enrollments.map((one) => ({
          ...one,
          removable: mayRemove(situation, one),
          copiedAt: copiedAt(one),
          phishingResistant: isPhishingResistant(one),
        })),
        activatable: offers.map(({ name }) => name),
        ...Object.assign({}, ...brought.map((pages) => pages.profileJson?.(situation))),
        devices,
      },
    });
  };

  /** Only fully authenticated persons get here, and changes need a fresh proof. */
  async function admitted(
    req: Request,
    res: Response,
    situation: KnownSituation,
    binding: boolean,
  ): Promise<boolean> {
    // A person without a factor has nothing to prove; the store ensures that it still is the first.
    if (situation.facts.record.enrollments.length === 0) return true;
    return config.requireFresh(req, res, home, { binding });
  }

  /** A method that rests on an outside authority here does not count in the person's other organizations. */
  const binds = ({ method }: Place) => method.scope !== 'organization';

  function placeOf(req: Request, { facts }: KnownSituation): Place {
    const { enrollments } = facts.record;
    const here = provable(facts.record, facts.policy);
    const { method: name, enrollment: id } = req.params;
    const replaced = id === undefined ? null : enrollments.find((one) => one.id === id);
    const wanted = replaced?.method ?? name;
    const method =
      facts.policy.mode === 'off'
        ? undefined
        : enrollableMethods(config.methods, facts.policy.methods).find(
            (one) => one.name === wanted,
          );
    if (!method || replaced === undefined || (replaced && !mayReplace({ facts }, replaced))) {
      throw new RequestError(404, 'not_found', message('method.not-offered'));
    }
    if (!replaced && countOf(here, method) >= method.atMost) throw tooMany(method);
    const url = replaced ? `${home}/replace/${replaced.id}` : `${home}/activate/${method.name}`;
    const named = method.atMost > 1 && enrollments.length > 0;
    return {
      ...{ method, url, others: [], later: null, replaces: replaced?.id ?? null },
      name: named ? (replaced?.label ?? firstUnused(method.title, enrollments)) : null,
    };
  }

  /** Another enrollment of a method that the person has. */
  function another({ name, title }: EnrollableMethod): string {
    const { at, has } = respond.sentences;
    return has(`${name}.another`)
      ? at(`${name}.another`)
      : say(message('profile.another', { method: title }));
  }

  function tooMany({ title, atMost }: EnrollableMethod): RequestError {
    const text =
      atMost === 1
        ? message('profile.have-already', { method: title })
        : message('profile.too-many', { count: atMost });
    return new RequestError(409, 'too_many', text, home);
  }

  function own(req: Request, { facts }: KnownSituation): Enrollment {
    const one = facts.record.enrollments.find(({ id }) => id === req.params.enrollment);
    if (!one) throw new RequestError(404, 'not_found', message('profile.no-method'));
    return one;
  }

  const show: Handler = async (req, res, situation) => {
    const place = placeOf(req, situation);
    if (await admitted(req, res, situation, binds(place)))
      await form.show(req, res, situation, place);
  };

  const start =
    (options: { readonly restart: boolean }): Handler =>
    async (req, res, situation) => {
      const place = placeOf(req, situation);
      if (!(await admitted(req, res, situation, binds(place)))) return;
      await form.start(req, res, situation, place, options);
    };

  const redeem: Handler = async (req, res, situation) => {
    const place = placeOf(req, situation);
    if (await admitted(req, res, situation, binds(place)))
      await form.redeem(req, res, situation, place);
  };

  const confirm: Handler = async (req, res, situation) => {
    const place = placeOf(req, situation);
    if (!(await admitted(req, res, situation, binds(place)))) return;
    const verdict = await form.confirm(req, res, situation, place);
    if (!verdict) return;
    const done = place.replaces === null ? 'activated' : 'replaced';
    req.session.sallyport = { ...req.session.sallyport, returnTo: `${home}?done=${done}` };
    await completeVerification(config, req, res, situation, place.method, verdict, {
      activated: true,
    });
    if (done === 'replaced') {
      const { subject, facts: before } = situation;
      const enrollments = before.record.enrollments.filter(({ id }) => id === place.replaces);
      const facts = { subject, method: place.method.name, from: req, detail: done };
      config.audit.record('enrollment.removed', { ...facts, enrollments });
    }
  };

  function changedMeanwhile(): RequestError {
    return new RequestError(409, 'superseded', message('profile.changed'), home);
  }

  return {
    overview,
    show,
    begin: start({ restart: false }),
    restart: start({ restart: true }),
    redeem,
    confirm,
    ...renamePages(parts),
    ...removalPages(parts),
    ...sessionPages(parts),
  };
}

/** A word in the address: one of ours, never free text. */
function noticeOf({ query: { done } }: Request, say: Sentences['say']): string | null {
  const known = DONE.find((one) => one === done);
  return known ? say(message(`profile.done.${known}`)) : null;
}

function mayReplace(
  { facts: { policy } }: Pick<KnownSituation, 'facts'>,
  one: Enrollment,
): boolean {
  return policy.mode !== 'off' && policy.methods.includes(one.method) && isProvable(one, policy);
}
