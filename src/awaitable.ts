import type { Awaitable } from './contracts.js';

/** Continues with a value, synchronously if it is no promise. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isThenable(value) ? value.then(next) : next(value);
}

/** Turns a throw into a rejection, so that callers handle one kind of failure. */
export function settled<T>(read: () => Awaitable<T>): Awaitable<T> {
  try {
    return read();
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Runs several reads concurrently. All are started, whichever fails: if one threw while another is under way, the
 * other's rejection would be unhandled, which ends a process.
 */
export function together<Reads extends readonly (() => unknown)[]>(
  ...reads: Reads
): Promise<{ -readonly [At in keyof Reads]: Awaited<ReturnType<Reads[At]>> }>;
export function together(...reads: (() => unknown)[]): Promise<unknown[]> {
  return Promise.all(reads.map(settled));
}

/** Not only native promises: query builders are thenables, and other realms have promises of their own. */
export function isThenable<T>(value: Awaitable<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** Handles a value that should not be a promise but may be one: its unhandled rejection would end the process. */
export function ignored(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => {});
}
