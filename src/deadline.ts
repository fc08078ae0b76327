/** No answer came in time. The operation may still apply. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/**
 * Settles like `work`, or rejects with LateError after `ms`. Needed since neither a timeout nor an AbortSignal of
 * node-redis ends a command that was written to a server that hangs.
 */
export function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    // After a busy time, timers run before sockets are read: let an answer that has already arrived win, or a slow
    // process would take a healthy server for a hung one.
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
