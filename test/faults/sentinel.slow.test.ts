import assert from 'node:assert/strict';
import { host } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { assertDenied, BOUND_MS, signIn, stands, statusOf } from '../support/faulty.js';
import { eventually } from '../support/redis.js';
import { openSentinelStore, type RedisTrio, startSentinels } from '../support/redis-sentinel.js';
import { closeStores } from '../support/redis-store.js';
import { TOTP_ONLY } from '../support/worlds.js';

const USER = 'user1@acme';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('a failover by Sentinel', function () {
  this.timeout(60_000);
  let trio: RedisTrio;
  let time = Date.UTC(2026, 0, 1, 0, 0, 15);

  before(async () => {
    trio = await startSentinels();
  });
  after(async () => {
    await closeStores();
    await trio.stop();
  });

  it('lets nobody in who has not proven, and loses nobody who was told that they are enrolled', async () => {
    const store = openSentinelStore(trio, { initialize: true, waitReplicas: 1, now: () => time });
    const { app } = await host({ store, policy: () => TOTP_ONLY });
    const inside = new Browser(app);
    const key = await inside.activate(USER, time);
    const between = new Browser(app);
    await between.login(USER);
    const bothStand = async (what: string) => {
      const stand = [
        await stands(app, inside, 'inside', what),
        await stands(app, between, 'between', what),
      ];
      return stand.every(Boolean);
    };
    assert.ok(await bothStand('before'));
    const newcomers = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const browser = new Browser(app);
        await browser.login(`new${n}@acme`);
        return { name: `new${n}@acme`, browser, ...(await browser.totpForm()) };
      }),
    );

    // All confirm at once, and the first answer is the end of the master.
    await trio.patience(HOUR);
    const outcomes = await Promise.all(
      newcomers.map(async ({ browser, key: own, enrollment, _csrf }) => {
        const code = codeAt(own, time);
        const since = performance.now();
        const answer = await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
        assert.ok(performance.now() - since < BOUND_MS);
        if (answer.status === 303) await trio.master.kill();
        return answer.status;
      }),
    );
    assert.ok(outcomes.includes(303), String(outcomes));
    assert.ok(
      outcomes.every((status) => status === 303 || status === 503),
      String(outcomes),
    );
    for (const browser of [inside, between]) await assertDenied(app, browser, 'without a master');
    assert.equal((await new Browser(app).login(USER)).status, 503);

    await trio.patience(500);
    await eventually(() => bothStand('during the failover'), 30_000);

    time += MINUTE;
    const proven = await between.answerChallenge(codeAt(key, time));
    assert.equal(proven.status, 303, proven.text);
    assert.equal(await statusOf(between), 200);
    for (const [n, { name, browser, key: own }] of newcomers.entries()) {
      const { enrollments } = await store.readSubject(name);
      if (outcomes[n] === 303) assert.equal(enrollments.length, 1, `${name} is lost`);
      // Who was told to try again has an authenticator by now, or is led on to activate one.
      if (enrollments.length === 1) await signIn(app, name, codeAt(own, time));
      else assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    }

    // The new master has no replica yet: nobody is told that an enrollment is done which could be lost.
    const late = new Browser(app);
    await late.login('late@acme');
    const { key: own, ...fields } = await late.totpForm();
    const answer = { code: codeAt(own, time), ...fields };
    assert.equal((await late.post('/two-factor/activate/totp', answer)).status, 503);
    assert.equal(await statusOf(late), 303);
  });
});
