import { together } from '../awaitable.js';

/** Maps in order with a bounded number under way: a thousand reads at once would starve everybody else. */
export async function inBatches<T, R>(
  items: readonly T[],
  use: (item: T) => Promise<R>,
  size = 50,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += size) {
    const batch = items.slice(at, at + size).map((item) => () => use(item));
    results.push(...(await together(...batch)));
  }
  return results;
}
