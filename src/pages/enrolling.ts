import type { Request, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { Challenge, MethodName, SecondFactorMethod, Verdict } from '../contracts.js';
import { RequestError } from '../errors.js';
import { bindingProof } from '../gate/binding-proof.js';
import type { GateConfig } from '../gate/gate.js';
import type { KnownSituation } from '../gate/situation.js';
import type { RequireFresh } from '../gate/step-up.js';
import { ACTIVATION_KEY_WORDS } from '../methods/activation-key-words.js';
import { DuoError } from '../methods/duo/failure.js';
import type { DuoMethod } from '../methods/duo/method.js';
import type { RedeemActivationKey } from '../methods/redeem-activation-key.js';
import { provable } from '../policy/provable.js';
import type { WhoseSession } from '../session/login.js';
import { readFields } from '../web/fields.js';
import type { TryAgain } from './again.js';
import { duoPages } from './duo.js';
import { enrollingForms, type Place } from './enrolling-forms.js';
import { type OpenDoorConfig, type ProofConfig, prove, type Refusal, refusal } from './proof.js';
import type { RecoveryCodePages } from './recovery-codes.js';
import { refuseUnbound } from './unbound.js';

export interface PageConfig extends OpenDoorConfig, ProofConfig {
  readonly recoveryCodes: RecoveryCodePages;
  readonly methods: ReadonlyMap<MethodName, SecondFactorMethod>;
  readonly redeemActivationKey: RedeemActivationKey;
  readonly requireFresh: RequireFresh;
  readonly tryAgain: TryAgain;
  /** The session of somebody who postpones activation goes on under a new id. */
  readonly renew: (req: Request, whose: WhoseSession) => Promise<void>;
  readonly duo: DuoMethod;
  /** As the gate has it. */
  readonly recognize: GateConfig['recognize'];
  readonly audit: Audit;
  /** Told of failures that end in a 503. */
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

export type Handler = (req: Request, res: Response, situation: KnownSituation) => Promise<void>;

/** What stands on the page: the method's own enrollment, or what has to come before it. */
type Begun =
  | { readonly kind: 'shown' | 'handed-over'; readonly challenge: Challenge }
  | { readonly kind: 'activation-key' | 'to-begin' };

/** One enrollment from the first look at it to its confirmation; the same at login and in My Profile. */
export function enrolling(config: PageConfig) {
  const { respond, now } = config;
  const { showBegin, showKey, showHandedOver, showActivationKey } = enrollingForms(respond);
  const duo = duoPages(config);

  /**
   * What a GET shows: what this session has begun. A link of another site's is followed like our own, so nothing
   * is voided by it; only where nothing at all was begun does the page at login begin by itself.
   */
  async function present(req: Request, situation: KnownSituation, place: Place): Promise<Begun> {
    const { method } = place;
    refuseUnbound(situation, method);
    const attempt = config.attemptOf(situation, {});
    if (!isFirst(situation, method)) {
      if (isElsewhere(req, place)) return { kind: 'to-begin' };
      const resumed = await method.resumeEnrollment(attempt);
      return resumed?.data.basis === 'proven'
        ? { kind: 'shown', challenge: resumed }
        : { kind: 'to-begin' };
    }
    const resumed = await method.resumeEnrollment(attempt);
    if (resumed?.data.basis === 'handover') return { kind: 'handed-over', challenge: resumed };
    if (situation.facts.policy.enrollment === 'activation-key') {
      return resumed?.data.basis === 'activation-key'
        ? { kind: 'shown', challenge: resumed }
        : { kind: 'activation-key' };
    }
    const challenge =
      resumed?.data.basis === 'first'
        ? resumed
        : await method.beginEnrollment(attempt, {
            ...{ restart: false, basis: 'first', unlessPending: true },
          });
    return challenge ? { kind: 'shown', challenge } : { kind: 'to-begin' };
  }

  /** Who comes back from Duo comes to one address, so what is replaced stands in the session. */
  function isElsewhere(req: Request, { method, replaces }: Place): boolean {
    const { duo: before } = req.session.sallyport ?? {};
    return method === config.duo && before !== undefined && before.replaces !== replaces;
  }

  /** A POST: what this session has begun, or a new one in the place of whatever was begun before. */
  async function begin(
    req: Request,
    situation: KnownSituation,
    place: Place,
    { restart }: { readonly restart: boolean },
  ): Promise<Begun> {
    const { method } = place;
    refuseUnbound(situation, method);
    const attempt = config.attemptOf(situation, {});
    const first = isFirst(situation, method);
    if (first && !restart) {
      const resumed = await method.resumeEnrollment(attempt);
      if (resumed?.data.basis === 'handover') return { kind: 'handed-over', challenge: resumed };
    }
    const keyed = situation.facts.policy.enrollment === 'activation-key';
    const basis = first ? (keyed ? 'activation-key' : 'first') : 'proven';
    const challenge = await method.beginEnrollment(attempt, {
      restart: restart || isElsewhere(req, place),
      basis,
    });
    if (challenge) return { kind: 'shown', challenge };
    if (basis === 'activation-key') return { kind: 'activation-key' };
    throw new RequestError(409, 'not_begun', 'This method cannot be activated now.');
  }

  /** GET. */
  function show(req: Request, res: Response, situation: KnownSituation, place: Place) {
    return render(req, res, situation, place, () => present(req, situation, place), null);
  }

  /** After a wrong answer: the form again. */
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
    find: () => Promise<Begun>,
    wrong: Refusal | null,
  ): Promise<void> {
    const towardsDuo = {
      ...place,
      purpose: 'activate',
      reason: null,
      rememberDays: null,
    } as const;
    let begun: Begun;
    try {
      begun = await find();
    } catch (error) {
      if (!(error instanceof DuoError)) throw error;
      return duo.failed(req, res, situation, error, towardsDuo);
    }
    switch (begun.kind) {
      case 'to-begin':
        return showBegin(req, res, situation, place);
      case 'activation-key':
        return showActivationKey(req, res, situation, place, wrong && forKey(wrong));
      case 'handed-over':
        return showHandedOver(req, res, situation, place, begun.challenge, wrong);
      case 'shown':
        if (begun.challenge.kind === 'redirect') {
          return duo.lead(req, res, situation, begun.challenge, towardsDuo);
        }
        return showKey(req, res, situation, place, begun.challenge, wrong);
      default:
        begun satisfies never;
    }
  }

  /**
   * POST: begins, and voids what was begun before; with `restart` also what stands on this form. What is shown
   * is brought by a GET, which a reload repeats without harm; the way to Duo leaves from the answer itself.
   */
  async function start(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
    options: { readonly restart: boolean },
  ): Promise<void> {
    readFields(req, []);
    if (place.method === config.duo) {
      const started = () => begin(req, situation, place, options);
      return render(req, res, situation, place, started, null);
    }
    await begin(req, situation, place, options);
    respond.onward(req, res, place.url, { next: 'enroll' });
  }

  /** POST: the activation key, which opens the way to the method's own form. */
  async function redeem(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
  ): Promise<void> {
    const { activationKey = '' } = readFields(req, ['activationKey']);
    refuseUnbound(situation, place.method);
    if (!isFirst(situation, place.method)) {
      throw new RequestError(409, 'already_activated', 'You have a method already.');
    }
    const attempt = config.attemptOf(situation, {});
    const verdict = await config.redeemActivationKey(
      attempt,
      place.method,
      activationKey,
      req.ip ?? null,
    );
    switch (verdict.kind) {
      case 'begun':
        respond.onward(req, res, place.url, { next: 'enroll' });
        return;
      case 'rejected':
      case 'locked': {
        const wrong = refusal(verdict, { now: now(), res, words: ACTIVATION_KEY_WORDS });
        return showActivationKey(req, res, situation, place, wrong);
      }
      case 'unavailable':
        throw verdict.cause;
      default:
        verdict satisfies never;
    }
  }

  /** POST: the answer that makes it active. The verdict, or null when it has shown the form again. */
  async function confirm(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
  ): Promise<Extract<Verdict, { kind: 'verified' }> | null> {
    const { name = '', ...fields } = readFields(req, ['code', 'enrollment', 'name']);
    const { method, replaces } = place;
    if (fields.code !== undefined && fields.enrollment === undefined) {
      throw new RequestError(
        400,
        'invalid_request',
        'A code is sent together with `enrollment`, as the page or its JSON names it.',
      );
    }
    const input = { ...fields, name: name.trim() === '' ? place.name : name };
    // What was typed stays on the form.
    const again = place.name === null ? place : { ...place, name: input.name };
    refuseUnbound(situation, method);
    const operation = { kind: 'confirm', replaces } as const;
    const verdict = await prove(config, req, res, situation, method, operation, input);
    switch (verdict.kind) {
      case 'verified':
        return verdict;
      case 'rejected':
      case 'locked': {
        // The first of two clicks, on another process, has got in with this very answer.
        if (await config.tryAgain(req, res)) return null;
        const wrong = refusal(verdict, { now: now(), res, words: method.words });
        await showAgain(req, res, situation, again, wrong);
        return null;
      }
      case 'unavailable':
        throw verdict.cause;
      default:
        return verdict satisfies never;
    }
  }

  return { show, start, redeem, confirm };
}

/**
 * Whether the rules of a first activation hold: for somebody who has nothing that could be asked for here, and
 * for the first factor that counts in every organization, where an activation key is demanded for one.
 */
function isFirst({ facts }: KnownSituation, { scope }: SecondFactorMethod): boolean {
  const { record, policy } = facts;
  if (provable(record, policy).length === 0) return true;
  return (
    scope !== 'organization' &&
    policy.enrollment === 'activation-key' &&
    bindingProof(record, policy) === 'here'
  );
}

/** On the page that asks for the activation key: the code that was sent belongs to nothing that is still good. */
function forKey(wrong: Refusal): Refusal {
  if (wrong.error === 'locked') return wrong;
  const reason = wrong.error === 'superseded' ? 'superseded' : 'expired';
  return { ...wrong, message: ACTIVATION_KEY_WORDS.refused[reason] };
}
