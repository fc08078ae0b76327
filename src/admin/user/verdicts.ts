import type { MessageValues, Verdict } from '../../contracts.js';
import { message } from '../../messages/english.js';
import type { Sentences } from '../../messages/sentences.js';
import { refusedWords } from '../../web/refusal.js';

/** What an administrator sees about an answer that was not accepted. */
export interface Wrong {
  readonly status: 422 | 429 | 503;
  readonly error: string;
  readonly message: string;
  /** The values in the message, by placeholder. */
  readonly values: MessageValues;
  readonly retryAt: Date | null;
}

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
      ...wordsOf(verdict, of, sentences),
      retryAt: null,
    };
  }
  return {
    status: 429,
    error: 'locked',
    message: sentences.say(
      message(verdict.retryAt ? 'admin.user.too-many-codes' : 'admin.user.too-many-codes-stopped'),
    ),
    values: {},
    retryAt: verdict.retryAt,
  };
}

function wordsOf(
  { reason, ...rejected }: Extract<Verdict, { kind: 'rejected' }>,
  of: string,
  sentences: Sentences,
): Pick<Wrong, 'message' | 'values'> {
  if (reason === 'ended') {
    return { message: sentences.say(message('admin.user.changed')), values: {} };
  }
  const handedOver = `${of}.handedOver`;
  const words = sentences.has(`${handedOver}.refused.${reason}`) ? handedOver : of;
  return refusedWords({ ...rejected, reason }, words, sentences);
}
