import type { SubjectRecord } from '../contracts.js';
import { ATTEMPT_LIMITS } from './attempt-limits.js';

/** Whether codes are taken of somebody now, and if not, until when. */
export interface Lock {
  /** No code is taken now: they wait, or have been stopped. */
  readonly locked: boolean;
  /** When the wait is over; null: nobody waits, or only help ends it. */
  readonly retryAt: Date | null;
  /** So many wrong answers that guessable methods are closed until somebody helps. */
  readonly stopped: boolean;
}

export function lockOf(
  { failures, retryAt }: Pick<SubjectRecord, 'failures' | 'retryAt'>,
  now: number,
): Lock {
  if (failures >= ATTEMPT_LIMITS.stop) return { locked: true, retryAt: null, stopped: true };
  const waits = retryAt !== null && now < retryAt;
  return { locked: waits, retryAt: waits ? new Date(retryAt) : null, stopped: false };
}

/** Whether the next wrong answer begins a wait, so that clearing the count helps. */
export function isCounted({ failures }: Pick<SubjectRecord, 'failures'>): boolean {
  return failures >= ATTEMPT_LIMITS.free;
}
