import assert from 'node:assert/strict';
import { Browser, codeAt } from '../support/browser.js';
import { set, switchOn, tenancy } from '../support/tenancy.js';
import { journeys, sessionIdOf } from '../support/worlds.js';

const USER = 'user1@acme';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

journeys('a grace period', (world) => {
  const now = () => world().clock.now();
  const inDays = (days: number) => new Date(now() + days * DAY).toISOString();

  async function enabled(graceUntil: string | null) {
    const { app } = await world().host(() => ({
      ...tenancy(),
      cookie: { maxAge: 30 * DAY },
    }));
    await require(graceUntil);
    const browser = new Browser(app);
    await browser.login(USER);
    return { app, browser };
  }

  const require = (graceUntil: string | null) =>
    set(world().store, 'acme', { mode: 'required', graceUntil });

  const postpone = async (browser: Browser) =>
    browser.post('/two-factor/postpone', { _csrf: await browser.csrf() });

  const standsAt = async (browser: Browser) => {
    const { status, headers } = await browser.get('/reports');
    return status === 200 ? 'inside' : headers.location;
  };

  it('counts down on the page, and says until when', async () => {
    const { browser } = await enabled(inDays(5));
    const until = new Date(now() + 5 * DAY).toISOString();
    assert.equal(await standsAt(browser), '/two-factor/activate');
    const said = async () =>
      /You have ([^<]*) left[\s\S]*<time datetime="([^"]*)"/
        .exec((await browser.get('/two-factor/activate/totp')).text)
        ?.slice(1);
    assert.deepEqual(await said(), ['5 days', until]);
    for (const [ms, left] of [
      [DAY + HOUR, '3 days'],
      [2 * DAY, '47 hours'],
      [46 * HOUR, '60 minutes'],
    ] as const) {
      await postpone(browser);
      world().clock.advance(ms);
      await browser.login(USER);
      assert.deepEqual(await said(), [left, until]);
    }
  });

  it('is told to programs', async () => {
    const { browser } = await enabled(inDays(5));
    const refused = await browser.json('get', '/api/me');
    assert.equal(refused.status, 401);
    assert.equal(refused.body.graceEndsAt, inDays(5));
    const begun = await browser.json('get', '/two-factor/activate/totp');
    assert.equal(begun.body.graceEndsAt, inDays(5));
  });

  it('lets activation be postponed until the date, at each login, and not after it', async () => {
    const { app, browser } = await enabled(inDays(2));
    assert.equal(await standsAt(browser), '/two-factor/activate');
    assert.equal((await postpone(browser)).headers.location, '/reports');
    assert.equal(await standsAt(browser), 'inside');
    const again = new Browser(app);
    await again.login(USER);
    assert.equal(await standsAt(again), '/two-factor/activate');

    world().clock.advance(2 * DAY - 1);
    assert.equal(await standsAt(browser), 'inside');
    world().clock.advance(1);
    assert.equal(await standsAt(browser), '/two-factor/activate');
    const page = await browser.get('/two-factor/activate/totp');
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /\/postpone|Not now/);
    assert.equal((await postpone(browser)).status, 409);
    assert.equal(await standsAt(browser), '/two-factor/activate');
    const { key, enrollment, _csrf } = await browser.totpForm();
    const code = codeAt(key, now());
    await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
    assert.equal(await standsAt(browser), 'inside');
  });

  it('gives the postponed session a new id, without the short life of one between the doors', async () => {
    const { browser } = await enabled(inDays(2));
    await standsAt(browser);
    const between = sessionIdOf(browser);
    const copy = browser.copy();
    await postpone(browser);
    assert.notEqual(sessionIdOf(browser), between);
    assert.equal((await copy.tryAgain('/reports')).headers.location, '/login');
    // Were it still the one from before, the end of grace would find its ten minutes over.
    world().clock.advance(DAY);
    assert.equal(await standsAt(browser), 'inside');
    world().clock.advance(DAY);
    assert.equal(await standsAt(browser), '/two-factor/activate');
    assert.equal((await browser.get('/two-factor/activate/totp')).status, 200);
  });

  it('asks again when its date is changed, be it earlier or later', async () => {
    const { browser } = await enabled(inDays(2));
    await standsAt(browser);
    await postpone(browser);
    for (const days of [5, 1]) {
      await require(inDays(days));
      assert.equal(await standsAt(browser), '/two-factor/activate');
      assert.match((await browser.get('/two-factor/activate/totp')).text, /You have/);
      await postpone(browser);
      assert.equal(await standsAt(browser), 'inside');
    }
  });

  it('that is taken back, or that another level does not give, is over at once', async () => {
    const { browser } = await enabled(inDays(2));
    await standsAt(browser);
    await postpone(browser);
    await switchOn(world().store, USER);
    assert.equal(await standsAt(browser), '/two-factor/activate');
    assert.equal((await postpone(browser)).status, 409);
    await switchOn(world().store, USER, inDays(9));
    assert.equal(await standsAt(browser), 'inside');
    await require(null);
    assert.equal(await standsAt(browser), '/two-factor/activate');
    assert.equal((await postpone(browser)).status, 409);
  });

  it('is no way past a method that is activated', async () => {
    const { app, browser } = await enabled(inDays(2));
    const { key, enrollment, _csrf } = await browser.totpForm();
    const code = codeAt(key, now());
    await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
    const thief = new Browser(app);
    await thief.login(USER);
    assert.equal(await standsAt(thief), '/two-factor/challenge');
    assert.equal((await postpone(thief)).status, 409);
    assert.equal(await standsAt(thief), '/two-factor/challenge');
  });

  it('can be cut short by the person, who activates after all', async () => {
    const { browser } = await enabled(inDays(2));
    await standsAt(browser);
    await postpone(browser);
    const { key, enrollment, _csrf } = await browser.totpForm();
    const code = codeAt(key, now());
    const answer = await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
    assert.equal(answer.status, 200);
    assert.equal(await standsAt(browser), 'inside');
    assert.equal((await world().store.readSubject(USER)).enrollments.length, 1);
  });

  it('is postponed only by the form of the page', async () => {
    const { browser } = await enabled(inDays(2));
    await standsAt(browser);
    assert.equal((await browser.post('/two-factor/postpone')).status, 403);
    const _csrf = await browser.csrf();
    const until = inDays(99);
    assert.equal((await browser.post('/two-factor/postpone', { _csrf, until })).status, 400);
    assert.equal(await standsAt(browser), '/two-factor/activate');
  });
});
