import type { Message, SignIn } from '../contracts.js';
import { message } from '../messages/english.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `by okta, 3 hours ago`; without the present time: `by okta on 2026-01-31`. */
export function signInName({ by, at }: Pick<SignIn, 'by' | 'at'>, now: number | null): Message {
  if (now === null) {
    return message('sign-in.on', { by, on: new Date(at).toISOString().slice(0, 10) });
  }
  const age = Math.max(0, now - at);
  if (age < 2 * HOUR) {
    return message('sign-in.minutes-ago', { by, count: Math.floor(age / MINUTE) });
  }
  if (age < 2 * DAY) return message('sign-in.hours-ago', { by, count: Math.floor(age / HOUR) });
  return message('sign-in.days-ago', { by, count: Math.floor(age / DAY) });
}

/** The details for the trail: how it was proven, and the exact time. */
export function signInDetail({ by, at, amr, acr }: SignIn): Message {
  return message('sign-in.detail', {
    ...{ by, at: new Date(at).toISOString() },
    ...{ amr: amr.join(' ') || '-', acr: acr ?? '-' },
  });
}
