import { LateError, withDeadline } from '../deadline.js';
import { type ErrorCode, UnavailableError } from '../errors.js';

/** Runs a function of the host within a deadline: a page that hangs tells an administrator nothing. */
export type WithinDeadline = <T>(
  code: ErrorCode,
  what: string,
  run: () => T | Promise<T>,
) => Promise<T>;

export function deadline(timeoutMs: number): WithinDeadline {
  return async function withinDeadline(code, what, run) {
    try {
      return await withDeadline(Promise.resolve(run()), timeoutMs);
    } catch (error) {
      if (!(error instanceof LateError)) throw error;
      throw new UnavailableError(code, `${what} did not answer within ${timeoutMs} ms`);
    }
  };
}
