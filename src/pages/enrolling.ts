import type { Request, Response } from 'express';
import type { Verdict } from '../contracts.js';
import { RequestError } from '../errors.js';
import { bindingProof } from '../gate/binding-proof.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import { ACTIVATION_KEY } from '../methods/activation-key-words.js';
import type { Begun, BoundMethod } from '../methods/bound-method.js';
import { answerFields } from '../methods/method-form.js';
import type { MethodPlace } from '../methods/pages.js';
import { provable } from '../policy/provable.js';
import { readFields, TEXT } from '../web/fields.js';
import { type Refusal, refusal, refusedWords } from '../web/refusal.js';
import { enrollingForms, type Place } from './enrolling-forms.js';
import { outageOf } from './outage.js';
import { overtaken } from './overtaken.js';
import type { PageConfig } from './page-config.js';
import { isProving, prove } from './proof.js';
import { refuseUnbound } from './unbound.js';

/** The content of the page: the method's enrollment, or a step before it. */
type Step =
  | { readonly kind: 'shown'; readonly begun: Begun }
  | { readonly kind: 'activation-key' | 'to-begin' };

/** One enrollment, from its first page to its confirmation; the same at login and in My Profile. */
export function enrolling(config: PageConfig) {
  const { respond, now } = config;
  const { showBegin, showForm, showActivationKey } = enrollingForms(config);

  /**
   * A GET shows what this session has begun. Links of other sites lead here as well, so it voids nothing; only at
   * login, and if nothing was begun, it begins by itself.
   */
  async function present(req: Request, situation: KnownSituation, place: Place): Promise<Step> {
    const { method } = place;
    refuseUnbound(situation, method);
    const attempt = config.attemptOf(situation, {});
    if (!isFirst(situation, method)) {
      if (isElsewhere(req, place)) return { kind: 'to-begin' };
      const resumed = await method.enrollment.resume(attempt);
      return resumed?.basis === 'proven' ? { kind: 'shown', begun: resumed } : { kind: 'to-begin' };
    }
    const resumed = await method.enrollment.resume(attempt);
    if (resumed?.basis === 'handover') return { kind: 'shown', begun: resumed };
    if (situation.facts.policy.enrollment === 'activation-key') {
      return resumed?.basis === 'activation-key'
        ? { kind: 'shown', begun: resumed }
        : { kind: 'activation-key' };
    }
    const begun =
      resumed?.basis === 'first'
        ? resumed
        : await method.enrollment.begin(attempt, {
            ...{ restart: false, basis: 'first', unlessPending: true },
          });
    return begun ? { kind: 'shown', begun } : { kind: 'to-begin' };
  }

  function isElsewhere(req: Request, { method, replaces }: Place): boolean {
    const { activation } = config.pagesOf.get(method.name) ?? {};
    return activation?.isElsewhere(req, { replaces }) ?? false;
  }

  /** A POST: continues what this session has begun, or begins and replaces what was begun before. */
  async function begin(
    req: Request,
    situation: KnownSituation,
    place: Place,
    { restart }: { readonly restart: boolean },
  ): Promise<Step> {
    const { method } = place;
    refuseUnbound(situation, method);
    const attempt = config.attemptOf(situation, {});
    const first = isFirst(situation, method);
    if (first && !restart) {
      const resumed = await method.enrollment.resume(attempt);
      if (resumed?.basis === 'handover') return { kind: 'shown', begun: resumed };
    }
    const keyed = situation.facts.policy.enrollment === 'activation-key';
    const basis = first ? (keyed ? 'activation-key' : 'first') : 'proven';
    const begun = await method.enrollment.begin(attempt, {
      restart: restart || isElsewhere(req, place),
      basis,
    });
    if (begun) return { kind: 'shown', begun };
    if (basis === 'activation-key') return { kind: 'activation-key' };
    throw new RequestError(409, 'not_begun', message('activate.not-begun'));
  }

  /** GET. */
  function show(req: Request, res: Response, situation: KnownSituation, place: Place) {
    return render(req, res, situation, place, () => present(req, situation, place), null);
  }

  /** Shows the form again after a wrong answer. */
  function showAgain(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
    wrong: Refusal,
  ) {
    const again = () => begin(req, situation, place, { restart: false });
    return render(req, res, situation, place, again, wrong);
  }

  async function render(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
    find: () => Promise<Step>,
    wrong: Refusal | null,
  ): Promise<void> {
    const own = config.pagesOf.get(place.method.name)?.activation;
    const leaving: MethodPlace = {
      ...place,
      ...{ purpose: 'activate', reason: null, rememberDays: null },
    };
    let step: Step;
    try {
      step = await find();
      if (own && step.kind === 'shown') {
        return await own.show(req, res, situation, leaving, step.begun);
      }
    } catch (error) {
      if (await own?.failed(req, res, situation, leaving, error)) return;
      throw error;
    }
    switch (step.kind) {
      case 'to-begin':
        return showBegin(req, res, situation, place);
      case 'activation-key':
        return showActivationKey(req, res, situation, place, wrong && forKey(wrong));
      case 'shown':
        return showForm(req, res, situation, place, step.begun, wrong);
      default:
        step satisfies never;
    }
  }

  /**
   * POST: begins, and voids what was begun before; with `restart` also the one on this form. Redirects to a GET that
   * shows it, which can be reloaded; only a method that leaves for an outside page does so from the answer itself.
   */
  async function start(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
    options: { readonly restart: boolean },
  ): Promise<void> {
    readFields(req, {});
    if (config.pagesOf.get(place.method.name)?.activation) {
      const started = () => begin(req, situation, place, options);
      return render(req, res, situation, place, started, null);
    }
    await begin(req, situation, place, options);
    respond.onward(req, res, place.url, { next: 'enroll' });
  }

  /** POST: the activation key, which leads to the method's form. */
  async function redeem(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
  ): Promise<void> {
    const { activationKey = '' } = readFields(req, { activationKey: TEXT });
    refuseUnbound(situation, place.method);
    if (!isFirst(situation, place.method)) {
      throw new RequestError(409, 'already_activated', message('activate.already'));
    }
    const attempt = config.attemptOf(situation, {});
    const verdict = await config.redeemActivationKey(attempt, place.method, activationKey, req);
    switch (verdict.kind) {
      case 'begun':
        respond.onward(req, res, place.url, { next: 'enroll' });
        return;
      case 'rejected':
      case 'locked': {
        const wrong = refused(verdict, ACTIVATION_KEY, res);
        return showActivationKey(req, res, situation, place, wrong);
      }
      case 'unavailable':
        throw verdict.cause;
      default:
        verdict satisfies never;
    }
  }

  /** POST: the answer that activates it. Gives the verdict, or null when it has shown the form again. */
  async function confirm(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
  ): Promise<Extract<Verdict, { kind: 'verified' }> | null> {
    const { method, replaces } = place;
    const input = inputOf(req, place);
    const answered = Object.keys(method.answer).some((field) => Object.hasOwn(input, field));
    if (answered && input.enrollment === undefined) {
      throw new RequestError(400, 'invalid_request', message('activate.no-enrollment'));
    }
    // The name that was typed stays on the form.
    const again =
      place.name === null || input.name === undefined ? place : { ...place, name: input.name };
    refuseUnbound(situation, method);
    const operation = { kind: 'confirm', replaces } as const;
    const verdict = await prove(config, req, res, situation, method, operation, {
      ...{ input, defaultName: place.name },
    });
    switch (verdict.kind) {
      case 'verified':
        return verdict;
      case 'rejected':
      case 'locked': {
        // The first of two clicks, on another process, has got in with this very answer.
        if (await overtaken(config, req, res, situation, verdict)) return null;
        const wrong = refused(verdict, method.name, res);
        await showAgain(req, res, situation, again, wrong);
        return null;
      }
      case 'unavailable': {
        const wrong = outageOf(config, req, res, situation, method, verdict.cause);
        await showAgain(req, res, situation, again, wrong);
        return null;
      }
      default:
        return verdict satisfies never;
    }
  }

  /** Whether the first of two clicks, with this very answer, is about to get its new session. */
  function isConfirming(
    req: Request,
    situation: KnownSituation,
    place: Pick<Place, 'method' | 'replaces' | 'name'>,
  ): boolean {
    const operation = { kind: 'confirm', replaces: place.replaces } as const;
    return isProving(config, situation, place.method, operation, inputOf(req, place));
  }

  function refused(
    verdict: Extract<Verdict, { kind: 'rejected' | 'locked' }>,
    of: string,
    res: Response,
  ): Refusal {
    return refusal(verdict, { now: now(), res, of, sentences: respond.sentences });
  }

  /** On the page that asks for the activation key: the enrollment of the code that was sent is no longer valid. */
  function forKey(wrong: Refusal): Refusal {
    if (wrong.error === 'locked') return wrong;
    const reason = wrong.error === 'superseded' ? 'superseded' : 'expired';
    return { ...wrong, ...refusedWords({ reason }, ACTIVATION_KEY, respond.sentences) };
  }

  return { show, start, redeem, confirm, isConfirming };
}

/** An answer, with the name that was given where it is another one than was offered. */
function inputOf(req: Request, place: Pick<Place, 'method' | 'name'>): Record<string, string> {
  const { name = '', ...fields } = readFields(req, {
    ...answerFields(place.method.answer),
    ...{ enrollment: TEXT, name: TEXT },
  });
  return name.trim() !== '' && name !== place.name ? { ...fields, name } : fields;
}

/**
 * Whether the rules of a first activation apply: for a person with nothing that can be asked for here, and for the
 * first factor that counts in every organization, if an activation key is demanded.
 */
function isFirst({ facts }: KnownSituation, { scope }: BoundMethod): boolean {
  const { record, policy } = facts;
  if (provable(record, policy).length === 0) return true;
  return (
    scope !== 'organization' &&
    policy.enrollment === 'activation-key' &&
    bindingProof(facts) === 'here'
  );
}
