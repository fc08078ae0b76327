import type { Verdict } from '../../contracts.js';
import type { Sentences } from '../../messages/sentences.js';
import { refusedWords } from '../../web/refusal.js';

/** What an administrator is told about an answer that was not accepted. */
export interface Wrong {
  readonly status: 422 | 429 | 503;
  readonly error: string;
  readonly message: string;
  readonly retryAt: Date | null;
}

const CHANGED = 'This user was changed meanwhile. Look at them again, and start anew.';

/** `of`: the method's name. */
export function wrongOf(
  verdict: Extract<Verdict, { kind: 'rejected' | 'locked' }>,
  of: string,
  sentences: Sentences,
): Wrong {
  if (verdict.kind === 'rejected') {
    return {
      status: 422,
      error: verdict.reason.replace('-', '_'),
      message: messageOf(verdict, of, sentences),
      retryAt: null,
    };
  }
  return {
    status: 429,
    error: 'locked',
    message: verdict.retryAt
      ? 'Too many wrong codes for this user.'
      : 'Too many wrong codes for this user: unlock them first.',
    retryAt: verdict.retryAt,
  };
}

function messageOf(
  { reason, ...rejected }: Extract<Verdict, { kind: 'rejected' }>,
  of: string,
  sentences: Sentences,
): string {
  if (reason === 'ended') return CHANGED;
  const handedOver = `${of}.handedOver`;
  const words = sentences.has(`${handedOver}.refused.${reason}`) ? handedOver : of;
  return refusedWords({ ...rejected, reason }, words, sentences).message;
}
