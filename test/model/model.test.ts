import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { RedisStore as ConnectRedis } from 'connect-redis';
import pg from 'pg';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import { type Clock, testClock } from '../support/app.js';
import { sessionsIn, sessionTable } from '../support/host-data.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { redisClient } from '../support/redis-client.js';
import { UNHURRIED } from '../support/unhurried.js';
import { check } from './check.js';
import type { Result } from './memory-worker.js';
import { type Installation, startProcesses } from './system.js';

const { MODEL_RUNS = '200', MODEL_SEED, MODEL_PATH, MODEL_STATISTICS } = process.env;
const runs = Number(MODEL_RUNS);
const seed = MODEL_SEED ? Number(MODEL_SEED) : Date.now() ^ process.pid;

/** A path leads to one sequence of one seed. */
const WORKERS = MODEL_PATH ? 1 : 2;

/** What a run of this size comes to, or it shows nothing; the rarer things are in MODEL_STATISTICS. */
const MUST_BE_SEEN = [
  'time between the doors over',
  'proven: not-proven',
  'older epoch: proven',
  'older epoch: between',
  'older epoch: unseen',
  'wrong code',
  'stopped',
  'enrolled: first',
  'enrolled: proven',
  'enrolled: activation-key',
  'a newer attempt voids an older one',
  'superseded form',
  'activation key',
  'postponed',
  'replaced',
  'removed',
  'signed the others out',
  'device remembered',
  'device recognized',
  'device stolen',
  'signed in elsewhere',
  'signed in elsewhere, freshly',
  'reset',
];

async function inMemory(part: number): Promise<Result> {
  const worker = fork(
    fileURLToPath(new URL('memory-worker.ts', import.meta.url)),
    [String(Math.ceil(runs / WORKERS)), String(seed + part)],
    { execArgv: ['--import', 'tsx'] },
  );
  const [result] = (await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit').then(([code]) => [{ seen: [], failure: `ended with ${code}` }]),
  ])) as [Result];
  return result;
}

describe('the model: who may be let in', () => {
  before(() => {
    console.log(`      MODEL_SEED=${seed}, and ${seed + 1} for the second half of ${runs}`);
  });

  it('agrees with the app, in memory', async function () {
    // A run of any length ends by itself; what hangs is a request, which has a deadline.
    this.timeout(0);
    const results = await Promise.all(Array.from({ length: WORKERS }, (_, part) => inMemory(part)));
    const failures = results.map(({ failure }) => failure).filter((failure) => failure !== null);
    assert.equal(failures.length, 0, failures.join('\n\n'));
    const seen = new Map<string, number>();
    for (const [what, times] of results.flatMap((one) => one.seen)) {
      seen.set(what, (seen.get(what) ?? 0) + times);
    }
    if (MODEL_STATISTICS) {
      for (const [what, times] of [...seen].toSorted((a, b) => a[1] - b[1])) {
        console.log(`      ${String(times).padStart(8)}  ${what}`);
      }
    }
    const unseen = MUST_BE_SEEN.filter((what) => !seen.has(what));
    if (runs >= 2000 && !MODEL_PATH) assert.deepEqual(unseen, []);
  });

  for (const [name, install] of [
    ['Redis', inRedis],
    ['Postgres', inPostgres],
  ] as const) {
    it(`agrees with two processes that share one ${name}`, async function () {
      this.timeout(0);
      const { close, ...installation } = await install(testClock());
      try {
        const processes = await startProcesses(installation);
        const world = async () => processes;
        await check({ runs: Math.ceil(runs / 20), seed, world, seen: new Map() });
      } finally {
        await close();
      }
    });
  }
});

interface Installed extends Installation {
  close(): Promise<void>;
}

async function inRedis(clock: Clock): Promise<Installed> {
  const client = redisClient({ url: await sharedRedis() });
  await client.connect();
  const prefix = uniquePrefix();
  const options = { ...UNHURRIED, prefix, now: clock.now, initialize: true, allowEviction: true };
  const stores = [redisStore(client, options), redisStore(client, options)] as const;
  await Promise.all(stores.map((store) => store.ready()));
  return {
    ...{ clock, stores },
    sessions: new ConnectRedis({ client, prefix: `${prefix}sess:` }),
    // Its connection has answered since, and tells in order.
    async settled() {
      await Promise.all(stores.map((store) => store.takeTransaction('nothing')));
    },
    look: async (id) => stores[0].readSubject(id),
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      await client.close();
    },
  };
}

async function inPostgres(clock: Clock): Promise<Installed> {
  const url = await sharedPostgres();
  const pool = openPool(url);
  const prefix = uniqueTables();
  await pool.query(sessionTable(`${prefix}session`));
  const options = { ...UNHURRIED, prefix, now: clock.now, initialize: true };
  const listening = new Set<pg.Client>();
  const listen = () => {
    const client = new pg.Client({ connectionString: url });
    listening.add(client);
    client.once('end', () => listening.delete(client));
    return client;
  };
  const stores = [1, 2].map(() => postgresStore(pool, { ...options, listen }));
  // Has room for one, and so nothing at hand of a subject when it was asked for another.
  const forgetful = postgresStore(pool, { ...options, listen: false, maxEntries: 1 });
  const all = [...stores, forgetful];
  for (const store of all) await store.ready();
  return {
    ...{ clock, stores },
    sessions: sessionsIn(pool, `${prefix}session`),
    // A connection tells what it has been told before it answers. Of one that is lost nothing is believed.
    async settled() {
      await Promise.allSettled([...listening].map((client) => client.query('SELECT 1')));
    },
    // Counts of failures are told later: the first process may not have heard.
    async look(id) {
      await forgetful.readSubject('nobody');
      return forgetful.readSubject(id);
    },
    async close() {
      await Promise.all(all.map((store) => store.close()));
      await closePool(pool);
    },
  };
}
