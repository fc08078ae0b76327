import type { MethodWords, Verdict } from '../../contracts.js';

/** What an administrator is told about an answer that was not accepted. */
export interface Wrong {
  readonly status: 422 | 429;
  readonly error: string;
  readonly message: string;
  readonly retryAt: Date | null;
}

const CHANGED = 'This user was changed meanwhile. Look at them again, and start anew.';

export function wrongOf(
  verdict: Extract<Verdict, { kind: 'rejected' | 'locked' }>,
  words: MethodWords,
): Wrong {
  if (verdict.kind === 'rejected') {
    return {
      status: 422,
      error: verdict.reason.replace('-', '_'),
      message: messageOf(verdict, words.handedOver ?? words),
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
  { reason, clockOffMs }: Extract<Verdict, { kind: 'rejected' }>,
  { refused, clockOff }: Pick<MethodWords, 'refused' | 'clockOff'>,
): string {
  if (reason === 'ended') return CHANGED;
  return clockOffMs === undefined || !clockOff ? refused[reason] : clockOff(clockOffMs);
}
