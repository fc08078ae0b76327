import assert from 'node:assert/strict';
import { Browser } from '../support/browser.js';
import { stands, statusOf } from '../support/faulty.js';
import { closePool, openPool, type PostgresServer, startPostgres } from '../support/postgres.js';
import { type SlowWay, startProxy } from '../support/proxy.js';
import { eventually } from '../support/redis.js';
import { closeStores } from '../support/redis-store.js';
import { twoProcesses } from '../support/two-processes.js';

/** What a store promises of changes that it is not told of. */
const BOUND_MS = 5000;

describe('an app in two processes, while its Postgres', function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let way: SlowWay;

  beforeEach(async () => {
    server = await startPostgres();
    way = await startProxy(server.port);
  });
  afterEach(async () => {
    await closeStores();
    await way.stop();
    await server.stop();
  });

  /** The same server through the proxy. */
  const detour = () => server.url.replace(/:\d+\//, `:${way.port}/`);

  async function run(...statements: readonly string[]): Promise<void> {
    const pool = openPool(server.url, { max: 1 });
    for (const statement of statements) await pool.query(statement);
    await closePool(pool);
  }
  const others = `FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`;

  for (const [how, options] of [
    ['', {}],
    [', without LISTEN', { listen: false }],
  ] as const) {
    it(`hangs, answers everybody in time, and goes on when it does${how}`, async () => {
      const app = await twoProcesses(server.url, options);
      server.pause();
      try {
        await app.assertDenied('hung');
      } finally {
        server.resume();
      }
      await app.assertWhole();
      await app.assertHeard(BOUND_MS);
    });

    it(`ends all connections again and again, lets nobody in by it and loses nothing${how}`, async () => {
      const app = await twoProcesses(server.url, options);
      for (let round = 0; round < 5; round += 1) {
        await run(`SELECT pg_terminate_backend(pid) ${others}`);
        for (const browser of app.inside) {
          assert.ok([200, 503].includes(await statusOf(browser)));
        }
        for (const browser of app.between) assert.notEqual(await statusOf(browser), 200);
      }
      await app.assertWhole();
      await app.assertHeard(BOUND_MS);
    });

    it(`takes no writes any longer, refuses codes and goes on when it does${how}`, async () => {
      const app = await twoProcesses(server.url, options);
      const [between] = app.between;
      const _csrf = await between.csrf();
      await run('ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
      await eventually(async () => {
        const anew = new Browser(app.there.url);
        return (await anew.login('somebody@acme')).status >= 500;
      });
      const { status } = await between.post('/two-factor/challenge/totp', {
        code: '000000',
        _csrf,
      });
      assert.equal(status, 503);
      assert.notEqual(await statusOf(between), 200);
      await run(
        'SET default_transaction_read_only = off',
        'ALTER SYSTEM RESET default_transaction_read_only',
        'SELECT pg_reload_conf()',
      );
      await app.assertWhole();
      await app.assertHeard(BOUND_MS);
    });
  }

  it('loses what it announces, no session outlives the bound, and all is as before when it is heard', async () => {
    const app = await twoProcesses(server.url, { listen: detour() });
    await app.assertHeard(BOUND_MS);
    // The listening connections stay open, and nothing arrives on them any longer.
    way.holdWhen(async () => true);
    await app.assertHeard(BOUND_MS);
    way.holdWhen(async () => false);
    await app.assertWhole();
    await app.assertHeard(BOUND_MS);
  });

  for (const listens of [true, false]) {
    const how = listens ? 'listening on one of its own' : 'without LISTEN';
    it(`is left without a connection by the app, refuses in time and goes on, ${how}`, async () => {
      const app = await twoProcesses(server.url, { max: 3, listen: listens && server.url });
      for (const one of [app.here, app.there]) await one.tell({ kind: 'hold' });
      await app.assertDenied('no connection is free');
      for (const one of [app.here, app.there]) await one.tell({ kind: 'release' });
      await app.assertWhole();
      await app.assertHeard(BOUND_MS);
    });
  }

  it('is left one connection by the app, which it listens on, answers in time and goes on', async () => {
    const app = await twoProcesses(server.url, { max: 3 });
    for (const one of [app.here, app.there]) await one.tell({ kind: 'hold' });
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        ...app.inside.map((one) => stands(String(one.target), one, 'inside', 'held')),
        ...app.between.map((one) => stands(String(one.target), one, 'between', 'held')),
      ]);
    }
    for (const one of [app.here, app.there]) await one.tell({ kind: 'release' });
    await app.assertWhole();
    await app.assertHeard(BOUND_MS);
  });

  it('ends the listening connections alone, what changes meanwhile is seen by both', async () => {
    const app = await twoProcesses(server.url);
    await run(`SELECT pg_terminate_backend(pid) ${others} AND query LIKE 'LISTEN%'`);
    await app.assertHeard(BOUND_MS);
    await app.assertWhole();
  });

  it('is asked for versions once a second, a change is seen within the bound', async () => {
    const app = await twoProcesses(server.url, { listen: false });
    for (let round = 0; round < 3; round += 1) await app.assertHeard(BOUND_MS);
  });
});
