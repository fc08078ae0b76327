/**
 * How far two processes may differ about a store's time, which each learns by its own heartbeat. A time further in
 * the future was written when the clock was ahead.
 */
const CLOCK_SKEW_MS = 2000;

/**
 * Whether this time is less than `ms` ago. A time in the future is not: it was written when the clock was ahead, and
 * would count for too long.
 */
export function isYounger(at: number, ms: number, now: number): boolean {
  return now - at < ms && at - now <= CLOCK_SKEW_MS;
}
