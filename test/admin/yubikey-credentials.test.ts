import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { totp, type YubikeyOtpOptions, yubikeyOtp } from 'sallyport';
import { type YubikeySimulator, yubikeyClient } from 'sallyport/testing';
import type { OrganizationSetting } from '../../src/contracts.js';
import { AdminBrowser, type AdminHost, formFields } from '../support/admin.js';
import { credentialsHost, settingOf, signedIn, versionOf } from '../support/admin-credentials.js';
import { Browser } from '../support/browser.js';
import {
  ACTIVATE,
  activateKey,
  alertOn,
  CLIENT,
  OWN_HOSTS,
  proveKey,
  serverAt,
  startYubico,
} from '../support/yubikey.js';

const PAGE = '/setup/organizations/globex/authentication';
const SECTION = '/setup/organizations/globex/yubikey-otp';
const USER = '/setup/organizations/globex/users/user1%40globex';
const [ONE, TWO] = OWN_HOSTS;

describe('YubiKeys on the administrator’s pages', () => {
  let yubico: YubikeySimulator;
  before(async () => {
    yubico = await startYubico(Date.now);
  });
  beforeEach(() => yubico.reset());
  after(() => yubico.close());

  function ready(setting: Partial<OrganizationSetting> = {}, servers: 'own' | 'YubiCloud' = 'own') {
    const own: YubikeyOtpOptions = {
      ...{ httpsAgent: yubico.agent, timeout: '1500ms' },
      ...(servers === 'own' && { ownServers: (name) => name.endsWith('.keys.example') }),
    };
    return credentialsHost([yubikeyOtp(own), totp()], setting);
  }
  async function user(host: AdminHost, name = 'user1@globex'): Promise<Browser> {
    const browser = new Browser(host.app);
    await browser.login(name);
    return browser;
  }
  const entered = () => ({ enabled: 'yes', ...CLIENT, servers: '' });

  it('are entered on Authentication Mechanism, checked with the server, and used at the next login', async () => {
    const { host, admin } = await ready({ methods: ['totp'] });
    const page = await admin.get(PAGE);
    for (const words of ['Client ID', 'Secret key', 'YubiKey: No', 'getapikey']) {
      assert.ok(page.text.includes(words), words);
    }
    const fields = formFields(page.text, SECTION);
    assert.equal(fields.enabled, 'no');
    const saved = await admin.submit(SECTION, { ...fields, ...entered() });
    assert.equal(saved.headers.location, `${PAGE}?done=saved`, saved.text);
    assert.deepEqual(
      yubico.log.map(({ clientId, status }) => [clientId, status]),
      [[CLIENT.clientId, 'BAD_OTP']],
    );
    assert.match((await admin.get(PAGE)).text, /YubiKey: Yes/);
    assert.deepEqual((await settingOf(host)).methods, ['totp', 'yubikey-otp'], 'and is accepted');
    const { body } = await admin.json('get', PAGE);
    assert.deepEqual(body['yubikey-otp'], {
      ...{ clientId: CLIENT.clientId, servers: [], lendToClients: false },
    });
    const browser = await user(host);
    assert.equal((await activateKey(browser, yubico.key().touch())).status, 303);
  });

  it('are refused at the field that is wrong in shape, and nobody is asked', async () => {
    const { host, admin } = await ready();
    const version = await versionOf(host);
    const wrong: readonly (readonly [string, string])[] = [
      ...['', '0', '-1', '1.5', 'abc', '12345678901', '1 2'].map((id) => ['clientId', id] as const),
      ...['', 'short', 'a'.repeat(27), `${'a'.repeat(27)}!`, 'a'.repeat(100)].map(
        (secret) => ['clientSecret', secret] as const,
      ),
      ...[
        ...['val.keys.example', 'http://val.keys.example', 'ftp://val.keys.example', 'https://'],
        ...['https://127.0.0.1/', 'https://[::1]/', 'https://localhost/', 'https://2130706433/'],
        ...['https://user@val.keys.example/', 'https://val.keys.example/?a=b', 'https://x'],
        ...['https://val.keys.example/#a', 'https://val.keys.example.', 'https://evil.example/'],
        ...['https://keys.example.evil.example/', 'https://169.254.169.254/latest/meta-data'],
        [1, 2, 3, 4, 5, 6].map((at) => `https://val${at}.keys.example`).join('\n'),
      ].map((server) => ['servers', server] as const),
    ];
    for (const [field, value] of wrong) {
      const answer = await admin.submit(SECTION, { ...entered(), version, [field]: value });
      assert.equal(answer.status, 422, `${field} ${value}`);
      assert.match(answer.text, new RegExp(`id="yubikey-${field}-error" role="alert"`));
      assert.match(answer.text, new RegExp(`name="${field}"[^>]*aria-invalid="true"`));
    }
    for (const change of [{ clientId: 12345 }, { servers: [5] }, { servers: {} }, { more: 1 }]) {
      const answer = await admin.call(SECTION, { ...entered(), version: 1, ...change });
      assert.equal(answer.status, 400, JSON.stringify(change));
    }
    const json = await admin.call(SECTION, { version: Number(version), enabled: 'yes' });
    assert.equal(json.body.error, 'invalid_credentials');
    assert.deepEqual(Object.keys(json.body.fields), ['clientId', 'clientSecret']);
    assert.deepEqual(yubico.log, []);
    assert.equal((await settingOf(host))['yubikey-otp'] ?? null, null);
  });

  it('are refused where the server does not take them, saying which', async () => {
    const { host, admin } = await ready();
    const version = await versionOf(host);
    const other = yubikeyClient();
    for (const [field, value, said] of [
      ['clientId', '4711', 'NO_SUCH_CLIENT'],
      ['clientSecret', other.clientSecret, 'BAD_SIGNATURE'],
    ] as const) {
      const answer = await admin.submit(SECTION, { ...entered(), version, [field]: value });
      assert.equal(answer.status, 422);
      assert.match(answer.text, new RegExp(`id="yubikey-${field}-error" role="alert"`));
      assert.ok(answer.text.includes(`YubiCloud refused this (${said})`), answer.text);
    }
    const servers = `${serverAt(ONE)}\n${serverAt(TWO)}`;
    for (const [fault, said] of [
      ['bad-signature', `What answers as ${TWO} is no validation server`],
      ['html', `What answers as ${TWO} is no validation server`],
      ['always-ok', `What answers as ${TWO} is no validation server`],
      ['old-time', `What answers as ${TWO} is no validation server`],
    ] as const) {
      yubico.set({ fault, host: TWO });
      const answer = await admin.submit(SECTION, { ...entered(), servers, version });
      assert.equal(answer.status, 422, fault);
      assert.ok(answer.text.includes(said), answer.text);
      assert.match(answer.text, /id="yubikey-servers-error" role="alert"/);
    }
    yubico.set({ fault: 'none', host: TWO });
    const json = await admin.call(SECTION, {
      ...{ ...entered(), version: Number(version), clientId: '4711' },
    });
    assert.deepEqual([json.status, json.body.error], [422, 'credentials_rejected']);
    assert.equal((await settingOf(host))['yubikey-otp'] ?? null, null);
    assert.equal(await versionOf(host), version);
  });

  it('are not saved while a server cannot be reached, and can be tried again', async () => {
    const { host, admin } = await ready();
    const version = await versionOf(host);
    for (const fault of ['500', 'hang', 'reset', 'BACKEND_ERROR'] as const) {
      yubico.set({ fault, once: true });
      const answer = await admin.submit(SECTION, { ...entered(), version });
      assert.equal(answer.status, 503, fault);
      assert.match(alertOn(answer.text) ?? '', /YubiCloud cannot be reached at the moment/);
      assert.match(answer.text, new RegExp(`value="${CLIENT.clientId}"`), 'what was typed is kept');
    }
    assert.equal((await admin.submit(SECTION, { ...entered(), version })).status, 303);
  });

  it('keep the secret when it is left empty, and want it again for another server or client', async () => {
    const { host, admin } = await ready();
    await admin.submit(SECTION, { ...entered(), version: await versionOf(host) });
    const before = (await settingOf(host))['yubikey-otp'];
    const again = { ...entered(), clientSecret: '', version: await versionOf(host) };
    assert.equal((await admin.submit(SECTION, again)).status, 303);
    for (const change of [{ servers: serverAt(ONE) }, { clientId: '4711' }]) {
      const answer = await admin.submit(SECTION, { ...again, ...change });
      assert.equal(answer.status, 422);
      assert.match(answer.text, /Enter the secret key again/);
    }
    assert.deepEqual((await settingOf(host))['yubikey-otp'], before);
  });

  it('of other servers are saved after a look at whom that concerns', async () => {
    const { host, admin } = await ready({ methods: ['yubikey-otp', 'totp'] });
    await admin.submit(SECTION, { ...entered(), version: await versionOf(host) });
    const browser = await user(host);
    await activateKey(browser, yubico.key().touch());
    const asked = await admin.submit(SECTION, {
      ...{ ...entered(), servers: serverAt(ONE), version: await versionOf(host) },
    });
    assert.equal(asked.status, 200);
    assert.match(asked.text, /Save these credentials for YubiKeys\?/);
    assert.match(asked.text, new RegExp(`client ${CLIENT.clientId} at ${ONE}`));
    const sent = formFields(asked.text, `${SECTION}/replace`);
    const replaced = await admin.submit(`${SECTION}/replace`, sent as Record<string, string>);
    assert.equal(replaced.status, 303);
    const later = await user(host);
    assert.equal((await later.get('/reports')).headers.location, '/two-factor/activate');
  });

  it('are removed after a look at whom that leaves without a mechanism', async () => {
    const { host, admin } = await ready({ methods: ['totp', 'yubikey-otp'] });
    await admin.submit(SECTION, { ...entered(), version: await versionOf(host) });
    const browser = await user(host);
    await activateKey(browser, yubico.key().touch());
    const version = await versionOf(host);
    const asked = await admin.submit(SECTION, { enabled: 'no', version });
    assert.equal(asked.status, 200);
    assert.match(asked.text, /data-sp="left-without">1</);
    const removed = await admin.submit(`${SECTION}/remove`, { version });
    assert.equal(removed.headers.location, `${PAGE}?done=saved`);
    assert.deepEqual((await settingOf(host)).methods, ['totp']);
  });

  it('are never shown: not on a page, in JSON, in the trail, nor in an error', async () => {
    const { host, admin } = await ready();
    const seen: string[] = [];
    const keep = ({ text, headers }: { text: string; headers: object }) =>
      seen.push(text, JSON.stringify(headers));
    keep(await admin.submit(SECTION, { ...entered(), version: await versionOf(host) }));
    keep(await admin.get(PAGE));
    keep(await admin.json('get', PAGE));
    keep(await admin.get('/setup/organizations/globex/events'));
    for (const change of [
      ...[{ clientId: 'x' }, { clientId: '4711' }, { servers: 'x' }, { version: '0' }],
      { servers: serverAt(ONE) },
    ]) {
      const fields = { ...entered(), version: await versionOf(host), ...change };
      keep(await admin.submit(SECTION, fields));
      keep(await admin.call(SECTION, { ...fields, version: Number(fields.version) }));
    }
    yubico.set({ fault: 'bad-signature' });
    const browser = await user(host);
    const otp = yubico.key().touch();
    keep(await activateKey(browser, otp));
    seen.push(JSON.stringify(host.events), inspect(host.errors, { depth: 10 }));
    const everything = seen.join('\n');
    assert.ok(everything.includes(CLIENT.clientId));
    const { credentials } = (await settingOf(host))['yubikey-otp'] as {
      readonly credentials: { readonly sealedSecret: string };
    };
    for (const secret of [CLIENT.clientSecret, credentials.sealedSecret, otp]) {
      assert.ok(!everything.includes(secret) && !everything.includes(encodeURIComponent(secret)));
    }
  });

  it('that are lent by a partner are used by clients that have none', async () => {
    const { host } = await ready({ methods: ['totp', 'yubikey-otp'] });
    const partner = await signedIn(host, 'admin@north');
    const version = await versionOf(host, 'north');
    const saved = await partner.submit('/setup/organizations/north/yubikey-otp', {
      ...{ ...entered(), lendToClients: 'yes', version },
    });
    assert.equal(saved.status, 303);
    const { text } = await partner.get(PAGE);
    assert.match(text, /with the credentials of .*North Networks/);
    const browser = await user(host);
    const key = yubico.key();
    assert.equal((await activateKey(browser, key.touch())).status, 303);
    assert.equal((await proveKey(await user(host), key.touch())).status, 303);
  });

  it('of a client lend to nobody, and are lent by no partner that does not say so', async () => {
    const { host, admin } = await ready({ methods: ['totp', 'yubikey-otp'] });
    const partner = await signedIn(host, 'admin@north');
    const north = '/setup/organizations/north/yubikey-otp';
    await partner.submit(north, { ...entered(), version: await versionOf(host, 'north') });
    assert.match((await admin.get(PAGE)).text, /YubiKey: No/);
    const browser = await user(host);
    assert.equal((await browser.get(ACTIVATE)).status, 404, 'it is not offered');
    const sent = { ...entered(), lendToClients: 'yes', version: await versionOf(host) };
    assert.equal((await admin.submit(SECTION, sent)).status, 303);
    const { 'yubikey-otp': stored } = await settingOf(host);
    assert.equal((stored as { readonly lendToClients: boolean }).lendToClients, false);
  });

  it('are lent no longer after a look at whom that concerns', async () => {
    const { host } = await ready();
    const partner = await signedIn(host, 'admin@north');
    const north = '/setup/organizations/north/yubikey-otp';
    const lent = { ...entered(), lendToClients: 'yes' };
    await partner.submit(north, { ...lent, version: await versionOf(host, 'north') });
    const again = { ...entered(), clientSecret: '', version: await versionOf(host, 'north') };
    const asked = await partner.submit(north, again);
    assert.equal(asked.status, 200, asked.text);
    assert.match(asked.text, /Save these credentials for YubiKeys\?/);
    assert.match(asked.text, /Credentials for YubiKeys lent to clients/);
  });

  it('have servers of their own only where the host lets them', async () => {
    const { host, admin } = await ready({}, 'YubiCloud');
    const { text } = await admin.get(PAGE);
    assert.doesNotMatch(text, /name="servers"/);
    const sent = { ...entered(), servers: serverAt(ONE), version: Number(await versionOf(host)) };
    const { status, body } = await admin.call(SECTION, sent);
    assert.equal(status, 422);
    assert.deepEqual(body.fields, { servers: `${ONE} is not a server that may be named here.` });
    assert.deepEqual(yubico.log, []);
  });

  it('are nobody else’s business', async () => {
    const { host } = await ready();
    const version = await versionOf(host);
    for (const name of ['user1@globex', 'admin@acme', 'admin@south']) {
      const browser = await AdminBrowser.signedIn(host, name);
      if (name !== 'admin@south') await browser.activate(name, Date.now()).catch(() => '');
      const answer = await browser.submit(SECTION, { ...entered(), version });
      assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.status}`);
    }
    assert.deepEqual(yubico.log, []);
  });

  describe('activated for a user', () => {
    it('are touched on the spot, after the mechanism was chosen', async () => {
      const { host, admin } = await ready({ methods: ['totp', 'yubikey-otp'] });
      await admin.submit(SECTION, { ...entered(), version: await versionOf(host) });
      const choice = await admin.get(`${USER}/activate`);
      assert.match(choice.text, /<h2 id="activate-yubikey-otp">Activate a YubiKey here<\/h2>/);
      const chosen = { confirm: 'now', method: 'yubikey-otp' };
      const form = await admin.submit(`${USER}/activate`, chosen);
      assert.equal(form.status, 200, form.text);
      assert.match(form.text, /Plug the user’s key in/);
      const fields = formFields(form.text, `${USER}/activate/confirm`) as Record<string, string>;
      const key = yubico.key(4711);
      const wrong = { ...fields, code: `${key.publicId}${'c'.repeat(32)}` };
      const refused = await admin.submit(`${USER}/activate/confirm`, wrong);
      assert.equal(refused.status, 422);
      assert.equal(alertOn(refused.text), 'This code was not accepted. Touch the key again.');
      const again = formFields(refused.text, `${USER}/activate/confirm`) as Record<string, string>;
      const done = await admin.submit(`${USER}/activate/confirm`, { ...again, code: key.touch() });
      assert.equal(done.status, 303, done.text);
      const { enrollments } = await host.store.readSubject('user1@globex');
      assert.deepEqual(
        enrollments.map(({ method, label }) => [method, label]),
        [['yubikey-otp', 'YubiKey 4711']],
      );
      const confirmed = host.events.findLast(({ type }) => type === 'enrollment.confirmed');
      assert.deepEqual(
        [confirmed?.subjectId, confirmed?.actorId],
        ['user1@globex', 'admin@globex'],
      );
      const browser = await user(host);
      assert.equal((await browser.get(ACTIVATE)).status, 303, 'is activated');
      assert.equal((await proveKey(browser, key.touch())).status, 303);
    });

    it('are not left for the first login, and are nobody else’s key', async () => {
      const { host, admin } = await ready({ methods: ['totp', 'yubikey-otp'] });
      await admin.submit(SECTION, { ...entered(), version: await versionOf(host) });
      const key = yubico.key();
      await activateKey(await user(host, 'user2@globex'), key.touch());
      const later = await admin.call(`${USER}/activate`, {
        ...{ confirm: 'first-login', method: 'yubikey-otp' },
      });
      assert.equal(later.status, 422);
      const { body } = await admin.call(`${USER}/activate`, {
        ...{ confirm: 'now', method: 'yubikey-otp' },
      });
      const sent = { enrollment: body.enrollment, method: 'yubikey-otp' };
      const taken = await admin.call(`${USER}/activate/confirm`, { ...sent, code: key.touch() });
      assert.equal(taken.status, 422);
      assert.match(taken.body.message, /activated for somebody else of your organization/);
      yubico.set({ fault: '500' });
      const code = yubico.key('a new one').touch();
      const out = await admin.call(`${USER}/activate/confirm`, { ...sent, code });
      assert.equal(out.status, 503);
      assert.deepEqual((await host.store.readSubject('user1@globex')).enrollments, []);
    });
  });
});
