import type { Verdict } from '../../contracts.js';
import { message } from '../../messages/english.js';
import type { Sentences } from '../../messages/sentences.js';
import { refusedWords } from '../../web/refusal.js';

/** What an administrator is told about an answer that was not accepted. */
export interface Wrong {
  readonly status: 422 | 429 | 503;
  readonly error: string;
  readonly message: string;
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
      message: messageOf(verdict, of, sentences),
      retryAt: null,
    };
  }
  return {
    status: 429,
    error: 'locked',
    message: sentences.say(
      message(verdict.retryAt ? 'admin.user.too-many-codes' : 'admin.user.too-many-codes-stopped'),
    ),
    retryAt: verdict.retryAt,
  };
}

function messageOf(
  { reason, ...rejected }: Extract<Verdict, { kind: 'rejected' }>,
  of: string,
  sentences: Sentences,
): string {
  if (reason === 'ended') return sentences.say(message('admin.user.changed'));
  const handedOver = `${of}.handedOver`;
  const words = sentences.has(`${handedOver}.refused.${reason}`) ? handedOver : of;
  return refusedWords({ ...rejected, reason }, words, sentences).message;
}
