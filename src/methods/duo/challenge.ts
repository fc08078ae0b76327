import type { Request, Response } from 'express';
import { type Attempt, FALLBACK, type Factor, type Place } from '../../contracts.js';
import type { KnownSituation } from '../../gate/situation.js';
import { type Refusal, refusal } from '../../web/refusal.js';
import type { MethodPages, MethodPlace, MethodWeb } from '../pages.js';
import { DuoError } from './failure.js';
import type { WhenUnavailable } from './fallback.js';
import type { Leading } from './leading.js';
import type { DuoFallbackLocals } from './locals.js';
import { duoWords } from './words.js';

/** How long a session counts that was let in while Duo was unavailable. */
const FALLBACK_MS = 60 * 60 * 1000;

/** The subject that Duo is asked about, and the policy that names the keys. */
export type Asked = Pick<Attempt, 'subject' | 'policy' | 'session'> & {
  readonly place?: Place | null;
};

/** The state of Duo, beside answers. */
export interface Outages {
  /** The tenant's choice for the time that Duo cannot be reached. */
  whenUnavailable(asked: Asked): Promise<WhenUnavailable>;
  /** The present failure of Duo; null when it answers. */
  outage(asked: Asked): Promise<DuoError | null>;
}

/**
 * The challenge of Duo: leads to its prompt, or to the tenant's choice for the time that Duo cannot be reached. That
 * is offered on a page and accepted by a POST, for which Duo is asked once more: nobody bypasses a Duo that answers.
 */
export function duoChallenge(
  web: MethodWeb,
  { lead, failed }: Leading,
  { whenUnavailable, outage }: Outages,
): NonNullable<MethodPages['challenge']> {
  const { respond, now, own } = web;

  /** GET, and POST to have this device remembered afterwards. */
  async function ask(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: MethodPlace,
    remember = false,
  ): Promise<void> {
    try {
      const input = remember ? { remember: '1' } : {};
      const prompt = await own.challenge(web.attemptOf(situation, input));
      const pressed = remember ? { ...place, rememberDays: null } : place;
      await lead(req, res, situation, prompt, pressed, { pressed: remember });
    } catch (error) {
      if (!(error instanceof DuoError)) throw error;
      await show(req, res, situation, error, place);
    }
  }

  async function offeredTo(
    situation: KnownSituation,
    error: DuoError,
  ): Promise<'totp' | 'let-in' | null> {
    const { decision, facts } = situation;
    // Only for a login, not for a step-up: a fallback proves nothing.
    const login = decision.kind === 'challenge' && decision.why === 'not-proven';
    if (!login || !error.outage) return null;
    switch (await whenUnavailable(web.attemptOf(situation, {}))) {
      case 'let-in':
        return 'let-in';
      case 'fall-back-to-totp':
        return facts.record.enrollments.some(({ method }) => method === 'totp') ? 'totp' : null;
      default:
        return null;
    }
  }

  /** Replaces the prompt when Duo has failed. */
  async function show(
    req: Request,
    res: Response,
    situation: KnownSituation,
    error: DuoError,
    place: MethodPlace,
    wrong: Refusal | null = null,
  ): Promise<void> {
    const offered = await offeredTo(situation, error);
    if (offered === null) return failed(req, res, situation, error, place);
    const { subject } = situation;
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'duo/fallback',
      title: duoWords('fallback.title'),
      subject,
      locals: {
        action: place.url,
        withCode: offered === 'totp',
        error: wrong?.message ?? null,
        retryAt: wrong?.retryAt ?? null,
        otherMethods: place.others,
      } satisfies Omit<DuoFallbackLocals, 'frame'>,
      json: {
        ...(wrong && {
          error: wrong.error,
          message: wrong.message,
          values: wrong.values,
          retryAt: wrong.retryAt?.iso ?? null,
        }),
        next: 'challenge',
        method: 'duo',
        fallback: offered,
        url: place.url,
      },
    });
  }

  /** POST: asks to remember the device after the visit to Duo, or accepts the fallback. */
  async function answer(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: MethodPlace,
    remember: boolean,
  ): Promise<void> {
    if (remember && place.rememberDays !== null) return ask(req, res, situation, place, true);
    const error = await outage(web.attemptOf(situation, {}));
    if (!error) {
      respond.onward(req, res, place.url, { next: 'challenge', method: 'duo' });
      return;
    }
    const offered = await offeredTo(situation, error);
    if (offered === null) return failed(req, res, situation, error, place);
    const { record, policy } = situation.facts;
    const fallback = { method: 'duo', enrollmentId: FALLBACK, via: situation.subject.tenantId };
    if (offered === 'let-in') {
      const factor = { ...fallback, at: now() };
      return letIn(req, res, situation, error, offered, { factor, epoch: record.epoch });
    }

    const totp = web.method('totp');
    if (!totp) return failed(req, res, situation, error, place);
    const verdict = await web.prove(req, res, situation, totp, { kind: 'verify' });
    switch (verdict.kind) {
      case 'verified': {
        const { enrollmentId, at, epoch } = verdict;
        // If the policy accepts codes anyway, this was a normal proof.
        const factor = policy.methods.includes('totp')
          ? { method: 'totp', enrollmentId, at }
          : { ...fallback, at };
        return letIn(req, res, situation, error, offered, { factor, epoch });
      }
      case 'rejected':
      case 'locked': {
        const wrong = refusal(verdict, {
          ...{ now: now(), res, of: totp.name, sentences: respond.sentences },
        });
        return show(req, res, situation, error, place, wrong);
      }
      case 'unavailable':
        throw verdict.cause;
      default:
        verdict satisfies never;
    }
  }

  async function letIn(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    error: DuoError,
    offered: 'totp' | 'let-in',
    proof: { readonly factor: Factor; readonly epoch: number },
  ): Promise<void> {
    const short = proof.factor.enrollmentId === FALLBACK;
    await web.elevate(req, { subject, ...proof, ...(short && { lifetimeMs: FALLBACK_MS }) });
    const detail = `${offered}: Duo ${error.summary}`;
    web.audit.record('fallback.used', { subject, method: 'duo', from: req, detail });
    respond.onward(req, res, web.onward(req), { next: 'done', fallback: offered });
  }

  return { fields: { code: { maxLength: 200 } }, ask, answer };
}
