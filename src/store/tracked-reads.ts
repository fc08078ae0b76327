import { boundedMap } from '../bounded-map.js';
import type { Awaitable } from '../contracts.js';

export interface TrackedReads<V> {
  /** The cached value, or a promise of what `load` finds. Concurrent loads of one key are shared. */
  get(key: string, load: (key: string) => Promise<V>): Awaitable<V>;
  /** The cached value; undefined for none. */
  peek(key: string): V | undefined;
  /** The key has changed: its cached value is dropped, and a load in flight is not cached. */
  forget(key: string): void;
  /**
   * The key is being written. Call the returned function once the write is over: it drops the cached value
   * and loads in flight, then caches `value` (what the key has now) unless the key has changed since.
   */
  writing(key: string): (value?: V) => void;
  /**
   * Keeps the `most` values used last and returns them, so that the caller can ask which of them have
   * changed. Loads in flight are not cached: they may have read before that question, which does not cover
   * them.
   */
  keepNewest(most: number): readonly (readonly [key: string, value: V])[];
  /** Everything may have changed. */
  clear(): void;
}

interface Load<V> {
  readonly promise: Promise<V>;
}

/**
 * A cache whose values are valid until the server tells of a change, absence included, since Redis tracks
 * missing keys too. `trusted` says whether changes of a key would be told.
 *
 * A load that is overtaken by an invalidation still answers its callers (it was true when they asked) but is
 * not cached. An invalidation is handled in the turn in which it arrives, the end of a load after it, so the
 * order of the two on the wire does not matter.
 */
export function trackedReads<V>({
  maxEntries,
  trusted,
}: {
  readonly maxEntries: number;
  readonly trusted: (key: string) => boolean;
}): TrackedReads<V> {
  // Boxed, so that `null` can be a value.
  const values = boundedMap<string, { readonly value: V }>(maxEntries);
  const loads = new Map<string, Load<V>>();
  /** The write under way for a key, until the key changes; a record has one writer at a time. */
  const writes = new Map<string, symbol>();

  async function run(key: string, load: (key: string) => Promise<V>): Promise<V> {
    const present = loads.get(key);
    if (present) return present.promise;
    const own: Load<V> = {
      promise: load(key).then(
        (value) => {
          if (loads.get(key) === own) {
            loads.delete(key);
            values.set(key, { value });
          }
          return value;
        },
        (error) => {
          if (loads.get(key) === own) loads.delete(key);
          throw error;
        },
      ),
    };
    loads.set(key, own);
    return own.promise;
  }

  function forget(key: string): void {
    loads.delete(key);
    writes.delete(key);
    values.delete(key);
  }

  return {
    get(key, load) {
      const known = values.get(key);
      return known && trusted(key) ? known.value : run(key, load);
    },
    peek(key) {
      const known = values.get(key);
      return known && trusted(key) ? known.value : undefined;
    },
    forget,
    writing(key) {
      const own = Symbol(key);
      writes.set(key, own);
      return (value) => {
        const holds = writes.get(key) === own;
        forget(key);
        if (holds && value !== undefined) values.set(key, { value });
      };
    },
    keepNewest(most) {
      loads.clear();
      writes.clear();
      const all = [...values.entries()];
      for (const [key] of all.slice(most)) values.delete(key);
      return all.slice(0, most).map(([key, { value }]) => [key, value] as const);
    },
    clear() {
      loads.clear();
      writes.clear();
      // Clearing takes time in proportion to the capacity, and a Cluster may report thousands of losses at
      // once.
      if (values.size > 0) values.clear();
    },
  };
}
