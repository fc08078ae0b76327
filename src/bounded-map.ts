import { LRUCache } from 'lru-cache';

/**
 * Keeps the entries used last, up to a maximum. Bounded by a size of one each, since for `max` the cache allocates
 * all of its memory at once, which costs 2 ms for 10 000.
 */
export function boundedMap<K extends {}, V extends {}>(entries: number): LRUCache<K, V> {
  return new LRUCache<K, V>({ maxSize: entries, sizeCalculation: () => 1 });
}
