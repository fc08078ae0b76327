import type { AttemptLimits } from '../contracts.js';

/** NIST SP 800-63B-4 §3.2.2 limits consecutive failures to 100; with the waits, even these take days. */
export const ATTEMPT_LIMITS: AttemptLimits = Object.freeze({
  free: 5,
  waits: Object.freeze([30, 60, 300, 900].map((seconds) => seconds * 1000)),
  stop: 100,
});
