import assert from 'node:assert/strict';
import type pg from 'pg';
import { type PostgresStoreOptions, postgresStore } from 'sallyport/postgres';
import { closePool, openPool, type PostgresServer, startPostgres } from '../support/postgres.js';
import { eventually } from '../support/redis.js';
import { coded, isUnavailable, timed } from '../support/redis-store.js';

describe('a Postgres that fails', function () {
  this.timeout(60_000);
  let server: PostgresServer;
  let pools: pg.Pool[];
  let stores: ReturnType<typeof postgresStore>[];

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());
  beforeEach(() => {
    [pools, stores] = [[], []];
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all(pools.map(closePool));
  });

  async function open(options: PostgresStoreOptions = {}) {
    const pool = openPool(server.url);
    pools.push(pool);
    const store = postgresStore(pool, { timeout: 400, initialize: true, ...options });
    stores.push(store);
    await store.ready();
    return { store, pool };
  }
  const fresh = () => `user-${Math.random()}`;
  const serves = (store: ReturnType<typeof postgresStore>) =>
    eventually(async () => (await store.reset(fresh())).epoch === 1, 10_000);

  for (const [how, options] of [
    ['', {}],
    [', without LISTEN', { listen: false }],
  ] as const) {
    it(`is answered with 503 within the time while it hangs, and served from as soon as it goes on${how}`, () =>
      hanging(options));
    it(`is served from again after it was killed, with all that was acknowledged${how}`, () =>
      killed(options));
  }

  async function hanging(options: PostgresStoreOptions): Promise<void> {
    const { store } = await open(options);
    const user = fresh();
    await store.reset(user);
    server.pause();
    try {
      const first = await timed(() => store.reset(user));
      assert.ok(isUnavailable(first.error), String(first.error));
      assert.ok(first.ms < 1500, `${first.ms} ms`);
      // Further calls do not wait for it again.
      const next = await timed(() => store.readSubject(fresh()));
      assert.ok(isUnavailable(next.error), String(next.error));
      assert.ok(next.ms < 200, `${next.ms} ms`);
      // What was read is dropped: nobody tells us of changes.
      await eventually(async () => {
        const { error } = await timed(() => store.readSubject(user));
        return isUnavailable(error);
      });
    } finally {
      server.resume();
    }
    await serves(store);
    // What has timed out may have been done; what was acknowledged has been.
    assert.ok((await store.readSubject(user)).epoch >= 1);
  }

  async function killed(options: PostgresStoreOptions): Promise<void> {
    const { store } = await open(options);
    const user = fresh();
    await store.reset(user);
    await store.readSubject(user);
    await server.kill();
    await eventually(async () => isUnavailable((await timed(() => store.readSubject(user))).error));
    assert.ok(isUnavailable((await timed(() => store.reset(user))).error));
    await server.start();
    await serves(store);
    assert.equal((await store.readSubject(user)).epoch, 1);
  }

  it('loses nothing and nobody when all connections are ended', async () => {
    const [{ store }, { store: other, pool }] = [await open(), await open()];
    const user = fresh();
    await store.reset(user);
    for (let round = 2; round <= 4; round += 1) {
      // A connection that was just ended is noticed by the first who uses it: a 503, and no old answer.
      await eventually(async () => (await store.readSubject(user)).epoch === round - 1);
      await pool.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL',
      );
      const written = await eventually(() => other.reset(user));
      assert.equal(written.epoch, round);
      // It is listening again, or asks each time: it never goes on with what it had.
      await eventually(async () => (await store.readSubject(user)).epoch === round);
    }
    await eventually(() => !(store.readSubject(user) instanceof Promise));
  });

  it('that loses its listening connection alone has the store read anew, and serve on', async () => {
    const [{ store }, { store: other, pool }] = [await open(), await open()];
    const user = fresh();
    await store.reset(user);
    await eventually(() => !(store.readSubject(user) instanceof Promise));
    const { rowCount } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`,
    );
    assert.equal(rowCount, 2);
    await other.reset(user);
    await eventually(async () => (await store.readSubject(user)).epoch === 2);
    await eventually(() => !(store.readSubject(user) instanceof Promise));
  });

  it('that loses notices is not believed beyond the bound', async () => {
    const [{ store, pool }, { store: other }] = [await open(), await open()];
    const user = fresh();
    await store.reset(user);
    await eventually(() => !(store.readSubject(user) instanceof Promise));
    // As a pooler has it that gives the connection to somebody else between two transactions.
    const unheard = pool.query.bind(pool);
    const listening = await pool.query(
      `SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`,
    );
    assert.equal(listening.rowCount, 2);
    Object.assign(pool, {
      query: (query: { text: string; values?: unknown[] }) =>
        unheard(
          query.text.includes('AS told') && query.values?.length === 2
            ? { ...query, values: ['nowhere', query.values[1]] }
            : query,
        ),
    });
    await eventually(() => store.readSubject(user) instanceof Promise, store.stalenessMs);
    await other.reset(user);
    assert.equal((await store.readSubject(user)).epoch, 2, 'it serves on, and asks each time');
    Object.assign(pool, { query: unheard });
    await eventually(() => !(store.readSubject(user) instanceof Promise), 10_000);
  });

  it('that takes no writes any longer refuses them, and enrolled people stay enrolled', async () => {
    const { store, pool } = await open();
    const user = fresh();
    await store.reset(user);
    await pool.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await pool.query('SELECT pg_reload_conf()');
    try {
      await eventually(async () => {
        const { error } = await timed(() => store.reset(fresh()));
        return coded('ERR_POSTGRES_READ_ONLY')(error);
      });
      const { value, error } = await timed(() => store.readSubject(user));
      assert.ok(error !== undefined || (value as { epoch: number }).epoch === 1);
    } finally {
      await pool.query('ALTER SYSTEM RESET default_transaction_read_only');
      await pool.query('SELECT pg_reload_conf()');
    }
    await serves(store);
  });
});
