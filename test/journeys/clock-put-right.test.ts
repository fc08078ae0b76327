import assert from 'node:assert/strict';
import type { PolicyInput } from 'sallyport';
import type { Host } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const USER = 'user1@acme';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

journeys('after a clock that was an hour ahead is put right', (world) => {
  let host: Host;
  let policy: PolicyInput;

  beforeEach(async () => {
    policy = TOTP_ONLY;
    host = await world().host({
      policy: () => policy,
      routes(app, door) {
        const fresh = door.require({ maxAge: '5m' });
        app.get('/fresh', fresh, (_req, res) => void res.send('fresh'));
      },
    });
  });

  const now = () => world().clock.now();
  const putRight = () => world().clock.advance(-HOUR);
  const whereTo = async (browser: Browser, path = '/reports') => {
    const { status, headers } = await browser.get(path);
    return status === 200 ? 'inside' : headers.location;
  };

  it('a proof of before is none', async () => {
    const browser = new Browser(host.app);
    await browser.activate(USER, now());
    assert.equal(await whereTo(browser, '/fresh'), 'inside');
    putRight();
    for (const minutes of [0, 1, 30]) {
      world().clock.advance(minutes * MINUTE);
      assert.equal(await whereTo(browser, '/fresh'), '/two-factor/challenge');
      assert.equal(await whereTo(browser), '/two-factor/challenge');
      assert.equal((await browser.json('get', '/fresh')).status, 401);
      assert.equal(await whereTo(browser, '/two-factor/profile'), '/two-factor/challenge');
    }
  });

  it('nor does it count beside one that is given then', async () => {
    const browser = new Browser(host.app);
    const key = await browser.activate(USER, now());
    putRight();
    // Its steps are those of an hour ahead, and an earlier one is never accepted: a new app, or patience.
    const code = codeAt(key, now());
    assert.equal((await browser.answerChallenge(code)).status, 422);
    world().clock.advance(HOUR + 30_000);
    assert.equal((await browser.answerChallenge(codeAt(key, now()))).status, 303);
    assert.equal((await browser.json('get', '/api/me')).body.assurance.length, 1);
  });

  it('a time between the doors that began before is over', async () => {
    const browser = new Browser(host.app);
    await browser.login(USER);
    assert.equal(await whereTo(browser), '/two-factor/activate');
    putRight();
    assert.equal(await whereTo(browser), '/two-factor/expired');
    assert.equal(await whereTo(browser), '/login');
  });

  it('a device that was remembered before is not recognized, and forgotten', async () => {
    policy = { ...TOTP_ONLY, rememberDeviceSeconds: 3600 };
    const first = new Browser(host.app);
    const key = await first.activate(USER, now());
    const browser = new Browser(host.app);
    await browser.login(USER);
    world().clock.advance(30_000);
    const _csrf = await browser.csrf();
    const answer = { code: codeAt(key, now()), remember: '1', _csrf };
    await browser.post('/two-factor/challenge/totp', answer);
    assert.equal((await world().store.readDevices(USER)).length, 1);
    putRight();
    const later = new Browser(host.app);
    later.cookies.set('sallyport.device', browser.cookies.get('sallyport.device') ?? '');
    await later.login(USER);
    assert.equal(await whereTo(later), '/two-factor/challenge');
    assert.deepEqual(await world().store.readDevices(USER), []);
  });
});
