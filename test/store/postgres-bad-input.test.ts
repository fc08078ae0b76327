import assert from 'node:assert/strict';
import pg from 'pg';
import { SallyportError } from 'sallyport';
import { type PostgresStoreOptions, postgresStore } from 'sallyport/postgres';
import { closePool, openPool, sharedPostgres, uniqueTables } from '../support/postgres.js';

/** Of issue 12: each one coded error that says what to run. */
describe('postgresStore, given what it cannot use, says by one code what to run', () => {
  let url: string;
  let owner: pg.Pool;
  let prefix: string;

  before(async () => {
    url = await sharedPostgres();
  });
  beforeEach(() => {
    prefix = uniqueTables();
    owner = openPool(url);
  });
  afterEach(() => closePool(owner));

  const run = (text: string) => owner.query(text.replaceAll('$P', prefix));

  async function setUp(): Promise<void> {
    const store = postgresStore(owner, { prefix });
    await store.initialize();
    await store.close();
  }

  /** The same by `ready()`, by a read and by a write. */
  async function assertSays(
    pool: pg.Pool,
    code: string,
    says: RegExp,
    options: PostgresStoreOptions = {},
  ): Promise<void> {
    const store = postgresStore(pool, { prefix, initialize: false, ...options });
    for (const work of [
      () => store.ready(),
      async () => store.readSubject('user1'),
      () => store.reset('user1'),
    ]) {
      await assert.rejects(work, (error) => {
        assert.ok(error instanceof SallyportError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, says);
        return true;
      });
    }
    await store.close();
  }

  it('for what is no Pool of pg', () => {
    const foreign: readonly (readonly [unknown, RegExp])[] = [
      [url, /got a text$/],
      [new pg.Client({ connectionString: url }), /got a single Client, or something else$/],
      // As postgres.js, mysql2, generic-pool, Knex and Prisma have them.
      [Object.assign(() => {}, { unsafe() {}, listen() {} }), /got a function$/],
      [{ getConnection() {}, query() {}, execute() {}, end() {} }, /got something else$/],
      [{ acquire() {}, release() {}, size: 1 }, /got something else$/],
      [{ $queryRaw() {}, $connect() {} }, /got something else$/],
      [null, /got null$/],
      [undefined, /got undefined$/],
    ];
    for (const [given, got] of foreign) {
      assert.throws(
        () => Reflect.apply(postgresStore, undefined, [given]),
        (error) => {
          assert.ok(error instanceof SallyportError);
          assert.equal(error.code, 'ERR_POSTGRES_POOL');
          assert.match(error.message, /new Pool\(\{ connectionString \}\)/);
          assert.match(error.message, got);
          return true;
        },
      );
    }
  });

  it('for a database without the tables, or without their schema', async () => {
    const init = /run `npx sallyport init --postgres URL`/;
    await assertSays(owner, 'ERR_STORE_NOT_INITIALIZED', init);
    await assertSays(owner, 'ERR_STORE_NOT_INITIALIZED', init, { schema: `${prefix}none` });
  });

  it('for tables of another version, or that are not ours', async () => {
    await setUp();
    await run(`UPDATE $Precords SET body = '2' WHERE kind = 'marker'`);
    await assertSays(owner, 'ERR_POSTGRES_SCHEMA', /npm install sallyport@latest/);
    await run('DROP TABLE $Precords; CREATE TABLE $Precords (id serial)');
    await assertSays(owner, 'ERR_POSTGRES_SCHEMA', /npx sallyport init --postgres URL.*--print/);
  });

  for (const granted of [[], ['SELECT'], ['SELECT', 'INSERT', 'UPDATE']]) {
    it(`for a user who may ${granted.join(', ') || 'nothing'}`, async () => {
      await setUp();
      await run('CREATE ROLE $Puser LOGIN');
      if (granted.length > 0) await run(`GRANT ${granted} ON $Precords, $Pevents TO $Puser`);
      const address = new URL(url);
      address.username = `${prefix}user`;
      const theirs = openPool(address.href);
      try {
        const store = postgresStore(theirs, { prefix, initialize: false });
        await assert.rejects(store.ready(), (error) => {
          assert.ok(error instanceof SallyportError);
          assert.equal(error.code, 'ERR_POSTGRES_PERMISSION');
          assert.match(error.message, /run GRANT SELECT, INSERT, UPDATE, DELETE ON .* TO the user/);
          return true;
        });
        await store.close();
      } finally {
        await closePool(theirs);
        await run('DROP OWNED BY $Puser');
        await run('DROP ROLE $Puser');
      }
    });
  }

  it('for a database that takes no writes', async () => {
    await setUp();
    const readOnly = openPool(url, { options: '-c default_transaction_read_only=on' });
    const store = postgresStore(readOnly, { prefix, initialize: false });
    for (const work of [() => store.ready(), () => store.reset('user1')]) {
      await assert.rejects(work, (error) => {
        assert.ok(error instanceof SallyportError);
        assert.equal(error.code, 'ERR_POSTGRES_READ_ONLY');
        assert.match(error.message, /target_session_attrs=read-write.*run ALTER DATABASE/);
        return true;
      });
    }
    await store.close();
    await closePool(readOnly);
  });

  it('for a user, a database or a server that there is none of', async () => {
    const wrong = (change: (address: URL) => void): pg.Pool => {
      const address = new URL(url);
      change(address);
      return openPool(address.href);
    };
    const cases = [
      [wrong((one) => (one.pathname = '/none')), /3D000: there is no such database/],
      [wrong((one) => (one.username = 'nobody-of-this-name')), /28\w+: .*user or password/],
      [wrong((one) => (one.port = '1')), /cannot be reached: connect ECONNREFUSED/],
    ] as const;
    for (const [pool, says] of cases) {
      await assertSays(pool, 'ERR_STORE_UNAVAILABLE', says);
      await closePool(pool);
    }
  });
});
