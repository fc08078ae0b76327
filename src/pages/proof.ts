import type { Request, Response } from 'express';
import type { Attempt, MethodName, Verdict } from '../contracts.js';
import { broken, OutageError } from '../errors.js';
import { takeReturnTo } from '../gate/return-to.js';
import type { KnownSituation } from '../gate/situation.js';
import type { Operation, RunAttempt } from '../methods/attempt.js';
import type { BoundMethod } from '../methods/bound-method.js';
import type { MethodPages } from '../methods/pages.js';
import type { PassportLike } from '../methods/passport-like.js';
import { type StrategyInfo, secondFactorStrategy } from '../methods/strategy.js';
import type { Elevate } from '../session/elevate.js';
import type { RememberedDevices } from '../session/remembered-device.js';
import { bodyOf } from '../web/body.js';
import type { Places } from '../web/places.js';
import type { AnyResponder } from '../web/respond.js';
import type { IdenticalAnswers } from './identical-answers.js';

export interface ProofConfig {
  readonly passport: PassportLike;
  readonly run: RunAttempt;
  readonly attemptOf: (situation: KnownSituation, input: Attempt['input']) => Attempt;
  readonly answers: IdenticalAnswers;
}

/**
 * Has Passport authenticate with exactly one strategy, and returns the verdict as a value. The strategy is made for
 * this answer: a named one might be another door's, and would have to find the subject again. The same answer a
 * second time gets the verdict of the first.
 */
export function prove(
  { passport, run, attemptOf, answers }: ProofConfig,
  req: Request,
  res: Response,
  situation: KnownSituation,
  method: BoundMethod,
  operation: Operation,
  {
    input = bodyOf(req),
    unrecorded = false,
    defaultName = null,
  }: Partial<Pick<Attempt, 'input' | 'unrecorded' | 'defaultName'>> = {},
): Promise<Verdict> {
  const strategy = secondFactorStrategy(method, {
    name: method.name,
    run,
    attemptOf: () => ({ ...attemptOf(situation, input), unrecorded, defaultName }),
  });
  const verify = () =>
    new Promise<Verdict>((resolve, reject) => {
      passport.authenticate(
        strategy,
        { operation },
        (error: unknown, _verified: unknown, info: unknown) => {
          // Passport passes it on as an error; for the page it is an answer.
          if (error instanceof OutageError) resolve({ kind: 'unavailable', cause: error });
          else if (error || !info) reject(error ?? broken(`${method.name} gave no verdict`));
          else resolve((info as StrategyInfo).verdict);
        },
      )(req, res, reject);
    });
  return answers.one(res, answerOf(situation, method.name, operation, input), verify);
}

/** Whether the same answer, of the first of two clicks, is under way. */
export function isProving(
  { answers }: Pick<ProofConfig, 'answers'>,
  situation: KnownSituation,
  method: BoundMethod,
  operation: Operation,
  input: Attempt['input'],
): boolean {
  return answers.isUnderWay(answerOf(situation, method.name, operation, input));
}

/** What identifies an answer: subject, session, method and text. */
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
  /** The methods' own pages, by method name. */
  readonly pagesOf: ReadonlyMap<MethodName, MethodPages>;
  readonly elevate: Elevate;
  readonly respond: AnyResponder;
  readonly devices: Pick<RememberedDevices, 'remember'>;
  readonly answers: IdenticalAnswers;
}

/**
 * Completes a verified answer: proves the session under a new id and leads to the wanted page, with a method's own
 * page in between, e.g. about recovery codes that were just made or used.
 */
export async function completeVerification(
  { elevate, respond, pagesOf, devices, answers, ...returnTo }: OpenDoorConfig,
  req: Request,
  res: Response,
  situation: KnownSituation,
  method: BoundMethod,
  verdict: Extract<Verdict, { kind: 'verified' }>,
  { activated = false, remember = verdict.remember === true } = {},
): Promise<void> {
  // The browser has given up this request, most likely for a second click: the new session id would not arrive, and
  // the old one would be gone.
  if (res.closed) {
    answers.keep(verdict);
    return;
  }
  const { subject } = situation;
  const { enrollmentId, epoch, at, via, loginOnly } = verdict;
  const factor = {
    method: method.name,
    enrollmentId,
    at,
    ...(via !== undefined && { via }),
    ...(loginOnly && { loginOnly }),
  };
  let onward = returnTo.homeUrl;
  const beforeSave = () => {
    onward = takeReturnTo(req, returnTo);
  };
  await elevate(req, { subject, epoch, factor, beforeSave });
  if (remember && mayRemember(situation, method) && !loginOnly) {
    await devices.remember(req, res, situation, { method: method.name, epoch });
  }
  const given = { method, epoch, onward };
  if (activated) {
    for (const pages of pagesOf.values()) {
      if (await pages.afterActivation?.(req, res, situation, given)) return;
    }
  } else {
    if (await pagesOf.get(method.name)?.afterProof?.(req, res, situation, onward)) return;
    if (isLogin(situation) && method.role === 'factor' && !loginOnly) {
      for (const pages of pagesOf.values()) {
        if (await pages.afterLogin?.(req, res, situation, given)) return;
      }
    }
  }
  respond.onward(req, res, onward, { next: 'done' });
}

/** A device is remembered only at login, and not by a backup. */
function mayRemember(situation: KnownSituation, { role }: BoundMethod): boolean {
  return isLogin(situation) && role === 'factor';
}

function isLogin({ decision }: KnownSituation): boolean {
  return decision.kind === 'challenge' && decision.why === 'not-proven';
}
