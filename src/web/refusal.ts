import type { Response } from 'express';
import type { MethodWords, RefusalReason, Rejected, Verdict } from '../contracts.js';
import { sessionEnded } from '../session/elevate.js';
import type { Moment } from './locals.js';
import { durationText, waitUntil } from './words.js';

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
      message: refusalText(verdict.reason, verdict, words),
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

function refusalText(
  reason: RefusalReason,
  { because = '', clockOffMs }: Pick<Rejected, 'because' | 'clockOffMs'>,
  { refused, because: own = {}, clockOff }: MethodWords,
): string {
  if (clockOffMs !== undefined && clockOff) return clockOff(clockOffMs);
  return (Object.hasOwn(own, because) ? own[because] : undefined) ?? refused[reason];
}
