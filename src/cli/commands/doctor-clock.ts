import type { Report } from '../findings.js';

/** Codes are valid for 30 seconds: with this much skew every second one is refused. */
const SKEW_FAIL_MS = 30_000;
const SKEW_WARN_MS = 2_000;

/** `skew`: how much the server's clock is ahead of this machine's, in milliseconds. */
export function reportClock(server: string, skew: number, report: Report): void {
  const size = Math.round(Math.abs(skew));
  const text = `${server} is ${size} ms ${skew < 0 ? 'behind' : 'ahead of'} this machine`;
  const advice = `codes are checked by the clock of ${server}: see which of the two is wrong (NTP)`;
  if (size > SKEW_FAIL_MS) report('FAIL', 'clock', `${text}; ${advice}`);
  else if (size > SKEW_WARN_MS) report('WARN', 'clock', `${text}; ${advice}`);
  else report('OK', 'clock', text);
}
