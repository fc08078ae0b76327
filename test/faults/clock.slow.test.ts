import assert from 'node:assert/strict';
import { Browser, codeAt } from '../support/browser.js';
import { faultProcess } from '../support/fault-processes.js';
import { signIn, statusOf } from '../support/faulty.js';
import { dataServers } from '../support/host-data.js';
import type { KeptServer } from '../support/kept-server.js';
import { eventually } from '../support/redis.js';
import { closeStores } from '../support/redis-store.js';

const HOUR = 60 * 60 * 1000;
const MAX_AGE_MS = 3000;

for (const [serverName, start] of dataServers) {
  describe(`a process whose clock is off (${serverName})`, function () {
    this.timeout(40_000);
    let server: KeptServer;

    before(async () => {
      server = await start();
    });
    after(async () => {
      await closeStores();
      await server.stop();
    });

    for (const [what, clockOffset] of [
      ['an hour ahead', HOUR],
      ['an hour behind', -HOUR],
    ] as const) {
      it(`${what} takes the codes of now, and ends a proof when it ends`, async () => {
        const settings = { url: server.url, now: null };
        const [skewed, sound] = await Promise.all([
          faultProcess({ ...settings, maxAge: '3s' }, { clockOffset }),
          faultProcess({ ...settings, maxAge: '3s' }),
        ]);
        const name = `${what.replaceAll(' ', '-')}@acme`;
        const inside = new Browser(skewed.url);
        const key = await inside.activate(name, Date.now());
        const since = performance.now();
        assert.equal(await statusOf(inside), 200);
        assert.equal(await statusOf(inside.copy(sound.url)), 200);
        await eventually(async () => (await statusOf(inside)) === 303, 15_000);
        assert.ok(performance.now() - since >= MAX_AGE_MS - 1000, 'not before its end');
        assert.equal((await inside.get('/reports')).headers.location, '/two-factor/challenge');
        assert.equal(await statusOf(inside.copy(sound.url)), 303);

        // A code of its own time is none: an hour off either way.
        const other = new Browser(skewed.url);
        await other.login(name);
        const wrong = await other.answerChallenge(codeAt(key, Date.now() + clockOffset));
        assert.equal(wrong.status, 422);
        await signIn(skewed.url, name, codeAt(key, Date.now() + 30_000));
      });
    }
  });
}
