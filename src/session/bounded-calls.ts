import { AsyncResource } from 'node:async_hooks';
import { UnavailableError } from '../errors.js';

/** A callback of express-session: with an error, or with a result. */
export type Done<T = undefined> = (error?: unknown, result?: T | null) => void;

/** Starts a call of the wrapped store; `answered` is called once, and must not throw. */
export type BoundedCall = <T>(
  name: string,
  start: (done: Done<T>) => void,
  answered: Done<T>,
) => void;

/**
 * Restores the async context of the request, since the timer and perhaps the store's connection belong to another.
 */
class Call extends AsyncResource {
  constructor(
    readonly name: string,
    readonly dueAt: number,
    readonly answered: Done<never>,
  ) {
    super('SallyportSessionCall');
  }
}

/**
 * Makes calls that are always answered within `timeoutMs`: with the store's answer, or with `UnavailableError`. One
 * timer, for the oldest call under way, serves all; it does not keep the process alive without calls.
 */
export function boundedCalls(timeoutMs: number): BoundedCall {
  /** The calls under way, in the order of their deadlines. */
  const underWay = new Set<Call>();
  let timer: NodeJS.Timeout | null = null;
  // Created without a context, or the timer would hold on to the first request.
  const nobodys = new AsyncResource('SallyportSessionDeadline');

  function arm(ms: number): NodeJS.Timeout {
    return nobodys.runInAsyncScope(setTimeout<[]>, null, giveUp, ms);
  }

  function giveUp(): void {
    const now = performance.now();
    // After a busy time, timers run before sockets are read: an answer that has arrived counts.
    setImmediate(() => {
      for (const call of underWay) {
        if (call.dueAt > now) break;
        underWay.delete(call);
        call.runInAsyncScope(
          call.answered,
          null,
          unavailable(`${call.name}() did not answer within ${timeoutMs} ms`),
        );
      }
      const [oldest] = underWay;
      timer = oldest ? arm(oldest.dueAt - performance.now()) : null;
    });
  }

  return function boundedCall<T>(
    name: string,
    start: (done: Done<T>) => void,
    answered: Done<T>,
  ): void {
    const call = new Call(name, performance.now() + timeoutMs, answered);
    underWay.add(call);
    if (timer) timer.ref();
    else timer = arm(timeoutMs);
    const done: Done<T> = (error, result) => {
      // Given up, or already answered.
      if (!underWay.delete(call)) return;
      if (underWay.size === 0) timer?.unref();
      // express-session's own convention for "no such session".
      if (error && (error as { code?: unknown }).code !== 'ENOENT') {
        call.runInAsyncScope(answered, null, unavailable(`${name}() failed`, error));
      } else {
        call.runInAsyncScope(answered, null, null, result);
      }
    };
    try {
      start(done);
    } catch (error) {
      done(error);
    }
  };
}

function unavailable(what: string, cause?: unknown): UnavailableError {
  return new UnavailableError('ERR_STORE_UNAVAILABLE', `session store: ${what}`, { cause });
}
