import { together } from '../awaitable.js';

/** Maps in order, a bounded number at a time: a thousand reads at once would delay everybody else. */
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
