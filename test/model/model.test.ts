import assert from 'node:assert/strict';
import { RedisStore as ConnectRedis } from 'connect-redis';
import { MemoryStore } from 'express-session';
import fc from 'fast-check';
import { createClient } from 'redis';
import { memoryStore } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { testClock } from '../support/app.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { Reference } from './reference.js';
import { compareAll, firstRules, settleIn, steps } from './steps.js';
import { type Processes, System, startProcesses } from './system.js';

const { MODEL_RUNS, MODEL_SEED, MODEL_PATH, MODEL_REPLAY } = process.env;
const seed = MODEL_SEED ? Number(MODEL_SEED) : Date.now() ^ process.pid;

/** Sessions are never deleted from memory, so a long run moves to an empty one now and then. */
const RUNS_PER_WORLD = 2000;

/** What a run of this size must have come to, or it shows nothing. */
const MUST_BE_SEEN = [
  'time between the doors over',
  'proven: not-proven',
  'proven: step-up',
  'proven: to-enroll-another',
  'older epoch: challenge',
  'older epoch: enroll',
  'wrong code',
  'replayed code',
  'locked',
  'stopped',
  'recovery code',
  'recovery code lifts the stop',
  'wrong recovery code',
  'recovery codes made anew',
  'enrolled: first',
  'enrolled: proven',
  'enrolled: activation-key',
  'enrolled: handover',
  'a newer attempt voids an older one',
  'superseded form',
  'expired form',
  'activation key',
  'wrong activation key',
  'a begun form loses its key',
  'a form without its key',
  'postponed',
  'replaced',
  'removed',
  'signed the others out',
  'device remembered',
  'device recognized',
  'device stolen',
  'device void',
  'reset',
];

async function check(runs: number, world: () => Promise<Processes>, seen: Map<string, number>) {
  const note = (what: string) => void seen.set(what, (seen.get(what) ?? 0) + 1);
  const property = fc.asyncProperty(
    firstRules,
    fc.nat(3).map((n) => n > 0),
    fc.commands(steps, {
      size: 'max',
      maxCommands: 10,
      ...(MODEL_REPLAY ? { replayPath: MODEL_REPLAY } : {}),
    }),
    async ({ grace, ...rules }, inside, commands) => {
      const system = new System(await world());
      const graceUntil = grace === null ? null : system.now + grace;
      const model = new Reference(system.now, { ...rules, graceUntil }, note);
      for (const user of ['one', 'two'] as const) system.setRules(user, model.rules[user]);
      if (inside) await settleIn(model, system);
      await fc.asyncModelRun(() => ({ model, real: system }), commands);
      await compareAll(model, system);
    },
  );
  await fc.assert(property, {
    seed,
    numRuns: runs,
    ...(MODEL_PATH ? { path: MODEL_PATH } : {}),
    endOnFailure: false,
  });
}

describe('the model: who may be let in', () => {
  before(() => console.log(`      MODEL_SEED=${seed}`));

  it('agrees with the app, in memory', async function () {
    const runs = Number(MODEL_RUNS ?? 2000);
    // A run of any length ends by itself; what hangs is a request, which has a deadline.
    this.timeout(0);
    const seen = new Map<string, number>();
    let current: Processes | null = null;
    await check(
      runs,
      async () => {
        if (!current || current.runs >= RUNS_PER_WORLD) {
          const clock = testClock();
          const store = memoryStore({ now: clock.now });
          const sessions = new MemoryStore();
          current = await startProcesses({ clock, sessions, stores: [store, store] });
        }
        return current;
      },
      seen,
    );
    if (process.env.MODEL_STATISTICS) {
      for (const [what, times] of [...seen].toSorted((a, b) => a[1] - b[1])) {
        console.log(`      ${String(times).padStart(8)}  ${what}`);
      }
    }
    const unseen = MUST_BE_SEEN.filter((what) => !seen.has(what));
    if (runs >= 2000) assert.deepEqual(unseen, []);
  });

  it('agrees with two processes that share one Redis', async function () {
    const runs = Math.ceil(Number(MODEL_RUNS ?? 2000) / 20);
    this.timeout(0);
    const client = createClient({ url: await sharedRedis() });
    await client.connect();
    const prefix = uniquePrefix();
    const clock = testClock();
    const options = { prefix, now: clock.now, initialize: true, allowEviction: true };
    const stores = [redisStore(client, options), redisStore(client, options)];
    try {
      await Promise.all(stores.map((store) => store.ready()));
      const sessions = new ConnectRedis({ client, prefix: `${prefix}sess:` });
      const processes = await startProcesses({ clock, sessions, stores });
      await check(runs, async () => processes, new Map());
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await client.close();
    }
  });
});
