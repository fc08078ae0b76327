import { type ErrorCode, UnavailableError } from '../errors.js';

/** Runs what the host gave us, and gives up after a time: a page that hangs tells an administrator nothing. */
export type WithinDeadline = <T>(
  code: ErrorCode,
  what: string,
  run: () => T | Promise<T>,
) => Promise<T>;

export function deadline(timeoutMs: number): WithinDeadline {
  return function withinDeadline(code, what, run) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new UnavailableError(code, `${what} did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      // Async, so that a throw arrives as a rejection.
      (async () => run())()
        .finally(() => clearTimeout(timer))
        .then(resolve, reject);
    });
  };
}
