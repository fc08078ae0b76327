/** A part of the sequences in memory, in a process of its own: `runs` and `seed` as arguments. */
import { MemoryStore } from 'express-session';
import { memoryStore } from 'sallyport';
import { testClock } from '../support/app.js';
import { check } from './check.js';
import { type Processes, startProcesses } from './system.js';

export interface Result {
  readonly seen: readonly (readonly [string, number])[];
  readonly failure: string | null;
}

/** Sessions are never deleted from memory, so a long run moves to an empty one now and then. */
const RUNS_PER_WORLD = 2000;

let current: Processes | null = null;

async function world(): Promise<Processes> {
  if (!current || current.runs >= RUNS_PER_WORLD) {
    const clock = testClock();
    const store = memoryStore({ now: clock.now });
    const sessions = new MemoryStore();
    current = await startProcesses({
      ...{ clock, sessions, stores: [store, store] },
      settled: async () => {},
      look: async (id) => store.readSubject(id),
    });
  }
  return current;
}

const [runs, seed] = process.argv.slice(2).map(Number) as [number, number];
const seen = new Map<string, number>();
const failure = await check({ runs, seed, world, seen }).then(
  () => null,
  (error: Error) => `${error.message}\n${String(error.cause)}`,
);
process.send?.({ seen: [...seen], failure } satisfies Result, () => process.exit());
