import assert from 'node:assert/strict';
import pg from 'pg';
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from 'sallyport/postgres';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { eventually } from '../support/redis.js';

/** Settings that a host, its role or its database may have, and that the store has to live with. */
const SETTINGS: readonly (readonly [what: string, options: string])[] = [
  ['transactions are serializable', '-c default_transaction_isolation=serializable'],
  ['transactions read what was there first', '-c default_transaction_isolation=repeatable\\ read'],
  ['transactions wait to be safe', '-c default_transaction_deferrable=on'],
  ['statements may take half a second', '-c statement_timeout=500 -c lock_timeout=400'],
  ['names are looked for nowhere', '-c search_path='],
  ['names are looked for elsewhere first', '-c search_path=pg_temp,nowhere,public'],
  ['texts are Latin 1', '-c client_encoding=LATIN1'],
  ['texts are of no encoding', '-c client_encoding=SQL_ASCII'],
  ['backslashes are escapes', '-c standard_conforming_strings=off -c backslash_quote=on'],
  ['bytes are escaped', '-c bytea_output=escape'],
  ['times and numbers are written otherwise', '-c DateStyle=German -c TimeZone=Asia/Kolkata'],
  ['numbers are short', '-c extra_float_digits=-15 -c IntervalStyle=sql_standard'],
  ['names are quoted', '-c quote_all_identifiers=on -c check_function_bodies=off'],
];

/** pg takes it, and its types do not say so. */
const BINARY: pg.PoolConfig & { readonly binary: boolean } = { binary: true };

const POOLS: readonly (readonly [what: string, config: pg.PoolConfig])[] = [
  ['answers are binary', BINARY],
  ['queries are ended by the driver', { query_timeout: 800 }],
  ['connections are used for a moment', { idleTimeoutMillis: 1, maxUses: 2 }],
  ['connections are as old as a second', { maxLifetimeSeconds: 1 }],
];

describe('postgresStore, where', function () {
  this.timeout(30_000);
  let url: string;

  before(async () => {
    url = await sharedPostgres();
  });

  for (const [what, options] of SETTINGS) {
    it(`${what}, serves as ever`, () => assertServes({ options }));
  }
  for (const [what, config] of POOLS) {
    it(`${what}, serves as ever`, () => assertServes(config));
  }

  it('the host reads every type in its own way, serves as ever', async () => {
    const types = { getTypeParser: () => () => 'something else' };
    await assertServes({ types });
    await assertServes({ types }, { listen: false });
  });

  it('the host has changed the parsers of all its connections, serves as ever', async () => {
    const changed = [16, 17, 20, 25, 114, 1114, 1184, 1700, 3802];
    const parsers = changed.map((oid) => [oid, pg.types.getTypeParser(oid)] as const);
    try {
      for (const oid of changed) pg.types.setTypeParser(oid, () => ({ odd: true }));
      await assertServes({});
    } finally {
      for (const [oid, parser] of parsers) pg.types.setTypeParser(oid, parser);
    }
  });

  it('each connection has settings of its own, serves as ever', async () => {
    let connections = 0;
    const pool = openPool(url);
    pool.on('connect', (client) => {
      connections += 1;
      client.query(
        connections % 2 === 0
          ? `SET TimeZone = 'Asia/Kolkata'; SET search_path = ''`
          : `SET TimeZone = 'America/Caracas'; SET DateStyle = 'German'; SET extra_float_digits = 0`,
      );
    });
    await assertPoolServes(pool);
    assert.ok(connections > 2);
  });

  it('idle connections are ended, goes on listening', async () => {
    const pool = openPool(url, { idleTimeoutMillis: 20 });
    const { rows } = await pool.query(
      `SELECT current_setting('server_version_num')::int AS version`,
    );
    // Earlier ones end nothing that is idle, and do not know the setting.
    const ended = rows[0].version >= 140_000 ? { options: '-c idle_session_timeout=300' } : {};
    const listening = openPool(url, { ...ended, idleTimeoutMillis: 20 });
    const store = postgresStore(listening, { prefix: uniqueTables(), initialize: true });
    await store.ready();
    let lost = 0;
    store.subscribe(() => {
      lost += 1;
    });
    const { query } = listening;
    let beats = 0;
    Object.assign(listening, {
      query: (...args: Parameters<typeof query>) => {
        if ((args[0] as unknown as { text: string }).text.includes('AS told')) beats += 1;
        return Reflect.apply(query, listening, args);
      },
    });
    await eventually(() => beats >= 4, 10_000);
    assert.equal(lost, 0);
    await store.close();
    await Promise.all([pool, listening].map(closePool));
  });

  for (const [what, encoding] of [
    ['the database is of Latin 1', 'LATIN1'],
    ['the database is of no encoding', 'SQL_ASCII'],
  ]) {
    it(`${what}, serves as ever`, async () => {
      const name = `${uniqueTables()}db`;
      const owner = openPool(url);
      await owner.query(
        `CREATE DATABASE ${name} ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
      );
      const address = new URL(url);
      address.pathname = `/${name}`;
      try {
        await assertPoolServes(openPool(address.href));
      } finally {
        await eventually(() => owner.query(`DROP DATABASE ${name}`));
        await closePool(owner);
      }
    });
  }

  const LONGEST = 'x'.repeat(63);
  for (const schema of [
    'Order',
    'select',
    'my-app',
    'a "b" \'c\'',
    'größe',
    '日本',
    'a.b',
    LONGEST,
  ]) {
    it(`its schema is called ${schema}, serves as ever`, async () => {
      const owner = openPool(url);
      const quoted = `"${schema.replaceAll('"', '""')}"`;
      await owner.query(`CREATE SCHEMA IF NOT EXISTS ${quoted}`);
      try {
        await assertServes({}, { schema });
        await assertServes({}, { schema, listen: false });
      } finally {
        await owner.query(`DROP SCHEMA ${quoted} CASCADE`);
        await closePool(owner);
      }
    });
  }

  async function assertServes(config: pg.PoolConfig, options: PostgresStoreOptions = {}) {
    await assertPoolServes(openPool(url, config), options);
  }

  /** Two stores that change the same things at once, and hear of each other; then all that they read. */
  async function assertPoolServes(pool: pg.Pool, options: PostgresStoreOptions = {}) {
    const made = { prefix: uniqueTables(), initialize: true, ...options };
    const stores = [postgresStore(pool, made), postgresStore(pool, made)];
    const [one, other] = stores as [PostgresStore, PostgresStore];
    try {
      for (const store of stores) await store.ready();
      const id = 'Jörg "☃" \\ \' \ud800 👩‍🚀';
      assert.equal((await other.readSubject(id)).epoch, 0);
      const epochs = await Promise.all(
        [one, other, one, other, one, other].map(async (store) => (await store.reset(id)).epoch),
      );
      assert.deepEqual(epochs.toSorted(), [1, 2, 3, 4, 5, 6]);
      for (const store of stores) {
        await eventually(async () => (await store.readSubject(id)).epoch === 6, 5000);
        await eventually(() => !(store.readSubject(id) instanceof Promise), 10_000);
      }
      await one.writeSetting('größe', { value: { a: 'ß☃' }, changedBy: id, expectedVersion: null });
      assert.deepEqual((await other.readSetting('größe'))?.value, { a: 'ß☃' });
      assert.equal((await other.readSetting('größe'))?.changedBy, id);

      const folds = [{ key: 'alike', each: 3, withinMs: 60_000 }];
      await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          (n % 2 ? one : other).appendEvent('größe', event(id), { trail: 't', keep: 10, folds }),
        ),
      );
      const events = await one.readEvents('größe', { before: null, limit: 20 });
      assert.equal(events.length, 3);
      assert.equal(events[0]?.repeats, 5);
      assert.deepEqual(
        events.map(({ subjectId }) => subjectId),
        [id, id, id],
      );
      await one.putTransaction('once', Buffer.from([0, 255, 1]), 60_000);
      const taken = await Promise.all([one, other].map((store) => store.takeTransaction('once')));
      assert.equal(taken.filter((bytes) => bytes !== null).length, 1);
      assert.ok(Math.abs(one.now() - Date.now()) < 5000);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await closePool(pool);
    }
  }
});

function event(subjectId: string) {
  return {
    ...{ type: 'verification.succeeded' as const, at: new Date(0), subjectId, tenantId: 'größe' },
    ...{ actorId: null, method: 'totp', from: null, detail: null },
  };
}
