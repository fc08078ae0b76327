/** Nothing came in time. What was asked for may still happen. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/**
 * Settles like `work`, or rejects with LateError after `ms`. node-redis has no such thing: with a hung server
 * neither its own timeout nor an AbortSignal ends a command that has been written.
 */
export function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    // When this process was busy, timers run before sockets are read: give an answer that has already
    // arrived its turn, or a slow process would take a sound server for a hung one.
    const timer = setTimeout(() => {
      setImmediate(() => reject(new LateError(`no answer within ${ms} ms`)));
    }, ms);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
