import assert from 'node:assert/strict';
import type { DuoSimulator } from 'sallyport/testing';
import type { Browser } from '../support/browser.js';
import {
  activateDuo,
  approved,
  type DuoHostOptions,
  duoHost,
  isInside,
  local,
  startSimulator,
  toPrompt,
} from '../support/duo.js';
import { journeys } from '../support/worlds.js';

journeys('what Duo says of a login', (world) => {
  let duo: DuoSimulator;
  const hostOf = (options: DuoHostOptions = {}) =>
    duoHost(duo, {
      world: world(),
      routes: (app, door) => {
        app.get('/transfer', door.require({ maxAge: '5m' }), (_req, res) => void res.send('moved'));
      },
      ...options,
    });

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    duo.reset();
    // The SDK goes by the machine's clock.
    world().clock.advance(Date.now() - world().clock.now());
  });
  after(() => duo.close());

  const answered = async (browser: Browser, from?: string) =>
    browser.get(local((await duo.answer(await toPrompt(browser, from))).callback));
  const lastDetail = (host: Awaited<ReturnType<typeof hostOf>>, type: string) =>
    String(host.events.findLast((event) => event.type === type)?.detail);

  it('lets in whoever Duo knows by an alias, and keeps the primary name in the trail', async () => {
    const host = await hostOf();
    const browser = await activateDuo(host, duo, 'alias@globex');
    assert.ok(await isInside(browser));
    assert.match(lastDetail(host, 'enrollment.confirmed'), / sub=primary@globex$/);
    const again = await approved(host, duo, 'alias@globex');
    await again.browser.get(again.callback);
    assert.ok(await isInside(again.browser));
  });

  it('sends names trimmed and in lower case', async () => {
    const host = await hostOf();
    const browser = host.browser();
    await browser.login(' User1@globex');
    const url = await toPrompt(browser, '/two-factor/activate/duo');
    const request = new URL(url).searchParams.get('request') ?? '';
    const claims = JSON.parse(Buffer.from(request.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(claims.duo_uname, 'user1@globex');
    await browser.get(local((await duo.answer(url)).callback));
    assert.ok(await isInside(browser));
  });

  it('takes two names that differ only in case for one person, and refuses the second', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const second = host.browser();
    await second.login('USER1@globex');
    const refused = await second.get('/two-factor/activate/duo');
    assert.equal(refused.status, 409);
    assert.match(refused.text, /same name as somebody else of your organization/);
    assert.deepEqual((await host.store.readSubject('USER1@globex')).enrollments, []);
    const { browser, callback } = await approved(host, duo, 'user1@globex');
    await browser.get(callback);
    assert.ok(await isInside(browser), 'the first is not held up');

    // Whoever is gone keeps no name from the next one.
    await host.door.subjects.delete({ id: 'user1@globex', tenantId: 'globex' });
    const next = await activateDuo(host, duo, 'USER1@globex');
    assert.ok(await isInside(next));
  });

  for (const user of ['remembered@globex', 'remembered-now@globex']) {
    it(`lets ${user} in at login, and asks afresh for more`, async () => {
      const host = await hostOf();
      await activateDuo(host, duo, user);
      const { browser, callback } = await approved(host, duo, user);
      await browser.get(callback);
      assert.ok(await isInside(browser));
      const detail = lastDetail(host, 'verification.succeeded');
      assert.match(detail, /reason=remembered_device/);
      assert.equal(/ remembered$/.test(detail), user === 'remembered@globex');

      // Moments after the login, which proves nothing that a route with a demand of its own could use.
      const url = await toPrompt(browser, '/transfer');
      const { searchParams } = new URL(url);
      assert.equal(searchParams.get('max_age'), '0');
      assert.equal(searchParams.get('prompt'), 'login');
      assert.equal((await browser.get('/reports')).status, 200);
      await browser.get(local((await duo.answer(url)).callback));
      assert.equal((await browser.get('/transfer')).text, 'moved');
      assert.match(lastDetail(host, 'verification.succeeded'), /factor=duo_push/);
    });
  }

  it('asks for no fresh prompt at login', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'user1@globex');
    const browser = host.browser();
    await browser.login('user1@globex');
    const { searchParams } = new URL(await toPrompt(browser));
    assert.equal(searchParams.get('max_age'), null);
    assert.equal(searchParams.get('prompt'), null);
  });

  const weak = [
    { factor: 'bypass_code', reason: 'valid_passcode' },
    { factor: 'not_available', reason: 'bypass_user' },
    { factor: 'trusted_network', reason: 'trusted_network' },
    { factor: 'duo_push', reason: 'user_approved', fault: 'stale-auth-time' as const },
  ];
  for (const { factor, reason, fault } of weak) {
    const what = fault ?? factor;
    const token = () =>
      duo.set(
        fault
          ? { endpoint: 'token', fault, once: true }
          : { endpoint: 'token', fault: 'authenticated-by', factor, reason, once: true },
      );

    it(`counts ${what} at login and not in a step-up`, async () => {
      const host = await hostOf();
      const inside = await activateDuo(host, duo, 'user1@globex');
      assert.equal((await inside.get('/transfer')).text, 'moved');

      const browser = host.browser();
      await browser.login('user1@globex');
      token();
      await answered(browser);
      assert.ok(await isInside(browser));
      assert.equal((await browser.get('/two-factor/profile/recovery-codes')).status, 303);
      for (const _try of [1, 2]) {
        const { callback } = await duo.answer(await toPrompt(browser, '/transfer'));
        token();
        const refused = await browser.get(local(callback));
        assert.equal(refused.status, 403);
        assert.match(refused.text, /does not count here/);
        assert.match(lastDetail(host, 'verification.failed'), /^not-accepted: /);
      }
      assert.ok(await isInside(browser));
      await answered(browser, '/transfer');
      assert.equal((await browser.get('/transfer')).text, 'moved');
    });
  }

  it('lets an organization say which results count at login', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, 'bypassed@globex');
    const { value } = (await host.store.readSetting('globex')) ?? {};
    await host.store.writeSetting('globex', {
      value: {
        ...value,
        duo: { ...(value?.duo as object), accepted: { login: 'actual', stepUp: 'actual' } },
      },
      changedBy: 'admin@globex',
      expectedVersion: null,
    });
    const { browser, callback } = await approved(host, duo, 'bypassed@globex');
    assert.equal((await browser.get(callback)).status, 403);
    assert.equal(await isInside(browser), false);
  });

  it('redeems with the address that was sent, also where the door has another one by now', async () => {
    const first = await hostOf();
    await activateDuo(first, duo, 'user1@globex');
    const { browser, callback } = await approved(first, duo, 'user1@globex');
    const second = await hostOf({ options: { origin: 'http://localhost:3999' } });
    const moved = browser.copy(second.app);
    await moved.get(callback);
    assert.ok(await isInside(moved));
  });
});
