import fc from 'fast-check';
import { memoryStore } from '../../src/store/memory.js';
import { postgresStore } from '../../src/store/postgres/store.js';
import { openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { closeStores, openStore } from '../support/redis-store.js';
import { UNHURRIED } from '../support/unhurried.js';
import { assertSame, step } from './operations.js';

describe('redisStore and memoryStore', () => {
  afterEach(closeStores);

  it('answer the same to whatever is done in whatever order', async function () {
    this.timeout(60_000);
    const url = await sharedRedis();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const clock = { time: 1_767_225_600_000 };
        const now = () => clock.time;
        const options = {
          ...UNHURRIED,
          now,
          prefix: uniquePrefix(),
          initialize: true,
          allowEviction: true,
        };
        const redis = openStore(url, options);
        await redis.ready();
        await assertSame(steps, clock, redis, memoryStore({ now }));
        await closeStores();
      }),
      { numRuns: 60 },
    );
  });
});

describe('postgresStore and memoryStore', () => {
  it('answer the same to whatever is done in whatever order', async function () {
    this.timeout(60_000);
    const pool = openPool(await sharedPostgres());
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const clock = { time: 1_767_225_600_000 };
        const now = () => clock.time;
        const postgres = postgresStore(pool, {
          ...UNHURRIED,
          now,
          prefix: uniqueTables(),
          initialize: true,
        });
        await postgres.ready();
        await assertSame(steps, clock, postgres, memoryStore({ now }));
        await postgres.close();
      }),
      { numRuns: 60 },
    );
  });
});
