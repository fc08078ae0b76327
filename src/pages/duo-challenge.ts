import type { Request, Response } from 'express';
import { FALLBACK, type Factor } from '../contracts.js';
import { takeReturnTo } from '../gate/return-to.js';
import type { KnownSituation } from '../gate/situation.js';
import { DuoError } from '../methods/duo/failure.js';
import { TOTP_WORDS } from '../methods/totp/words.js';
import { type DuoPlace, duoPages } from './duo.js';
import type { PageConfig } from './enrolling.js';
import { prove, type Refusal, refusal } from './proof.js';

/** How long a session counts that got in although its method was out of reach. */
const FALLBACK_MS = 60 * 60 * 1000;

/**
 * Proving Duo: the way to its prompt, or what the tenant has chosen for the time that Duo cannot be reached.
 * That is offered on a page, and taken up by a POST, for which Duo is asked once more: nobody gets around a
 * Duo that answers.
 */
export function duoChallenge(config: PageConfig) {
  const { respond, now } = config;
  const { lead, failed } = duoPages(config);

  /** GET, and POST by whoever wants this device remembered afterwards. */
  async function ask(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: DuoPlace,
    remember = false,
  ): Promise<void> {
    try {
      const input = remember ? { remember: '1' } : {};
      const challenge = await config.duo.challenge(config.attemptOf(situation, input));
      await lead(
        req,
        res,
        situation,
        challenge,
        remember ? { ...place, rememberDays: null, pressed: true } : place,
      );
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
    // For a login, not for what asks for more than that: a fallback proves nothing.
    const login = decision.kind === 'challenge' && decision.why === 'not-proven';
    if (!login || !error.outage) return null;
    switch (await config.duo.whenUnavailable(config.attemptOf(situation, {}))) {
      case 'let-in':
        return 'let-in';
      case 'fall-back-to-totp':
        return facts.record.enrollments.some(({ method }) => method === 'totp') ? 'totp' : null;
      default:
        return null;
    }
  }

  /** In the place of the prompt, when Duo has failed. */
  async function show(
    req: Request,
    res: Response,
    situation: KnownSituation,
    error: DuoError,
    place: DuoPlace,
    wrong: Refusal | null = null,
  ): Promise<void> {
    const offered = await offeredTo(situation, error);
    if (offered === null) return failed(req, res, situation, error, place);
    const { subject } = situation;
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'fallback-duo',
      title: 'Duo cannot be reached',
      subject,
      locals: {
        action: place.url,
        withCode: offered === 'totp',
        error: wrong?.message ?? null,
        retryAt: wrong?.retryAt ?? null,
        otherMethods: place.others,
      },
      json: {
        ...(wrong && {
          error: wrong.error,
          message: wrong.message,
          retryAt: wrong.retryAt?.iso ?? null,
        }),
        next: 'challenge',
        method: 'duo',
        fallback: offered,
        url: place.url,
      },
    });
  }

  /** POST: has the device remembered after the visit to Duo, or takes the fallback up. */
  async function answer(
    req: Request,
    res: Response,
    situation: KnownSituation,
    place: DuoPlace,
    remember: boolean,
  ): Promise<void> {
    if (remember && place.rememberDays !== null) return ask(req, res, situation, place, true);
    const error = await config.duo.outage(config.attemptOf(situation, {}));
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

    const totp = config.methods.get('totp');
    if (!totp) return failed(req, res, situation, error, place);
    const verdict = await prove(config, req, res, situation, totp, { kind: 'verify' });
    switch (verdict.kind) {
      case 'verified': {
        const { enrollmentId, at, epoch } = verdict;
        // Where the policy accepts codes anyway, this was a proof like any other.
        const factor = policy.methods.includes('totp')
          ? { method: 'totp', enrollmentId, at }
          : { ...fallback, at };
        return letIn(req, res, situation, error, offered, { factor, epoch });
      }
      case 'rejected':
      case 'locked': {
        const wrong = refusal(verdict, { now: now(), res, words: TOTP_WORDS });
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
    await config.elevate(req, { subject, ...proof, ...(short && { lifetimeMs: FALLBACK_MS }) });
    const from = req.ip ?? null;
    const detail = `${offered}: Duo ${error.summary}`;
    config.audit.record('fallback.used', { subject, method: 'duo', from, detail });
    respond.onward(req, res, takeReturnTo(req, config), { next: 'done', fallback: offered });
  }

  return { ask, answer };
}
