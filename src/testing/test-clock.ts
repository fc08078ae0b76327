import { shown } from '../check-options.js';
import { SallyportError } from '../errors.js';
import { type Duration, parseDuration } from '../time.js';

/** A clock that stands still until it is told to go on. */
export interface TestClock {
  /** Milliseconds since 1970. For `memoryStore({ now })`, `redisStore(client, { now })`, `authenticator()`. */
  now(): number;
  /** Moves on by milliseconds or a duration such as `'30s'`; negative milliseconds go back. */
  advance(by: number | Duration): void;
}

/** 2026-01-01, in the middle of a time step: a code shown now is good for the next 15 seconds. */
const START = Date.UTC(2026, 0, 1, 0, 0, 15);

/**
 * Time for tests. Sallyport takes all of its time from the store, so a store with this clock is enough.
 * @example
 * const clock = testClock();
 * const store = memoryStore({ now: clock.now });
 * clock.advance('12h');
 */
export function testClock(start = START): TestClock {
  if (!Number.isFinite(start)) {
    throw new SallyportError(
      'ERR_OPTION',
      `testClock: the start must be milliseconds since 1970, got ${shown(start)}`,
    );
  }
  let time = start;
  return {
    now: () => time,
    advance(by) {
      const ms = typeof by === 'number' ? by : parseDuration(by);
      if (ms === null || !Number.isFinite(ms)) {
        throw new SallyportError(
          'ERR_OPTION',
          `advance() takes milliseconds or a duration such as '30s', got ${String(by)}`,
        );
      }
      time += ms;
    },
  };
}
