import assert from 'node:assert/strict';
import { postgresStore } from 'sallyport/postgres';
import { statusOf } from '../support/faulty.js';
import { closePool, openPool, type PostgresServer, startPostgres } from '../support/postgres.js';
import { type SlowWay, startProxy } from '../support/proxy.js';
import { eventually } from '../support/redis.js';
import { closeStores, coded } from '../support/redis-store.js';
import { twoProcesses } from '../support/two-processes.js';

describe('a Postgres with a standby', function () {
  this.timeout(120_000);
  let primary: PostgresServer;
  let standby: PostgresServer;
  let way: SlowWay;

  beforeEach(async () => {
    primary = await startPostgres({ settings: { synchronous_commit: 'remote_apply' } });
    standby = await startPostgres({ standbyOf: primary });
    way = await startProxy(primary.port);
    const pool = openPool(primary.url);
    // From now on a write is acknowledged when the standby has it.
    await pool.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
    await pool.query('SELECT pg_reload_conf()');
    await closePool(pool);
  });
  afterEach(async () => {
    await closeStores();
    await way.stop();
    await Promise.all([primary.stop(), standby.stop()]);
  });

  const addressed = (port: number) => primary.url.replace(/:\d+\//, `:${port}/`);

  async function promote(): Promise<void> {
    const pool = openPool(standby.url);
    await pool.query('SELECT pg_promote()');
    await closePool(pool);
  }

  for (const [how, options] of [
    ['', {}],
    [', without LISTEN', { listen: false }],
  ] as const) {
    it(`lets nobody in by the standby, and goes on in both processes once that was promoted${how}`, async () => {
      const app = await twoProcesses(addressed(way.port), options);
      way.leadTo(standby.port);
      await primary.kill();
      await app.assertDenied('only a standby is left');
      await promote();
      await app.assertWhole();
      await app.assertHeard(5000);
    });
  }

  it('lets nobody in by a standby that is followed by one process alone', async () => {
    const app = await twoProcesses([addressed(way.port), primary.url]);
    way.leadTo(standby.port);
    // The way to the primary is broken off, and that leads to the standby now.
    way.resetAfter(1);
    const [inside] = app.inside;
    await eventually(async () => (await statusOf(inside)) === 503, 10_000);
    assert.equal(await statusOf(app.inside[1]), 200);
    way.leadTo(primary.port);
    way.resetAfter(1);
    await app.assertWhole();
    await app.assertHeard(5000);
  });

  it('goes on in both processes when the primary was away and is back', async () => {
    const app = await twoProcesses(addressed(way.port));
    await primary.kill();
    await app.assertDenied('no primary');
    await primary.start();
    await app.assertWhole();
    await app.assertHeard(5000);
  });

  it('is refused at once where it is the standby', async () => {
    const first = openPool(primary.url);
    const store = postgresStore(first, { initialize: true });
    await store.ready();
    const wrongly = openPool(standby.url);
    const reader = postgresStore(wrongly, { initialize: false });
    await assert.rejects(reader.ready(), coded('ERR_POSTGRES_READ_ONLY'));
    await assert.rejects(async () => reader.readSubject('user1'), coded('ERR_POSTGRES_READ_ONLY'));
    await reader.close();
    await store.close();
    await Promise.all([first, wrongly].map(closePool));
  });
});
