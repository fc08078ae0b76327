import type { Request, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type {
  Attempt,
  Challenge,
  EnrollableMethod,
  MethodName,
  SecondFactorMethod,
  Verdict,
} from '../contracts.js';
import { RequestError } from '../errors.js';
import type { KnownSituation } from '../gate/inspect.js';
import type { RequireFresh } from '../gate/step-up.js';
import { DuoError } from '../methods/duo/failure.js';
import type { DuoMethod } from '../methods/duo/method.js';
import type { PassportLike } from '../methods/passport-like.js';
import type { RedeemActivationKey } from '../methods/redeem-activation-key.js';
import type { TotpEnrollmentData } from '../methods/totp/method.js';
import { duoPages } from './duo.js';
import { readFields } from './fields.js';
import type { Later, MethodLink } from './locals.js';
import { type OpenDoorConfig, prove, type Refusal, refusal } from './proof.js';
import { qrSvg } from './qr.js';
import type { RecoveryCodePages } from './recovery-codes.js';

export interface PageConfig extends OpenDoorConfig {
  readonly recoveryCodes: RecoveryCodePages;
  readonly methods: ReadonlyMap<MethodName, SecondFactorMethod>;
  readonly passport: PassportLike;
  readonly attemptOf: (situation: KnownSituation, input: Attempt['input']) => Attempt;
  readonly redeemActivationKey: RedeemActivationKey;
  readonly requireFresh: RequireFresh;
  /** The session of somebody who postpones activation goes on under a new id. */
  readonly renew: (req: Request) => Promise<void>;
  readonly duo: DuoMethod;
  readonly audit: Audit;
  /** Told of failures that end in a 503. */
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

export type Handler = (req: Request, res: Response, situation: KnownSituation) => Promise<void>;

/** Where an enrollment takes place: at login, or in My Profile. */
export interface Place {
  readonly method: EnrollableMethod;
  /** GET shows the form, POST confirms it; `/restart` and `/key` below it are POST. */
  readonly url: string;
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  /** The enrollment that is replaced, in My Profile. */
  readonly replaces: string | null;
}

/** What stands on the form: the method's own enrollment, or what has to come before it. */
type Begun =
  | { readonly kind: 'shown' | 'handed-over'; readonly challenge: Challenge }
  | { readonly kind: 'activation-key' };

/** One enrollment from the first look at it to its confirmation; the same at login and in My Profile. */
export function enrolling(config: PageConfig) {
  const { respond, now } = config;
  const duo = duoPages(config);

  /** GET, and POST again after a wrong answer: shows what this session has begun, or begins. */
  async function begin(
    req: Request,
    situation: KnownSituation,
    { method, replaces }: Place,
  ): Promise<Begun> {
    const attempt = config.attemptOf(situation, {});
    if (!isFirst(situation)) {
      // Who comes back from Duo comes to one address, so of two tabs the later one says what is replaced.
      const { duo: before } = req.session.sallyport ?? {};
      const restart = method === config.duo && before !== undefined && before.replaces !== replaces;
      return { kind: 'shown', challenge: await started(method, attempt, 'proven', restart) };
    }
    const resumed = await method.resumeEnrollment(attempt);
    if (resumed?.data.basis === 'handover') return { kind: 'handed-over', challenge: resumed };
    if (situation.facts.policy.enrollment === 'self') {
      return { kind: 'shown', challenge: await started(method, attempt, 'first') };
    }
    return resumed?.data.basis === 'activation-key'
      ? { kind: 'shown', challenge: resumed }
      : { kind: 'activation-key' };
  }

  async function started(
    method: EnrollableMethod,
    attempt: Attempt,
    basis: 'first' | 'proven',
    restart = false,
  ): Promise<Challenge> {
    const begun = await method.beginEnrollment(attempt, { restart, basis });
    if (!begun) throw new RequestError(409, 'not_begun', 'This method cannot be activated now.');
    return begun;
  }

  async function show(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
    wrong: Refusal | null,
  ): Promise<void> {
    const towardsDuo = { ...place, purpose: 'activate', reason: null } as const;
    let begun: Begun;
    try {
      begun = await begin(req, situation, place);
    } catch (error) {
      if (!(error instanceof DuoError)) throw error;
      return duo.failed(req, res, situation, error, towardsDuo);
    }
    switch (begun.kind) {
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

  async function showKey(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later }: Place,
    { data }: Challenge,
    wrong: Refusal | null,
  ): Promise<void> {
    const { enrollment, key, uri, account, issuer, digits } = data as unknown as TotpEnrollmentData;
    const qr = qrSvg(uri, `QR code of the key for ${account}`);
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activate-totp',
      title: 'Activate two-factor',
      subject: situation.subject,
      locals: {
        action: url,
        restartAction: `${url}/restart`,
        enrollment,
        key,
        qr,
        account,
        issuer,
        digits,
        ...said(wrong),
        otherMethods: others,
        later,
      },
      json: {
        ...asJson(wrong),
        next: 'enroll',
        method: method.name,
        url,
        ...data,
        qr,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  /** The key was shown to the administrator alone: a stolen password must not be enough to see it. */
  async function showHandedOver(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others }: Place,
    { data }: Challenge,
    wrong: Refusal | null,
  ): Promise<void> {
    const { enrollment, issuer, digits } = data as unknown as TotpEnrollmentData;
    const alone = situation.facts.policy.enrollment === 'self';
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activate-handover',
      title: 'Activate two-factor',
      subject: situation.subject,
      locals: {
        action: url,
        restartAction: alone ? `${url}/restart` : null,
        enrollment,
        issuer,
        digits,
        ...said(wrong),
        otherMethods: others,
      },
      json: {
        ...asJson(wrong),
        next: 'enroll',
        method: method.name,
        url,
        enrollment,
        digits,
        handedOver: true,
      },
    });
  }

  async function showActivationKey(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later }: Place,
    wrong: Refusal | null,
  ): Promise<void> {
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activation-key',
      title: 'Enter your activation key',
      subject: situation.subject,
      locals: { action: `${url}/key`, error: wrong?.message ?? null, otherMethods: others, later },
      json: {
        ...asJson(wrong),
        next: 'activation-key',
        method: method.name,
        url: `${url}/key`,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  /** POST: a new key in the place of the one shown, which is void from then on. */
  async function restart(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url }: Place,
  ): Promise<void> {
    readFields(req, []);
    const keyed = situation.facts.policy.enrollment === 'activation-key';
    const basis = isFirst(situation) ? (keyed ? 'activation-key' : 'first') : 'proven';
    await method.beginEnrollment(config.attemptOf(situation, {}), { restart: true, basis });
    respond.onward(req, res, url, { next: 'enroll' });
  }

  /** POST: the activation key, which opens the way to the method's own form. */
  async function redeem(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: Place,
  ): Promise<void> {
    const { activationKey = '' } = readFields(req, ['activationKey']);
    if (!isFirst(situation)) {
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
        const wrong = refusal(verdict, { now: now(), res, of: 'activation-key' });
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
    readFields(req, ['code', 'enrollment']);
    const { method, replaces } = place;
    const operation = { kind: 'confirm', replaces } as const;
    const verdict = await prove(config.passport, req, res, method.name, operation);
    switch (verdict.kind) {
      case 'verified':
        return verdict;
      case 'rejected':
      case 'locked': {
        const wrong = refusal(verdict, { now: now(), res, of: method.name });
        await show(req, res, situation, place, wrong);
        return null;
      }
      case 'unavailable':
        throw verdict.cause;
      default:
        return verdict satisfies never;
    }
  }

  return { show, restart, redeem, confirm };
}

function isFirst({ facts }: KnownSituation): boolean {
  return facts.record.enrollments.length === 0;
}

/** What was wrong with a code, on the page that asks for the activation key in its place. */
function forKey(wrong: Refusal): Refusal {
  const message = {
    superseded: 'Activation was started again elsewhere. Enter your activation key to go on here.',
    expired: 'That took too long. Enter your activation key again.',
  }[wrong.error];
  return message === undefined ? wrong : { ...wrong, message };
}

function said(wrong: Refusal | null) {
  return { error: wrong?.message ?? null, retryAt: wrong?.retryAt ?? null };
}

function asJson(wrong: Refusal | null): Record<string, unknown> {
  return wrong
    ? { error: wrong.error, message: wrong.message, retryAt: wrong.retryAt?.iso ?? null }
    : {};
}
