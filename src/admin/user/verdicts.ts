import type { RefusalReason, Verdict } from '../../contracts.js';
import { clockOffText } from '../../methods/totp/words.js';

/** What an administrator is told about a code that was not accepted. */
export interface Wrong {
  readonly status: 422 | 429;
  readonly error: string;
  readonly message: string;
  readonly retryAt: Date | null;
}

const REASONS: Readonly<Record<RefusalReason | 'ended', string>> = {
  'wrong-code': 'That code is not right. Enter the one that the app shows now.',
  replayed: 'That code was used already. Wait for the next one.',
  expired: 'This key was shown too long ago. Start again with a new one.',
  superseded: 'This key is no longer valid: activation was started again elsewhere.',
  'not-accepted': 'That does not count here.',
  denied: 'The request was denied.',
  ended: 'This user was changed meanwhile. Look at them again, and start anew.',
  malformed: 'Enter the digits that the app shows.',
};

export function wrongOf(verdict: Extract<Verdict, { kind: 'rejected' | 'locked' }>): Wrong {
  if (verdict.kind === 'rejected') {
    return {
      status: 422,
      error: verdict.reason.replace('-', '_'),
      message: messageOf(verdict),
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

function messageOf({ reason, clockOffMs }: Extract<Verdict, { kind: 'rejected' }>): string {
  return clockOffMs === undefined
    ? REASONS[reason]
    : `That code is right, but not now: the phone’s clock is ${clockOffText(clockOffMs)}. Let it set its clock by itself.`;
}
