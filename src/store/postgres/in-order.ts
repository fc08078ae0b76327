import { withDeadline } from '../../deadline.js';

export interface InOrder {
  /** Begins when what was asked for before at the same place is over, or has had `timeout`. */
  run<T>(place: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when all that was asked for so far is over. */
  settled(): Promise<void>;
}

/**
 * Work of one place in the order in which it was asked for: connections of a pool overtake each other. What hangs holds
 * up what comes after it for `timeout` ms at most.
 */
export function inOrder({ timeout }: { readonly timeout: number }): InOrder {
  const last = new Map<string, Promise<void>>();

  async function after<T>(before: Promise<void>, work: () => Promise<T>): Promise<T> {
    await withDeadline(before, timeout).catch(() => {});
    return work();
  }

  return {
    run(place, work) {
      const before = last.get(place);
      const mine = before ? after(before, work) : work();
      const over = mine.then(ended, ended);
      last.set(place, over);
      return mine;

      function ended(): void {
        if (last.get(place) === over) last.delete(place);
      }
    },
    async settled() {
      await Promise.all(last.values());
    },
  };
}
