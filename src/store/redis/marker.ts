import type { Awaitable } from '../../contracts.js';
import { UnavailableError } from '../../errors.js';
import { notInitialized, partlyLost } from './errors.js';
import type { RedisKeys } from './keys.js';
import type { RedisShards } from './shards.js';
import { slotOf, slotTags } from './slots.js';

/** The layout of keys and values; another value in a marker means another, unknown layout. */
const LAYOUT = '1';
const CHUNK = 200;

/**
 * The marker key tells a store that was set up from a Redis that came back empty, which otherwise looks like "nobody
 * is enrolled". In a Cluster every slot has one, which moves with its slot: when a node comes back empty, the markers
 * of exactly its slots are missing. (16 384 keys, about a megabyte in the whole Cluster; a read costs no more.)
 *
 * A read fetches the marker in its own pipeline. A write cannot, since its script may touch the keys of the record
 * only. So a write checks the marker as this connection knows it, tracked like any key, and again afterwards when an
 * invalidation of it came in between. The server sends the invalidation before the answer to any write that ran after
 * the loss, so such a write always ends in an error. What it left behind is harmless: without the marker nothing
 * reads it.
 */
export interface Marker {
  /** The key of the marker that covers a record. */
  keyFor(record: string): string;
  isMarker(key: string): boolean;
  /**
   * Rejects with ERR_STORE_NOT_INITIALIZED when the marker is missing. Sends no command while the marker is known.
   */
  check(record: string): Awaitable<void>;
  /** The same for one record on each master. */
  checkEach(): Promise<void>;
  /** Takes the reply of GET, as a part of a read. Throws like `check`. */
  seen(reply: unknown): void;
  /** Runs a write between two checks. */
  guard<T>(record: string, write: () => Promise<T>): Promise<T>;
  forget(): void;
  /**
   * Makes the markers when there are none; true when it did. Rejects when only some are missing, unless `fillIn` asks
   * to add them.
   */
  create(options?: { readonly fillIn?: boolean }): Promise<boolean>;
}

export function marker(
  keys: Pick<RedisKeys, 'marker' | 'slotMarker'>,
  shards: Pick<RedisShards, 'call' | 'trusted' | 'grouped'>,
  { clustered }: { readonly clustered: boolean },
): Marker {
  const known = new Set<string>();
  let generation = 0;

  const keyFor = clustered
    ? (record: string) => keys.slotMarker(slotTags()[slotOf(record)] as string)
    : () => keys.marker;

  function seen(reply: unknown): void {
    if (reply === null) throw notInitialized();
    if (String(reply) !== LAYOUT) {
      throw new UnavailableError(
        'ERR_STORE_UNAVAILABLE',
        'This Redis store was written by another version of Sallyport',
      );
    }
  }

  async function load(key: string): Promise<void> {
    const before = generation;
    await shards.call(key, async (send) => seen(await send(['GET', key])));
    if (before === generation) known.add(key);
  }

  function check(record: string): Awaitable<void> {
    const key = keyFor(record);
    return known.has(key) && shards.trusted(key) ? undefined : load(key);
  }

  /** One command for each slot, those for one master together. */
  async function forEachSlot(command: (key: string) => string[]): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (const group of shards.grouped(slotTags().map(keys.slotMarker))) {
      for (let at = 0; at < group.length; at += CHUNK) {
        const chunk = group.slice(at, at + CHUNK);
        const some = await shards.call(chunk[0] as string, (send) =>
          Promise.all(chunk.map((key) => send(command(key)))),
        );
        replies.push(...some);
      }
    }
    return replies;
  }

  return {
    keyFor,
    isMarker: (key) => key.startsWith(keys.marker),
    seen,
    check,
    async checkEach() {
      await check(keys.marker);
      if (!clustered) return;
      for (const [key] of shards.grouped(slotTags().map(keys.slotMarker)))
        await load(key as string);
    },
    async guard(record, write) {
      // Read before the check: a loss may arrive in the same turn as its answer.
      const before = generation;
      await check(record);
      const result = await write();
      if (before !== generation) await check(record);
      return result;
    },
    forget() {
      known.clear();
      generation += 1;
    },
    async create({ fillIn = false } = {}) {
      if (clustered) {
        const present = await shards.call(keys.marker, (send) => send(['GET', keys.marker]));
        if (present !== null && !fillIn) return false;
        const found = fillIn ? [] : await forEachSlot((key) => ['GET', key]);
        if (found.some((one) => one !== null)) throw partlyLost();
        await forEachSlot((key) => ['SET', key, LAYOUT, 'NX']);
      }
      // Last, so that a store whose setup was interrupted is not taken for a complete one.
      const reply = await shards.call(keys.marker, (send) =>
        send(['SET', keys.marker, LAYOUT, 'NX']),
      );
      return reply !== null;
    },
  };
}
