import { boundedMap } from '../bounded-map.js';
import type { Awaitable } from '../contracts.js';

export interface TrackedReads<V> {
  /** The value at hand, or a promise of what `load` finds. Loads of one key at one time are shared. */
  get(key: string, load: (key: string) => Promise<V>): Awaitable<V>;
  /** The value at hand; undefined for none. */
  peek(key: string): V | undefined;
  /** The key has changed: a value at hand is dropped, a load in flight will not be kept. */
  forget(key: string): void;
  /**
   * The key is being written. Call the function that this gives when that is over: what was at hand or in flight is
   * dropped, and `value` (what the key has now) is at hand, unless the key has changed since.
   */
  writing(key: string): (value?: V) => void;
  /**
   * Keeps at hand what was used last, so many at most, and gives it, to ask what of it has changed. A load in flight will
   * not be kept: it may be of before that question, and is not among what is asked about.
   */
  keepNewest(most: number): readonly (readonly [key: string, value: V])[];
  /** Everything may have changed. */
  clear(): void;
}

interface Load<V> {
  readonly promise: Promise<V>;
}

/**
 * Values that are believed until the server says otherwise, "no such key" included, since Redis tracks
 * missing keys too. `trusted` says whether the server of a key would
 * still be heard.
 *
 * A load that is overtaken by an invalidation answers whoever waits for it (it was true when they asked),
 * but leaves nothing behind: an invalidation is handled in the turn in which it arrives, the end of a load
 * only after it, so the order of the two on the wire does not matter.
 */
export function trackedReads<V>({
  maxEntries,
  trusted,
}: {
  readonly maxEntries: number;
  readonly trusted: (key: string) => boolean;
}): TrackedReads<V> {
  // The box lets `null` be a value.
  const values = boundedMap<string, { readonly value: V }>(maxEntries);
  const loads = new Map<string, Load<V>>();
  /** By key, until it changes: a record has one writer at a time. */
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
      // Clearing takes time by how much there could be, and a Cluster may report thousands of losses at once.
      if (values.size > 0) values.clear();
    },
  };
}
