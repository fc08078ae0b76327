import type { SubjectRecord } from '../contracts.js';
import { ATTEMPT_LIMITS } from './attempt-limits.js';

/** Whether codes of a subject are accepted now, and if not, until when. */
export interface Lock {
  /** No code is accepted now: the subject has to wait, or was stopped. */
  readonly locked: boolean;
  /** When the wait is over; null without a wait, or if only an administrator can end it. */
  readonly retryAt: Date | null;
  /** After this many wrong answers, guessable methods are stopped until an administrator helps. */
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

/** Whether the next wrong answer begins a wait, so that clearing the count is useful. */
export function isCounted({ failures }: Pick<SubjectRecord, 'failures'>): boolean {
  return failures >= ATTEMPT_LIMITS.free;
}
