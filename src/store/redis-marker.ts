import type { Awaitable } from '../contracts.js';
import { UnavailableError } from '../errors.js';
import type { Send } from './redis-client.js';
import type { RedisConnection } from './redis-connection.js';
import { notInitialized } from './redis-errors.js';

/** The layout of keys and values; another value in the marker means another, unknown layout. */
const LAYOUT = '1';

/**
 * The marker key tells a store that was set up from a Redis that came back empty, which otherwise looks like
 * "nobody is enrolled". Reads fetch it beside what they read. Writes cannot: in a Cluster it lies in another
 * slot than a subject's keys, and a script touches one slot only. So a write asks for the marker as this
 * connection knows it, tracked like any key, and asks again afterwards when word of its loss came in between.
 * The server sends that word before the answer to a write that ran after the loss, so such a write is
 * always answered with an error. What it left behind is harmless: without the marker nothing reads it.
 */
export interface Marker {
  readonly key: string;
  /** Rejects with ERR_STORE_NOT_INITIALIZED when there is none. No command while it is known. */
  check(): Awaitable<void>;
  /** Takes the reply of GET, as a part of a read. Throws like `check`. */
  seen(reply: unknown): void;
  /** Runs a write between two checks. */
  guard<T>(write: () => Promise<T>): Promise<T>;
  forget(): void;
  create(): Promise<void>;
}

export function marker(key: string, connection: Pick<RedisConnection, 'call' | 'trusted'>): Marker {
  let known = false;
  let generation = 0;

  function seen(reply: unknown): void {
    if (reply === null) throw notInitialized();
    if (String(reply) !== LAYOUT) {
      throw new UnavailableError(
        'ERR_STORE_UNAVAILABLE',
        'This Redis store was written by another version of Sallyport',
      );
    }
  }

  async function load(): Promise<void> {
    const before = generation;
    await connection.call(async (send: Send) => seen(await send(['GET', key])));
    if (before === generation) known = true;
  }

  const check = () => (known && connection.trusted() ? undefined : load());

  return {
    key,
    seen,
    check,
    async guard(write) {
      // From before the check: a loss may arrive in the same turn as the answer to it.
      const before = generation;
      await check();
      const result = await write();
      if (before !== generation) await check();
      return result;
    },
    forget() {
      known = false;
      generation += 1;
    },
    async create() {
      await connection.call((send) => send(['SET', key, LAYOUT, 'NX']));
    },
  };
}
