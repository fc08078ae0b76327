import { AsyncResource } from 'node:async_hooks';
import { UnavailableError } from '../errors.js';

/** As express-session calls back: with an error, or with what was found. */
export type Done<T = undefined> = (error?: unknown, result?: T | null) => void;

/** Starts a call of the store behind; `answered` is called once, and must not throw. */
export type BoundedCall = <T>(
  name: string,
  start: (done: Done<T>) => void,
  answered: Done<T>,
) => void;

/** What was asked in one request is told there, though the timer, and maybe the store's connection, are another's. */
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
 * Calls that are answered within `timeoutMs`, whatever becomes of them: with what the store says, or with
 * `UnavailableError`. There is one timer for all that are under way, for the oldest of them; it keeps no process alive
 * in which none is.
 */
export function boundedCalls(timeoutMs: number): BoundedCall {
  /** In the order in which they are due. */
  const underWay = new Set<Call>();
  let timer: NodeJS.Timeout | null = null;
  // Otherwise the timers would hold on to what belongs to the request that came first.
  const nobodys = new AsyncResource('SallyportSessionDeadline');

  function arm(ms: number): NodeJS.Timeout {
    return nobodys.runInAsyncScope(setTimeout<[]>, null, giveUp, ms);
  }

  function giveUp(): void {
    const now = performance.now();
    // After a pause of this process timers run before sockets are read: an answer that is there counts.
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
      // Given up, or answered before.
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
