import assert from 'node:assert/strict';
import { Browser } from '../support/browser.js';
import { stands, statusOf } from '../support/faulty.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { closeStores } from '../support/redis-store.js';
import { type SmallDisk, smallDisk } from '../support/small-disk.js';
import { twoProcesses } from '../support/two-processes.js';

describe('an app in two processes, while the disk of its Postgres', function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let disk: SmallDisk;

  beforeEach(async () => {
    server = await startPostgres();
    disk = await smallDisk(server);
  });
  afterEach(async () => {
    await closeStores();
    await server.stop();
    disk.remove();
  });

  it('is full counts nobody’s guess for nothing, lets nobody in by it, and goes on when there is room', async () => {
    const app = await twoProcesses(server.url);
    const [here, there] = app.between;
    const _csrf = await there.csrf();
    await disk.fill();
    // What fits into a page that is there is written; sooner or later nothing fits.
    let refused = 0;
    for (let n = 0; refused < 3 && n < 400; n += 1) {
      const { status } = await new Browser(app.here.url).login(`new${n}@acme`);
      assert.ok(status === 302 || status >= 500, String(status));
      if (status >= 500) refused += 1;
    }
    assert.equal(refused, 3, 'the disk is full');
    for (const browser of app.inside) {
      await stands(String(browser.target), browser, 'inside', 'full');
    }
    for (const browser of app.between) {
      await stands(String(browser.target), browser, 'between', 'full');
    }
    for (let guess = 0; guess < 5; guess += 1) {
      const answer = await there.post('/two-factor/challenge/totp', { code: '000000', _csrf });
      // Counted, which is said, or not compared at all.
      assert.ok([422, 429, 503].includes(answer.status), `${answer.status}: ${answer.text}`);
      for (const browser of [here, there]) assert.notEqual(await statusOf(browser), 200);
    }
    await disk.empty();
    await app.assertBack();
    await app.assertHeard(5000);
  });
});
