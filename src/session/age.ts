/**
 * How far two processes may differ about the time of one store: each knows it by its own heartbeat. Whatever is
 * further in the future was written when the clock was ahead.
 */
const CLOCK_SKEW_MS = 2000;

/**
 * Whether something of this time is younger than `ms`. What is from the future is not: the clock was ahead when it
 * was written, and it would count for longer than it may.
 */
export function isYounger(at: number, ms: number, now: number): boolean {
  return now - at < ms && at - now <= CLOCK_SKEW_MS;
}
