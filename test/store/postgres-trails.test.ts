import assert from 'node:assert/strict';
import type pg from 'pg';
import { type PostgresStore, postgresStore } from 'sallyport/postgres';
import { testClock } from '../support/app.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';

const USER = 'user1@acme';

/** More than another statement takes that was sent at the same moment. */
const ROUND_TRIPS = 20;

describe('the order of events on Postgres', () => {
  const clock = testClock();
  let pool: pg.Pool;
  let store: PostgresStore;
  /** What becomes of the statement that writes this event first. */
  let delayed: { readonly named: string; readonly until: () => Promise<unknown> } | null;

  beforeEach(async () => {
    pool = openPool(await sharedPostgres());
    store = postgresStore(pool, { prefix: uniqueTables(), initialize: true, now: clock.now });
    await store.ready();
    delayed = null;
    const { query } = pool;
    Object.assign(pool, {
      query: async (...args: Parameters<typeof query>) => {
        const { text } = args[0] as unknown as { text: string };
        const found = delayed;
        if (found && text.includes('appended AS') && text.includes(found.named)) {
          delayed = null;
          await found.until();
        }
        return Reflect.apply(query, pool, args);
      },
    });
  });
  afterEach(async () => {
    await store.close();
    await closePool(pool);
  });

  const append = (detail: string, id = USER) =>
    store.appendHistory(
      id,
      {
        ...{ type: 'enrollment.removed', at: new Date(clock.now()), actorId: null, subjectId: id },
        ...{ tenantId: 'acme', organizationId: 'acme', method: 'totp', from: null, detail },
      },
      { folds: [] },
    );
  const history = async (id = USER) =>
    (await store.readHistory(id, { before: null, limit: 50 })).map(({ detail }) => detail);
  async function roundTrips(): Promise<void> {
    for (let n = 0; n < ROUND_TRIPS; n += 1) await pool.query({ text: 'SELECT 1' } as never);
  }

  it('holds for whoever reads them on the same process: what was told before is there', async () => {
    delayed = { named: 'first', until: roundTrips };
    const told = [append('first'), append('second')];
    assert.deepEqual(await history(), ['second', 'first']);
    await Promise.all(told);
  });

  it('is that of the calls, also where the first one is on a slow connection', async () => {
    delayed = { named: 'first', until: roundTrips };
    await Promise.all(['first', 'second', 'third'].map((detail) => append(detail)));
    assert.deepEqual(await history(), ['third', 'second', 'first']);
  });

  it('holds nobody else up', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    delayed = { named: 'first', until: () => held };
    const first = append('first');
    await append('theirs', 'user2@acme');
    assert.deepEqual(await history('user2@acme'), ['theirs']);
    release();
    await first;
    assert.deepEqual(await history(), ['first']);
  });

  it('goes on after one that could not be kept', async () => {
    delayed = { named: 'first', until: async () => Promise.reject(new Error('connection reset')) };
    const [first, second] = await Promise.allSettled([append('first'), append('second')]);
    assert.deepEqual([first.status, second.status], ['rejected', 'fulfilled']);
    assert.deepEqual(await history(), ['second']);
  });

  it('goes on after one that hangs', async () => {
    delayed = { named: 'first', until: () => new Promise(() => {}) };
    const settled = await Promise.allSettled([append('first'), append('second'), append('third')]);
    assert.equal(settled[0].status, 'rejected');
  });

  it('is kept to the end, where the store is closed meanwhile', async () => {
    const appending = ['first', 'second', 'third'].map((detail) => append(detail));
    await store.close();
    await Promise.all(appending);
  });

  it('has nothing come back that was asked for before the history was forgotten', async () => {
    delayed = { named: 'first', until: roundTrips };
    const first = append('first');
    await store.deleteSubject(USER);
    await first;
    assert.deepEqual(await history(), []);
  });
});
