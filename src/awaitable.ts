import type { Awaitable } from './contracts.js';

/** Goes on with a value, at once where it is at hand. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isThenable(value) ? value.then(next) : next(value);
}

/** A throw becomes a rejection: so it arrives where the others do. */
export function settled<T>(read: () => Awaitable<T>): Awaitable<T> {
  try {
    return read();
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Several reads at once. Each is started, however another one fails: where one throws while another is under
 * way, the other's rejection would be heard by nobody, which ends a process.
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

/**
 * For what may be a promise where none belongs: whatever becomes of it is nobody's, and unheard its rejection
 * would end the process.
 */
export function ignored(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => {});
}
