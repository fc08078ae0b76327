import assert from 'node:assert/strict';
import { Browser } from '../support/browser.js';
import { set, switchOn, tenancy } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const FLOOR = {
  mode: 'required',
  methods: null,
  enrollment: 'self',
  graceUntil: null,
  maxAgeSeconds: null,
  rememberDays: null,
} as const;

journeys('an organization', (world) => {
  const now = () => world().clock.now();

  const standsAt = async (browser: Browser) => {
    const { status, headers } = await browser.get('/reports');
    return status === 200 ? 'inside' : headers.location;
  };

  async function people(...names: string[]) {
    const { app } = await world().host(tenancy);
    const browsers = names.map(() => new Browser(app));
    for (const [at, name] of names.entries()) await browsers[at]!.login(name);
    return browsers;
  }

  const where = (browsers: readonly Browser[]) => Promise.all(browsers.map(standsAt));
  const ACTIVATE = '/two-factor/activate';

  it('that nobody has switched on asks for the password alone', async () => {
    assert.deepEqual(await where(await people('user1@acme', 'root@northwind')), [
      'inside',
      'inside',
    ]);
  });

  it('that is switched on asks all its users at their next request, and nobody else', async () => {
    const browsers = await people('user1@acme', 'user2@acme', 'user1@globex', 'root@northwind');
    assert.deepEqual(await where(browsers), ['inside', 'inside', 'inside', 'inside']);
    await set(world().store, 'acme', { mode: 'required' });
    assert.deepEqual(await where(browsers), [ACTIVATE, ACTIVATE, 'inside', 'inside']);
    const [first] = browsers;
    assert.equal((await first!.json('post', '/api/orders')).status, 401);
    const page = await first!.get('/two-factor/activate/totp');
    assert.equal(page.status, 200);
    assert.match(page.text, /data-sp="totp-key"/);
    await set(world().store, 'acme', null);
    assert.deepEqual(await where(browsers), ['inside', 'inside', 'inside', 'inside']);
  });

  it('that is a partner holds for its own users and does not imply its clients', async () => {
    const browsers = await people('root@northwind', 'user1@acme');
    await set(world().store, 'northwind', { mode: 'required' });
    assert.deepEqual(await where(browsers), [ACTIVATE, 'inside']);
  });

  it('has to do what its partner says that clients must, and cannot lower it', async () => {
    const browsers = await people('root@northwind', 'user1@acme');
    await set(world().store, 'northwind', { clientsMust: FLOOR });
    assert.deepEqual(await where(browsers), ['inside', ACTIVATE]);
    await set(world().store, 'acme', { mode: 'off' });
    assert.deepEqual(await where(browsers), ['inside', ACTIVATE]);
  });

  it('has one user switched on, who is asked at the next request', async () => {
    const browsers = await people('user1@acme', 'user2@acme');
    await switchOn(world().store, 'user2@acme');
    assert.deepEqual(await where(browsers), ['inside', ACTIVATE]);
  });

  it('that is optional asks only whoever has activated', async () => {
    await set(world().store, 'acme', { mode: 'optional' });
    const [first, second] = await people('user1@acme', 'user2@acme');
    assert.deepEqual(await where([first!, second!]), ['inside', 'inside']);
    await first!.activate('user1@acme', now());
    assert.equal(await standsAt(first!), 'inside');
    const [again] = await people('user1@acme');
    assert.equal(await standsAt(again!), '/two-factor/challenge');
  });

  it('that shortens how long a proof counts ends older proofs at once', async () => {
    await set(world().store, 'acme', { mode: 'required' });
    const { app } = await world().host(tenancy);
    const browser = new Browser(app);
    await browser.activate('user1@acme', now());
    world().clock.advance(10 * 60_000);
    assert.equal(await standsAt(browser), 'inside');
    await set(world().store, 'acme', { mode: 'required', maxAgeSeconds: 300 });
    assert.equal(await standsAt(browser), '/two-factor/challenge');
  });

  it('that is not known lets nobody in: a bounded 503', async () => {
    const { app, errors } = await world().host(tenancy);
    const browser = new Browser(app);
    await browser.login('user1@nowhere');
    for (const path of ['/reports', '/two-factor', '/two-factor/activate/totp', '/']) {
      const answer = await browser.get(path);
      assert.equal(answer.status, 503, path);
      assert.doesNotMatch(answer.text, /nowhere/);
    }
    assert.equal((await browser.json('get', '/api/me')).body.error, 'unavailable');
    assert.match(String(errors[0]), /organization nowhere is unknown|polic/);
  });

  it('whose setting contradicts itself lets nobody in', async () => {
    const [browser] = await people('user1@acme');
    await set(world().store, 'acme', { mode: 'required', methods: ['voice-call'] });
    assert.equal((await browser!.get('/reports')).status, 503);
    await set(world().store, 'acme', { mode: 'optional', methods: ['voice-call'] });
    assert.equal((await browser!.get('/reports')).status, 503);
    await set(world().store, 'acme', { mode: 'required', methods: ['voice-call', 'totp'] });
    assert.equal(await standsAt(browser!), ACTIVATE);
  });

  it('whose setting cannot be read lets nobody in', async () => {
    const [browser] = await people('user1@acme');
    await world().store.writeSetting('acme', {
      value: { mode: 'none' },
      changedBy: 'somebody',
      expectedVersion: null,
    });
    assert.equal((await browser!.get('/reports')).status, 503);
    await set(world().store, 'acme', { mode: 'off' });
    assert.equal(await standsAt(browser!), 'inside');
  });

  it('is the same on every process: what one saves, the other asks for at its next request', async () => {
    const here = await world().host(tenancy);
    const there = await world().host(tenancy);
    const browser = new Browser(here.app);
    await browser.login('user1@acme');
    const both = [browser, browser.copy(there.app)];
    const stand = async () => {
      await world().heard();
      return where(both.toReversed());
    };
    // Both have read everything, and answer from memory now.
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual(await where(both), ['inside', 'inside']);
    }
    for (let round = 0; round < 5; round += 1) {
      await set(world().store, 'acme', { mode: 'required' });
      assert.deepEqual(await stand(), [ACTIVATE, ACTIVATE]);
      await set(world().store, 'acme', { mode: 'off' });
      assert.deepEqual(await stand(), ['inside', 'inside']);
      await set(world().store, 'northwind', { clientsMust: FLOOR });
      assert.deepEqual(await stand(), [ACTIVATE, ACTIVATE]);
      await set(world().store, 'northwind', null);
      await switchOn(world().store, 'user1@acme');
      assert.deepEqual(await stand(), [ACTIVATE, ACTIVATE]);
      await world().store.writeUserSetting('user1@acme', {
        value: null,
        changedBy: 'admin@acme',
        expectedVersion: null,
      });
      assert.deepEqual(await stand(), ['inside', 'inside']);
    }
  });
});
