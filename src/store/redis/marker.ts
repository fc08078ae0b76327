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
 * The marker key tells a store that was set up from a Redis that came back empty, which otherwise looks like
 * "nobody is enrolled". In a Cluster every slot has one: whichever slots a node had that was lost and came
 * back empty, the markers of just these are missing, and they move with their slots. (16 384 keys, a
 * megabyte or so in all the Cluster; a read costs no more for it.)
 *
 * Reads fetch the marker beside what they read. Writes cannot, since scripts touch one key only. So a write
 * asks for the marker as this connection knows it, tracked like any key, and asks again afterwards when word
 * of its loss came in between. The server sends that word before the answer to a write that ran after the
 * loss, so such a write is always answered with an error. What it left behind is harmless: without the marker
 * nothing reads it.
 */
export interface Marker {
  /** The key of the marker that stands for a record. */
  keyFor(record: string): string;
  isMarker(key: string): boolean;
  /** Rejects with ERR_STORE_NOT_INITIALIZED when there is none. No command while it is known. */
  check(record: string): Awaitable<void>;
  /** The same for one record on each master. */
  checkEach(): Promise<void>;
  /** Takes the reply of GET, as a part of a read. Throws like `check`. */
  seen(reply: unknown): void;
  /** Runs a write between two checks. */
  guard<T>(record: string, write: () => Promise<T>): Promise<T>;
  forget(): void;
  /**
   * Where there is none at all: true when it was made. Rejects when a part of them is missing, unless told to fill
   * it in.
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
        const send = () =>
          shards.call(chunk[0] as string, (send) =>
            Promise.all(chunk.map((key) => send(command(key)))),
          );
        replies.push(...(await send()));
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
      // From before the check: a loss may arrive in the same turn as the answer to it.
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
      const head = () =>
        shards.call(keys.marker, (send) => send(['SET', keys.marker, LAYOUT, 'NX']));
      if (clustered) {
        const present = await shards.call(keys.marker, (send) => send(['GET', keys.marker]));
        if (present !== null && !fillIn) return false;
        const found = fillIn ? [] : await forEachSlot((key) => ['GET', key]);
        if (found.some((one) => one !== null)) throw partlyLost();
        await forEachSlot((key) => ['SET', key, LAYOUT, 'NX']);
      }
      // Last: while it is missing, a store that was set up half is not taken for a whole one.
      return (await head()) !== null;
    },
  };
}
