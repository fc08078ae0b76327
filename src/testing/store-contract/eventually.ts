import { AssertionError } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves once `holds` answers something true; rejects when it has not within `ms`. Errors count as no, but
 * for what an assertion finds: that must not be so at any time.
 */
export async function eventually<T>(
  holds: () => T | Promise<T>,
  ms = 5000,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + ms;
  let last: unknown = 'never true';
  for (;;) {
    try {
      const answer = await holds();
      if (answer) return answer as Exclude<T, false | null | undefined>;
      last = answer;
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      last = error;
    }
    if (performance.now() > end) throw new Error(`not within ${ms} ms`, { cause: last });
    await delay(5);
  }
}
