import assert from 'node:assert/strict';
import { postgresStore } from 'sallyport/postgres';
import type { KeptServer } from '../support/kept-server.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import { closePool, openPool, startPostgres } from '../support/postgres.js';
import { closeStores, coded } from '../support/redis-store.js';
import { twoProcesses } from '../support/two-processes.js';

const BOUND_MS = 5000;

describe('an app in two processes behind PgBouncer in transaction mode', function () {
  this.timeout(120_000);
  let server: KeptServer;
  let pooler: KeptServer;

  beforeEach(async () => {
    server = await startPostgres();
    pooler = await startPgBouncer(server);
  });
  afterEach(async () => {
    await closeStores();
    await pooler.stop();
    await server.stop();
  });

  it('is told at its start that notices do not arrive that way', async () => {
    const pool = openPool(pooler.url);
    const store = postgresStore(pool, { initialize: true });
    await assert.rejects(store.ready(), coded('ERR_POSTGRES_LISTEN'));
    await assert.rejects(store.ready(), /listen/);
    await store.close();
    await closePool(pool);
  });

  for (const listens of [true, false]) {
    it(`${listens ? 'listens past it' : 'does without LISTEN'}, and is served as by the server itself`, async () => {
      const app = await twoProcesses(pooler.url, { listen: listens && server.url });
      await app.assertHeard(BOUND_MS);
      await pooler.kill();
      await app.assertDenied('no pooler');
      await pooler.start();
      await app.assertBack();
      await server.kill();
      await app.assertDenied('no server behind the pooler');
      await server.start();
      await app.assertWhole();
      await app.assertHeard(BOUND_MS);
    });
  }
});
