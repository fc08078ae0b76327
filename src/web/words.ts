import { message } from '../messages/english.js';
import type { Sentences } from '../messages/sentences.js';
import type { Moment } from './locals.js';

/**
 * Times in words. Without a script a page does not know its reader's time zone, so a near time is shown as a wait
 * ("in 2 minutes"), a far one as a date in UTC.
 */
export interface Times {
  /** A duration, rounded up so that nobody comes back too early: `30 seconds`. */
  durationText(ms: number): string;
  /** The time that is left, rounded down so that nobody comes too late: `5 days`. */
  timeLeft(ms: number): string;
  /** The same without rounding, in the largest unit that it is a whole number of: `90 minutes`. */
  durationExactly(ms: number): string;
  /** How long ago something was, rounded down: `9 hours`. */
  timePassed(ms: number): string;
  /** A date and time of day in UTC: `22 November 2026, 14:05 UTC`. */
  dateText(at: Date): string;
  /** A time to come, as a wait: `in 2 minutes`. Both are milliseconds since 1970. */
  waitUntil(at: number, now: number): Moment;
  /** A date that may be far. */
  onDate(at: Date): Moment;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function times({ say }: Pick<Sentences, 'say'>): Times {
  function durationText(ms: number): string {
    if (ms < 90 * SECOND) {
      return say(message('time.seconds', { count: Math.max(1, Math.ceil(ms / SECOND)) }));
    }
    if (ms < 90 * MINUTE) return say(message('time.minutes', { count: Math.ceil(ms / MINUTE) }));
    return say(message('time.hours', { count: Math.ceil(ms / HOUR) }));
  }

  const dateText = (at: Date) => say(message('time.date', { at }));

  function durationExactly(ms: number): string {
    if (ms >= 2 * DAY && ms % DAY === 0) return say(message('time.days', { count: ms / DAY }));
    if (ms % HOUR === 0) return say(message('time.hours', { count: ms / HOUR }));
    if (ms % MINUTE === 0) return say(message('time.minutes', { count: ms / MINUTE }));
    return say(message('time.seconds', { count: ms / SECOND }));
  }

  function timePassed(ms: number): string {
    if (ms < 2 * MINUTE) return durationExactly(Math.floor(ms / SECOND) * SECOND);
    if (ms < 2 * HOUR) return say(message('time.minutes', { count: Math.floor(ms / MINUTE) }));
    if (ms < 2 * DAY) return say(message('time.hours', { count: Math.floor(ms / HOUR) }));
    return say(message('time.days', { count: Math.floor(ms / DAY) }));
  }

  return {
    durationText,
    durationExactly,
    timePassed,
    dateText,

    timeLeft(ms) {
      if (ms < 2 * HOUR) {
        return say(message('time.left.minutes', { count: Math.max(1, Math.floor(ms / MINUTE)) }));
      }
      if (ms < 2 * DAY) return say(message('time.left.hours', { count: Math.floor(ms / HOUR) }));
      return say(message('time.left.days', { count: Math.floor(ms / DAY) }));
    },

    waitUntil(at, now) {
      const duration = durationText(at - now);
      return { iso: new Date(at).toISOString(), text: say(message('time.wait', { duration })) };
    },

    onDate: (at) => ({ iso: at.toISOString(), text: dateText(at) }),
  };
}
