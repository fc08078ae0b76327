/** One of the processes that guess. */
import { benchStore } from './door.js';

export interface Guesses {
  /** How many were compared with what is right; the rest was told to wait. */
  readonly compared: number;
  readonly slowestMs: number;
}

interface Task {
  readonly subjectId: string;
  readonly count: number;
  readonly free: number;
}

const { store, end } = benchStore(process.argv[2]!, { initialize: true });

async function guess({ subjectId, count, free }: Task): Promise<Guesses> {
  let compared = 0;
  const limits = { free, waits: [60_000], stop: 100 };
  const took = await Promise.all(
    Array.from({ length: count }, async () => {
      const begun = performance.now();
      const judged = await store.judgeAttempt(
        subjectId,
        limits,
        { method: 'totp', stoppable: true },
        () => 'wrong',
      );
      if (judged.kind === 'judged') compared += 1;
      return performance.now() - begun;
    }),
  );
  return { compared, slowestMs: Math.max(...took) };
}

process.on('disconnect', async () => {
  await store.close();
  await end();
});
process.on('message', async (task: Task | null) => {
  if (task === null) await store.ready();
  process.send?.(task === null ? 'ready' : await guess(task));
});
