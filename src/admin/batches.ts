/** Maps in order with a bounded number under way: a thousand reads at once would starve everybody else. */
export async function inBatches<T, R>(
  items: readonly T[],
  use: (item: T) => Promise<R>,
  size = 50,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += size) {
    results.push(...(await Promise.all(items.slice(at, at + size).map(use))));
  }
  return results;
}
