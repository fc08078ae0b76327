import type { Request, Response } from 'express';
import type {
  Attempt,
  MethodName,
  MethodWords,
  RefusalReason,
  SecondFactorMethod,
  Verdict,
} from '../contracts.js';
import { broken } from '../errors.js';
import { takeReturnTo } from '../gate/return-to.js';
import type { KnownSituation } from '../gate/situation.js';
import type { Operation, RunAttempt } from '../methods/attempt.js';
import type { PassportLike } from '../methods/passport-like.js';
import { RECOVERY_CODE } from '../methods/recovery-code/method.js';
import { type StrategyInfo, secondFactorStrategy } from '../methods/strategy.js';
import { type Elevate, sessionEnded } from '../session/elevate.js';
import type { RememberedDevices } from '../session/remembered-device.js';
import { bodyOf } from '../web/body.js';
import type { Moment } from '../web/locals.js';
import type { Places } from '../web/places.js';
import type { Responder } from '../web/respond.js';
import { durationText, waitUntil } from '../web/words.js';
import type { IdenticalAnswers } from './identical-answers.js';
import type { RecoveryCodePages } from './recovery-codes.js';

export interface ProofConfig {
  readonly passport: PassportLike;
  readonly run: RunAttempt;
  readonly attemptOf: (situation: KnownSituation, input: Attempt['input']) => Attempt;
  readonly answers: IdenticalAnswers;
}

/**
 * Has Passport authenticate with exactly one strategy, and gives the verdict back as a value. The strategy is
 * made for this answer alone: under a name it might be another door's, and it would have to ask again who
 * answers, which a page has found out already. The same answer a second time gets the verdict of the first.
 */
export function prove(
  { passport, run, attemptOf, answers }: ProofConfig,
  req: Request,
  res: Response,
  situation: KnownSituation,
  method: SecondFactorMethod,
  operation: Operation,
  input: Attempt['input'] = bodyOf(req),
): Promise<Verdict> {
  const strategy = secondFactorStrategy(method, {
    name: method.name,
    run,
    attemptOf: () => attemptOf(situation, input),
  });
  const verify = () =>
    new Promise<Verdict>((resolve, reject) => {
      passport.authenticate(
        strategy,
        { operation },
        (error: unknown, _verified: unknown, info: unknown) => {
          if (error || !info) reject(error ?? broken(`${method.name} gave no verdict`));
          else resolve((info as StrategyInfo).verdict);
        },
      )(req, res, reject);
    });
  return answers.one(res, answerOf(situation, method.name, operation, input), verify);
}

/** What makes an answer the same as another one: whose it is, in which session, to what, and how it reads. */
function answerOf(
  { session, subject }: KnownSituation,
  method: MethodName,
  operation: Operation,
  input: Attempt['input'],
): readonly unknown[] {
  const { _csrf, ...fields } = input;
  return [session, subject.id, method, operation, fields];
}

export interface OpenDoorConfig extends Places {
  readonly recoveryCodes: Pick<RecoveryCodePages, 'due' | 'makeAndShow' | 'showLeft'>;
  readonly elevate: Elevate;
  readonly respond: Responder;
  readonly devices: Pick<RememberedDevices, 'remember'>;
  readonly answers: IdenticalAnswers;
}

/**
 * After a verified answer: a proven session under a new id, and the way to the page first asked for; with a
 * page about recovery codes in between where they were just made or used.
 */
export async function openDoor(
  { elevate, respond, recoveryCodes, devices, answers, ...returnTo }: OpenDoorConfig,
  req: Request,
  res: Response,
  situation: KnownSituation,
  method: MethodName,
  verdict: Extract<Verdict, { kind: 'verified' }>,
  { codesDue = false, remember = verdict.remember === true } = {},
): Promise<void> {
  // The browser has given this request up, most likely for the second of two clicks: the new session's id would
  // reach nobody, and the old one would be gone.
  if (res.closed) {
    answers.keep(verdict);
    return;
  }
  const { subject } = situation;
  const { enrollmentId, epoch, at, via, loginOnly } = verdict;
  const factor = {
    method,
    enrollmentId,
    at,
    ...(via !== undefined && { via }),
    ...(loginOnly && { loginOnly }),
  };
  await elevate(req, { subject, epoch, factor });
  if (remember && mayRemember(situation, method) && !loginOnly) {
    await devices.remember(req, res, situation, { method, epoch });
  }
  const onward = takeReturnTo(req, returnTo);
  if (codesDue) await recoveryCodes.makeAndShow(req, res, situation, { epoch, onward });
  else if (method === RECOVERY_CODE) await recoveryCodes.showLeft(req, res, situation, onward);
  else respond.onward(req, res, onward, { next: 'done' });
}

/** Only what a login asks for is spared on a remembered device, and a recovery code stands in once. */
function mayRemember({ decision }: KnownSituation, method: MethodName): boolean {
  return decision.kind === 'challenge' && decision.why === 'not-proven' && method !== RECOVERY_CODE;
}

/** What a person is told about an answer that did not open the door. */
export interface Refusal {
  readonly status: 422 | 429;
  readonly error: string;
  readonly message: string;
  readonly retryAt: Moment | null;
  /** As in `Verdict`. */
  readonly clockOffMs: number | null;
}

/** In the words of the method that was answered. */
export function refusal(
  verdict: Extract<Verdict, { kind: 'rejected' | 'locked' }>,
  { now, res, words }: { now: number; res: Response; words: MethodWords },
): Refusal {
  if (verdict.kind === 'rejected') {
    if (verdict.reason === 'ended') throw sessionEnded();
    return {
      status: 422,
      error: verdict.reason.replace('-', '_'),
      message: refusalText(verdict.reason, verdict.clockOffMs ?? null, words),
      clockOffMs: verdict.clockOffMs ?? null,
      retryAt: null,
    };
  }
  const { retryAt } = verdict;
  if (retryAt === null) {
    return {
      status: 429,
      error: 'locked',
      message: words.stopped,
      retryAt: null,
      clockOffMs: null,
    };
  }
  const waitMs = Math.max(1000, retryAt.getTime() - now);
  res.set('Retry-After', String(Math.ceil(waitMs / 1000)));
  return {
    status: 429,
    error: 'locked',
    message: words.locked(durationText(waitMs)),
    retryAt: waitUntil(now + waitMs, now),
    clockOffMs: null,
  };
}

function refusalText(reason: RefusalReason, offMs: number | null, words: MethodWords): string {
  const { refused, clockOff } = words;
  return offMs === null || !clockOff ? refused[reason] : clockOff(offMs);
}
