import assert from 'node:assert/strict';
import { type PostgresStore, postgresStore } from 'sallyport/postgres';
import { closePool, openPool, type PostgresServer, startPostgres } from '../support/postgres.js';
import { startProxy } from '../support/proxy.js';
import { eventually } from '../support/redis.js';
import { coded, timed } from '../support/redis-store.js';

describe('a Postgres with a standby', function () {
  this.timeout(90_000);
  let primary: PostgresServer;
  let standby: PostgresServer;

  before(async () => {
    primary = await startPostgres({ settings: { synchronous_commit: 'remote_apply' } });
    standby = await startPostgres({ standbyOf: primary });
    const pool = openPool(primary.url);
    // From now on a write is acknowledged when the standby has it.
    await pool.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await pool.query('SELECT pg_reload_conf()');
    await closePool(pool);
  });
  after(() => Promise.all([primary.stop(), standby.stop()]));

  it('is refused where it is the standby, and served from once that was promoted, with all that was acknowledged', async () => {
    const way = await startProxy(primary.port);
    const pools = [1, 2].map(() => openPool(primary.url.replace(/:\d+\//, `:${way.port}/`)));
    const stores = pools.map((pool) => postgresStore(pool, { timeout: 400, initialize: true }));
    const [store, other] = stores as [PostgresStore, PostgresStore];
    const wrongly = openPool(standby.url);
    try {
      for (const one of stores) await one.ready();
      assert.equal((await store.reset('user1')).epoch, 1);
      assert.equal((await other.reset('user1')).epoch, 2);
      for (const one of stores) {
        await eventually(async () => (await one.readSubject('user1')).epoch === 2);
      }
      const reader = postgresStore(wrongly, { initialize: false });
      await assert.rejects(reader.ready(), coded('ERR_POSTGRES_READ_ONLY'));
      await reader.close();

      way.leadTo(standby.port);
      await primary.kill();
      for (const one of stores) {
        for (const call of [() => one.reset('user2'), () => one.readSubject('user1')]) {
          await eventually(async () => coded('ERR_POSTGRES_READ_ONLY')((await timed(call)).error));
        }
      }

      await wrongly.query('SELECT pg_promote()');
      for (const one of stores) {
        await eventually(async () => (await one.reset(`new-${Math.random()}`)).epoch === 1, 15_000);
        assert.equal((await one.readSubject('user1')).epoch, 2);
        await eventually(() => !(one.readSubject('user1') instanceof Promise));
      }
      // And they hear of each other as before.
      assert.equal((await store.reset('user1')).epoch, 3);
      await eventually(async () => (await other.readSubject('user1')).epoch === 3);
    } finally {
      await Promise.all(stores.map((one) => one.close()));
      await Promise.all([...pools, wrongly].map(closePool));
      await way.stop();
    }
  });
});
