import type { Moment } from './locals.js';

/**
 * Times in words. Without script a page does not know its reader's time zone, so a near time is said as a
 * wait ("in 2 minutes") and a far one as a date in UTC.
 */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long `ms` milliseconds are, rounded up so that nobody comes back too early: `30 seconds`. */
export function durationText(ms: number): string {
  if (ms < 90 * SECOND) return count(Math.max(1, Math.ceil(ms / SECOND)), 'second');
  if (ms < 90 * MINUTE) return count(Math.ceil(ms / MINUTE), 'minute');
  return count(Math.ceil(ms / HOUR), 'hour');
}

/** How long there is still time, rounded down so that nobody comes too late: `5 days`. */
export function timeLeft(ms: number): string {
  if (ms < 2 * HOUR) return count(Math.max(1, Math.floor(ms / MINUTE)), 'minute');
  if (ms < 2 * DAY) return count(Math.floor(ms / HOUR), 'hour');
  return count(Math.floor(ms / DAY), 'day');
}

/** A date and time of day in UTC: `22 November 2026, 14:05 UTC`. */
export function dateText(at: Date): string {
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(at);
  return `${day}, ${at.toISOString().slice(11, 16)} UTC`;
}

/** A time to come, as a wait: `in 2 minutes`. Both are milliseconds since 1970. */
export function waitUntil(at: number, now: number): Moment {
  return { iso: new Date(at).toISOString(), text: `in ${durationText(at - now)}` };
}

/** A date that may be far. */
export function onDate(at: Date): Moment {
  return { iso: at.toISOString(), text: dateText(at) };
}

function count(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}
