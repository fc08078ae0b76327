import assert from 'node:assert/strict';
import { securityKey, totp } from 'sallyport';
import { type SoftwareKeyOptions, softwareKey } from 'sallyport/testing';
import { AdminBrowser, administration, formFields } from '../support/admin.js';
import { ORIGIN } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const NORTH = '/setup/organizations/north/authentication';
const ACME = '/setup/organizations/acme/authentication';
const KEYS = '/setup/organizations/acme/security-key';
const ACTIVATE = '/two-factor/activate/security-key';
const [ONE, OTHER] = [
  '2fc0579f-8113-47ea-b116-bb5a8db9202a',
  'ee882879-721c-4913-9775-3dfcce97072a',
];
const NOTHING = {
  ...{ mode: null, methods: null, enrollment: null },
  ...{ graceUntil: null, maxAgeSeconds: null, rememberDays: null },
};

/** What a partner demands of its clients' keys. */
journeys('a partner’s demand on keys', (world) => {
  async function ready() {
    const made = await world().host(() => {
      const own = administration({ admin: { secondFactor: 'policy' } });
      const methods = [securityKey(), totp()];
      return { ...own, options: { ...own.options, methods } };
    });
    const host = { ...made, clock: world().clock, store: world().store };
    return { ...host, partner: await AdminBrowser.signedIn(host, 'admin@north') };
  }
  type Ready = Awaited<ReturnType<typeof ready>>;

  const demand = async ({ partner }: Ready, more: object, version = 0) =>
    partner.call(NORTH, {
      version,
      setting: {
        ...NOTHING,
        clientsMust: { ...NOTHING, mode: 'required', enrollment: 'self', ...more },
      },
    });

  async function tried({ app }: Ready, key: Partial<SoftwareKeyOptions>, user = 'user1@acme') {
    const browser = new Browser(app);
    await browser.login(user);
    const { publicKey, enrollment, csrfToken: _csrf } = (await browser.jsonForm(ACTIVATE)).body;
    const credential = softwareKey({ origin: ORIGIN, ...key }).create(publicKey);
    return { done: await browser.post(ACTIVATE, { credential, enrollment, _csrf }), publicKey };
  }

  it('holds for keys of clients, and not for the partner’s own', async () => {
    const host = await ready();
    const keys = { keysVerifyUser: true, keysDeviceBound: true, keyModels: [ONE] };
    assert.equal((await demand(host, keys)).status, 200);
    const good = { aaguid: ONE };
    for (const [wrong, said] of [
      [{ ...good, synced: true }, /takes no passkeys that are synced/],
      [{ ...good, userVerified: false }, /tell you from others/],
      [{ aaguid: OTHER }, /does not take this model/],
      [{}, /does not take this model/],
    ] as const) {
      const { done, publicKey } = await tried(host, wrong);
      assert.match(done.text, said);
      assert.deepEqual(
        [publicKey.attestation, publicKey.authenticatorSelection.userVerification],
        ['direct', 'required'],
      );
    }
    assert.equal((await tried(host, good)).done.status, 303);
    const { body } = await host.partner.json('get', ACME);
    assert.match(JSON.stringify(body.because ?? body), /synced to other devices/);
    const section = (await host.partner.get(ACME)).text;
    assert.match(section, /<bdi><strong>North Networks<\/strong><\/bdi> demands of its clients/);
  });

  it('is filled in on the partner’s form, shown again, and told in words', async () => {
    const host = await ready();
    const { partner } = host;
    const page = await partner.get(NORTH);
    const fields = {
      ...formFields(page.text, `${NORTH}/preview`),
      ...{ mode: '', 'clients.mode': 'optional', 'clients.keysDeviceBound': 'yes' },
      'clients.keyModels': `${ONE}\r\n${OTHER.toUpperCase()}`,
    };
    const asked = await partner.submit(`${NORTH}/preview`, fields);
    assert.equal(asked.status, 200, asked.text);
    const saved = await partner.submit(NORTH, formFields(asked.text, NORTH));
    assert.equal(saved.status, 303, saved.text);
    const { setting } = (await partner.json('get', NORTH)).body;
    const { keysVerifyUser, keysDeviceBound, keyModels } = setting.clientsMust;
    assert.deepEqual([keysVerifyUser, keysDeviceBound, keyModels], [null, true, [ONE, OTHER]]);
    const again = await partner.get(NORTH);
    assert.match(again.text, new RegExp(`name="clients.keyModels"[^>]*>${ONE}\\s${OTHER}<`));
    const same = await partner.submit(`${NORTH}/preview`, {
      ...{ ...fields, version: '1', 'clients.keysVerifyUser': 'yes' },
    });
    assert.match(same.text, /Clients: keys verify their user/);
    assert.doesNotMatch(same.text, /Clients: models of keys/);
    for (const [wrong, field] of [
      [{ 'clients.keyModels': 'YubiKey' }, 'keyModels'],
      [{ 'clients.keysVerifyUser': 'perhaps' }, 'keysVerifyUser'],
    ] as const) {
      const refused = await partner.submit(`${NORTH}/preview`, {
        ...fields,
        version: '1',
        ...wrong,
      });
      assert.equal(refused.status, 422);
      assert.match(refused.text, new RegExp(`id="clients-${field}-error"`));
    }
    const tooMuch = { 'clients.keyModels': 'x'.repeat(2001) };
    const long = await partner.submit(`${NORTH}/preview`, { ...fields, version: '1', ...tooMuch });
    assert.equal(long.status, 400);
  });

  it('meets what the client takes: the stricter of both, and no model of another list', async () => {
    const host = await ready();
    assert.equal((await demand(host, { keyModels: [ONE] })).status, 200);
    const { partner } = host;
    const outside = await partner.call(KEYS, { version: 0, models: OTHER });
    assert.deepEqual(
      [outside.status, outside.body.fields],
      [422, { models: `Your partner does not take the model ${OTHER}: leave it out.` }],
    );
    const own = { models: [ONE, OTHER], userVerification: true, deviceBound: false };
    const value = { ...NOTHING, clientsMust: null, 'security-key': own };
    await host.store.writeSetting('acme', { value, changedBy: 'test', expectedVersion: null });
    assert.match((await tried(host, { aaguid: OTHER })).done.text, /does not take this model/);
    const unverified = await tried(host, { aaguid: ONE, userVerified: false });
    assert.match(unverified.done.text, /tell you from others/);
    assert.equal((await tried(host, { aaguid: ONE, synced: true })).done.status, 303);
    // Nothing that both take: no key counts, of whatever model, and none without one.
    await demand(host, { keyModels: [OTHER] }, 1);
    await host.store.writeSetting('acme', {
      ...{ value: { ...value, 'security-key': { ...own, models: [ONE] } }, changedBy: 'test' },
      expectedVersion: null,
    });
    for (const aaguid of [ONE, OTHER, '00000000-0000-0000-0000-000000000000']) {
      const { done } = await tried(host, { aaguid }, 'user2@acme');
      assert.match(done.text, /does not take this model/);
    }
  });
});
