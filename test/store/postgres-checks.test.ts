import assert from 'node:assert/strict';
import pg from 'pg';
import { type PostgresStoreOptions, postgresStore } from 'sallyport/postgres';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';
import { eventually } from '../support/redis.js';
import { coded, isUnavailable } from '../support/redis-store.js';

describe('postgresStore', () => {
  let url: string;
  let pool: pg.Pool;
  let prefix: string;
  const opened: { close(): Promise<void> }[] = [];
  const open = (options: PostgresStoreOptions = {}, on = pool) => {
    const store = postgresStore(on, { prefix, initialize: false, ...options });
    opened.push(store);
    return store;
  };
  const execute = (text: string) => pool.query(text.replaceAll('$TABLES', prefix));

  before(async () => {
    url = await sharedPostgres();
  });
  beforeEach(() => {
    prefix = uniqueTables();
    pool = openPool(url);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await closePool(pool);
  });

  it('takes a pool of pg, and names whatever else it is given', () => {
    const client = new pg.Client({ connectionString: url });
    const wrong: readonly unknown[] = [url, undefined, null, 5, {}, { query() {}, connect() {} }];
    for (const given of [...wrong, client]) {
      const make = () => Reflect.apply(postgresStore, undefined, [given]);
      assert.throws(make, coded('ERR_POSTGRES_POOL'), String(given));
    }
    const small = new pg.Pool({ connectionString: url, max: 1 });
    assert.throws(() => postgresStore(small), /max must be 2 or more, got 1/);
    const listen = () => new pg.Client({ connectionString: url });
    assert.equal(postgresStore(small, { listen }).name, 'postgres');
  });

  it('takes plain names for its tables and any name of a schema, and no others', () => {
    for (const options of [
      { prefix: 'a"b' },
      { schema: '' },
      { schema: 'a\0b' },
      { schema: 'é'.repeat(32) },
      { prefix: '' },
      { prefx: 'a' },
      { listen: true },
      { listen: '' },
      { listen: 5 },
    ]) {
      assert.throws(
        () => postgresStore(pool, options as unknown as PostgresStoreOptions),
        coded('ERR_OPTION'),
        JSON.stringify(options),
      );
    }
  });

  it('serves nobody from a database without its tables, and says what to run', async () => {
    const store = open();
    await assert.rejects(store.ready(), coded('ERR_STORE_NOT_INITIALIZED'));
    await assert.rejects(store.ready(), /npx sallyport init --postgres/);
    await assert.rejects(
      async () => store.readSubject('user1'),
      coded('ERR_STORE_NOT_INITIALIZED'),
    );
    await assert.rejects(store.reset('user1'), coded('ERR_STORE_NOT_INITIALIZED'));
  });

  it('is set up once, by whoever is told to, two at a time, and keeps what is there', async () => {
    const [one, other] = [open(), open()];
    await Promise.all([one.initialize(), other.initialize()]);
    await one.ready();
    await one.reset('user1');
    await other.initialize();
    assert.equal((await other.readSubject('user1')).epoch, 1);
  });

  it('keeps its tables in the schema that is named', async () => {
    await execute(`CREATE SCHEMA $TABLES`);
    const store = open({ schema: prefix, prefix: 'a_' });
    await store.initialize();
    await store.ready();
    await store.reset('user1');
    const { rows } = await execute(`SELECT count(*)::int AS n FROM $TABLES.a_records`);
    assert.deepEqual(rows, [{ n: 3 }]);
  });

  it('serves nobody from tables of another version', async () => {
    const store = open();
    await store.initialize();
    await execute(`UPDATE $TABLESrecords SET body = '99' WHERE kind = 'marker'`);
    await assert.rejects(store.ready(), coded('ERR_POSTGRES_SCHEMA'));
    await execute(`UPDATE $TABLESrecords SET body = '1' WHERE kind = 'marker'`);
    await execute(`ALTER TABLE $TABLESrecords RENAME COLUMN body TO other`);
    await assert.rejects(store.ready(), coded('ERR_POSTGRES_SCHEMA'));
  });

  it('serves nobody once its marker is gone, be the store warm or cold', async () => {
    const store = open();
    await store.initialize();
    await store.ready();
    await store.reset('user1');
    await store.readSubject('user1');
    await execute(`DELETE FROM $TABLESrecords`);
    await assert.rejects(store.reset('user1'), coded('ERR_STORE_NOT_INITIALIZED'));
    await assert.rejects(
      store.appendEvent('acme', EVENT, PLACE),
      coded('ERR_STORE_NOT_INITIALIZED'),
    );
    await assert.rejects(
      store.readEvents('acme', { before: null, limit: 1 }),
      coded('ERR_STORE_NOT_INITIALIZED'),
    );
    // What was at hand is dropped by the next heartbeat.
    await eventually(async () => {
      const answer = await Promise.resolve()
        .then(() => store.readSubject('user1'))
        .catch((error: unknown) => error);
      return coded('ERR_STORE_NOT_INITIALIZED')(answer);
    });
    const { rows } = await execute(`SELECT count(*)::int AS n FROM $TABLESrecords`);
    assert.deepEqual(rows, [{ n: 0 }]);
  });

  it('asks for no more rights than to read and write two tables, and names what is missing', async () => {
    await open().initialize();
    await execute(`CREATE ROLE $TABLESuser LOGIN`);
    const address = new URL(url);
    address.username = `${prefix}user`;
    const theirs = openPool(address.href);
    try {
      const store = open({}, theirs);
      await assert.rejects(store.ready(), coded('ERR_POSTGRES_PERMISSION'));
      await execute(`GRANT SELECT ON $TABLESrecords, $TABLESevents TO $TABLESuser`);
      await assert.rejects(store.ready(), coded('ERR_POSTGRES_PERMISSION'));
      await execute(`GRANT INSERT, UPDATE, DELETE ON $TABLESrecords, $TABLESevents TO $TABLESuser`);
      await store.ready();
      await store.reset('user1');
      await store.appendEvent('acme', EVENT, PLACE);
      assert.equal((await store.readEvents('acme', { before: null, limit: 5 })).length, 1);
      await store.close();
    } finally {
      await closePool(theirs);
      await execute(`DROP OWNED BY $TABLESuser`);
      await execute(`DROP ROLE $TABLESuser`);
    }
  });

  it('refuses a database that takes no writes, from the first moment and later', async () => {
    await open().initialize();
    const readOnly = openPool(url, { options: '-c default_transaction_read_only=on' });
    const store = open({}, readOnly);
    await assert.rejects(store.ready(), coded('ERR_POSTGRES_READ_ONLY'));
    await assert.rejects(store.reset('user1'), coded('ERR_POSTGRES_READ_ONLY'));
    await store.close();
    await closePool(readOnly);
  });

  it('finds out that notices do not arrive, and then believes nothing that it has read', async () => {
    await open().initialize();
    const elsewhere = new URL(url);
    elsewhere.pathname = '/template1';
    const listen = () => new pg.Client({ connectionString: elsewhere.href });
    const store = open({ listen, timeout: 200 });
    await assert.rejects(store.ready(), coded('ERR_POSTGRES_LISTEN'));
    await assert.rejects(async () => store.readSubject('user1'), coded('ERR_POSTGRES_LISTEN'));
  });

  it('asks nothing of the database for what was read before', async () => {
    const store = open();
    await store.initialize();
    await store.ready();
    await store.reset('user1');
    for (const read of [() => store.readSubject('user1'), () => store.readAssurance('none')]) {
      await eventually(() => !(read() instanceof Promise));
    }
    assert.equal((await store.readSetting('acme')) ?? null, null);
    assert.equal(store.readSetting('acme'), null);
    const { query } = pool;
    const asked: unknown[] = [];
    Object.assign(pool, {
      query: (...args: Parameters<typeof query>) => {
        asked.push(args[0]);
        return Reflect.apply(query, pool, args);
      },
    });
    for (let n = 0; n < 100; n += 1) {
      assert.equal((await store.readSubject('user1')).epoch, 1);
      assert.equal(await store.readAssurance('none'), null);
      assert.equal(await store.readSetting('acme'), null);
    }
    assert.deepEqual(asked, []);
  });

  it('listens on a connection of its own by its address, and says nothing of it where that fails', async () => {
    await open().initialize();
    const small = openPool(url, { max: 1 });
    const store = open({ listen: url }, small);
    await store.ready();
    await store.readSubject('user1');
    await open().reset('user1');
    await eventually(async () => (await store.readSubject('user1')).epoch === 1);
    await eventually(() => !(store.readSubject('user1') instanceof Promise));
    const wrong = open({ listen: 'postgres://user:hush@127.0.0.1:1/none' });
    await assert.rejects(wrong.ready(), (error: Error) => {
      assert.doesNotMatch(error.message, /hush/);
      return isUnavailable(error);
    });
    await store.close();
    await closePool(small);
  });

  it('without LISTEN asks for versions, and sees what others do within the bound', async () => {
    await open().initialize();
    const [store, other] = [open({ listen: false }), open({ listen: false })];
    await Promise.all([store.ready(), other.ready()]);
    await store.reset('user1');
    const epochOf = async (id: string) => (await store.readSubject(id)).epoch;
    const atHand = (id: string) => eventually(() => !(store.readSubject(id) instanceof Promise));
    for (const id of ['user1', 'nobody yet', 'a:"b\\\n{c}', '\ud800']) {
      const before = await epochOf(id);
      await atHand(id);
      let told = 0;
      const unsubscribe = store.subscribe(() => {
        told += 1;
      });
      await other.reset(id);
      await eventually(async () => (await epochOf(id)) === before + 1, store.stalenessMs);
      assert.ok(told > 0);
      unsubscribe();
      await atHand(id);
    }
    // A store of which one process alone is used asks for nothing else than versions.
    const { query } = pool;
    const asked: string[] = [];
    Object.assign(pool, {
      query: (...args: Parameters<typeof query>) => {
        asked.push((args[0] as unknown as { text: string }).text);
        return Reflect.apply(query, pool, args);
      },
    });
    await eventually(async () => {
      assert.equal(await epochOf('user1'), 2);
      return asked.filter((text) => text.includes('unnest')).length >= 4;
    }, 10_000);
    Object.assign(pool, { query });
    const others = asked.filter((text) => !/unnest|extract\(epoch FROM clock_timestamp/.test(text));
    assert.deepEqual(others, []);
  });

  it('rejects within its time where the pool has no connection to spare', async () => {
    const store = open({ timeout: 200 });
    await store.initialize();
    await store.ready();
    const held = await Promise.all(Array.from({ length: 9 }, () => pool.connect()));
    await assert.rejects(store.reset('user1'), (error: Error) => {
      assert.match(error.message, /of the pool's 10 connections are in use/);
      return isUnavailable(error);
    });
    for (const client of held) client.release();
    await eventually(async () => (await store.reset('user2')).epoch === 1);
  });
});

const PLACE = { trail: 'a', keep: 10, folds: [] };
const EVENT = {
  ...{ type: 'verification.succeeded' as const, at: new Date(0), subjectId: 'user1' },
  ...{ tenantId: 'acme', actorId: null, method: 'totp', from: null, detail: null },
};
