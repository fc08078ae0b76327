import assert from 'node:assert/strict';
import { securityKey, totp, yubikeyOtp } from 'sallyport';
import type { YubikeySimulator } from 'sallyport/testing';
import { AdminBrowser, administration } from '../support/admin.js';
import { Browser } from '../support/browser.js';
import { journeys } from '../support/worlds.js';
import {
  activateKey,
  proveKey,
  saveSetting,
  startYubico,
  yubikeySetting,
} from '../support/yubikey.js';

const LOOK_UP = '/setup/organizations/acme/look-up/yubikey-otp';

journeys('looking up a found YubiKey', (world) => {
  let yubico: YubikeySimulator;
  let now: () => number;
  before(async () => {
    yubico = await startYubico(() => now());
  });
  after(() => yubico.close());

  async function ready() {
    now = world().clock.now;
    yubico.reset();
    const made = await world().host(() => {
      const own = administration({ admin: { secondFactor: 'policy' } });
      const methods = [securityKey(), totp(), yubikeyOtp({ httpsAgent: yubico.agent })];
      return { ...own, options: { ...own.options, methods } };
    });
    for (const id of ['acme', 'globex', 'initech']) {
      const change = { mode: 'optional', 'yubikey-otp': yubikeySetting(id) } as const;
      await saveSetting(world().store, id, change);
    }
    const host = { ...made, clock: world().clock, store: world().store };
    const admin = await AdminBrowser.signedIn(host, 'admin@acme');
    return { host, admin };
  }
  async function activated(
    { app }: { readonly app: Browser['target'] },
    user: string,
    code: string,
  ) {
    const browser = new Browser(app);
    await browser.login(user);
    const done = await activateKey(browser, code, '/two-factor/profile/activate/yubikey-otp');
    assert.equal(done.status, 303, done.text);
  }

  it('names its owner, by whatever it types, and asks no server', async () => {
    const { host, admin } = await ready();
    const key = yubico.key(4711);
    await activated(host, 'user1@acme', key.touch());
    await activated(host, 'user2@acme', yubico.key('another').touch());
    const asked = yubico.log.length;
    const page = await admin.get(LOOK_UP);
    assert.match(page.text, /Plug it in, click into the field, and touch it/);
    assert.match(page.text, /<input [^>]*name="code"/);
    const code = key.touch();
    const shown = await admin.submit(LOOK_UP, { code: ` ${code.toUpperCase()}` });
    assert.match(shown.text, /This key belongs to <bdi><strong>user1@acme\.example<\/strong>/);
    assert.match(shown.text, /YubiKey 4711/);
    const { found } = (await admin.call(LOOK_UP, { code: key.touch() })).body;
    assert.deepEqual([found.user.id, found.authenticator.label], ['user1@acme', 'YubiKey 4711']);
    assert.equal(yubico.log.length, asked);
    const event = host.events.findLast(({ type }) => type === 'enrollment.looked-up');
    assert.deepEqual([event?.subjectId, event?.method], ['user1@acme', 'yubikey-otp']);
    assert.ok(!JSON.stringify(host.events).includes(code));
  });

  it('names nobody of another organization, nor whoever had it before', async () => {
    const { host, admin } = await ready();
    const [theirs, freed] = [yubico.key('theirs'), yubico.key('freed')];
    await activated(host, 'user1@globex', theirs.touch());
    await activated(host, 'user1@acme', freed.touch());
    await host.door.subjects.reset({ id: 'user1@acme', tenantId: 'acme' });
    for (const key of [theirs, freed, yubico.key('of nobody')]) {
      assert.equal((await admin.call(LOOK_UP, { code: key.touch() })).body.found, null);
    }
    // The same key of two organizations: each administrator is told of their own.
    await activated(host, 'user2@acme', theirs.touch());
    const { found } = (await admin.call(LOOK_UP, { code: theirs.touch() })).body;
    assert.equal(found.user.id, 'user2@acme');
  });

  it('refuses what no key types, and what was typed there opens the door for nobody else', async () => {
    const { host, admin } = await ready();
    const key = yubico.key();
    await activated(host, 'user1@acme', key.touch());
    for (const code of ['', '123456', 'c'.repeat(45)]) {
      const { status, body } = await admin.call(LOOK_UP, { code });
      assert.deepEqual([status, body.error], [422, 'malformed'], code);
    }
    const code = key.touch();
    await admin.call(LOOK_UP, { code });
    await activated(host, 'user2@acme', yubico.key('the finder’s').touch());
    const finder = new Browser(host.app);
    await finder.login('user2@acme');
    assert.equal((await proveKey(finder, code)).status, 422);
    const owner = new Browser(host.app);
    await owner.login('user1@acme');
    assert.equal((await proveKey(owner, key.touch())).status, 303);
  });
});
