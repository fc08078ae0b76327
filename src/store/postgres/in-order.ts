import { withDeadline } from '../../deadline.js';

export interface InOrder {
  /** Begins when the earlier work of the same place is over, or has taken `timeout` ms. */
  run<T>(place: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when all work asked for at this place is over, or after `timeout` ms. */
  over(place: string): Promise<void>;
  /** Resolves when all work asked for so far is over. */
  settled(): Promise<void>;
}

/**
 * Runs the work of one place in the order of the calls, since connections of a pool overtake each other; and at most
 * `atOnce` at a time of all places, since requests that wait for an answer need the other connections. Work that
 * hangs blocks later work of its place for at most `timeout` ms.
 */
export function inOrder({
  timeout,
  atOnce,
}: {
  readonly timeout: number;
  readonly atOnce: number;
}): InOrder {
  const last = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  let free = atOnce;

  async function entered(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((enter) => waiting.push(enter));
  }

  function left(): void {
    const enter = waiting.shift();
    if (enter) enter();
    else free += 1;
  }

  return {
    run<T>(place: string, work: () => Promise<T>) {
      const before = last.get(place);
      return new Promise<T>((resolve) => {
        const over = turn().then(() => {
          if (last.get(place) === over) last.delete(place);
        });
        last.set(place, over);

        async function turn(): Promise<void> {
          await before;
          await entered();
          const mine = work();
          resolve(mine);
          await withDeadline(mine, timeout).catch(() => {});
          left();
        }
      });
    },
    async over(place) {
      const before = last.get(place);
      if (before) await withDeadline(before, timeout).catch(() => {});
    },
    async settled() {
      await Promise.all(last.values());
    },
  };
}
