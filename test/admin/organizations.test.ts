import assert from 'node:assert/strict';
import { memoryStore, type SallyportError, totp, yubikeyOtp } from 'sallyport';
import type { YubikeySimulator } from 'sallyport/testing';
import { administration } from '../support/admin.js';
import { host } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { NO_SETTING } from '../support/policy.js';
import { activateKey, CLIENT, startYubico } from '../support/yubikey.js';

const BY = { actor: 'provisioning' };

describe('door.organizations.save()', () => {
  let yubico: YubikeySimulator;
  before(async () => {
    yubico = await startYubico(Date.now);
  });
  beforeEach(() => yubico.reset());
  after(() => yubico.close());

  async function ready(store = memoryStore()) {
    const { options } = administration();
    const methods = [totp(), yubikeyOtp({ httpsAgent: yubico.agent, timeout: '2s' })];
    return { ...(await host({ store, options: { ...options, methods } })), store };
  }
  const fields = () => ({ enabled: 'yes', ...CLIENT });

  it('checks, seals and saves what users can then log in with', async () => {
    const { door, app, store, events } = await ready();
    const value = { ...NO_SETTING, mode: 'required', methods: ['totp'], maxAgeSeconds: 600 };
    await store.writeSetting('acme', { value, changedBy: 'admin', expectedVersion: null });
    const saved = await door.organizations.save('acme', 'yubikey-otp', fields(), BY);
    assert.deepEqual(saved, { kind: 'saved', version: 2 });
    const stored = await store.readSetting('acme');
    assert.deepEqual(stored?.value.methods, ['totp', 'yubikey-otp'], 'it is offered from now on');
    assert.deepEqual([stored?.value.maxAgeSeconds, stored?.changedBy], [600, 'provisioning']);
    assert.ok(!JSON.stringify(stored).includes(CLIENT.clientSecret));
    const changed = events.find(({ type }) => type === 'setting.changed');
    assert.equal(changed?.actorId, 'provisioning');
    assert.match(changed?.detail ?? '', new RegExp(`client ${CLIENT.clientId} at api.yubico.com`));
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await activateKey(browser, yubico.key().touch())).status, 303);
  });

  it('says as a value what is wrong, and saves nothing then', async () => {
    const { door, store } = await ready();
    const save = (change: object) =>
      door.organizations.save('acme', 'yubikey-otp', { ...fields(), ...change }, BY);
    assert.deepEqual(await save({ clientId: 'x' }), {
      kind: 'refused',
      error: 'invalid_credentials',
      message: 'These are not credentials for YubiKeys yet. Nothing was saved.',
      fields: { clientId: 'A client ID is a number, such as 12345.' },
    });
    const unknown = await save({ clientId: '4711' });
    assert.ok(unknown.kind === 'refused' && unknown.fields.clientId);
    yubico.set({ fault: '500' });
    const out = await save({});
    assert.deepEqual(
      [out.kind, out.kind === 'refused' && out.error],
      ['refused', 'server_unreachable'],
    );
    assert.equal(await store.readSetting('acme'), null);
  });

  it('keeps what an administrator saves meanwhile, and what it was not told to change', async () => {
    const store = memoryStore();
    let raced = false;
    const { door } = await ready({
      ...store,
      async writeSetting(id, change) {
        if (!raced) {
          raced = true;
          const value = { ...NO_SETTING, mode: 'required', maxAgeSeconds: 600 };
          await store.writeSetting(id, { value, changedBy: 'an admin', expectedVersion: null });
        }
        return store.writeSetting(id, change);
      },
    });
    await door.organizations.save('acme', 'yubikey-otp', fields(), BY);
    const { value, version } = (await store.readSetting('acme')) ?? {};
    assert.deepEqual([value?.maxAgeSeconds, version], [600, 2]);
  });

  it('lends a partner’s to its clients, and removes them again', async () => {
    const { door, app, store } = await ready();
    const required = { ...NO_SETTING, mode: 'required', methods: ['yubikey-otp'] };
    await door.organizations.save(
      'north',
      'yubikey-otp',
      { ...fields(), lendToClients: 'yes' },
      BY,
    );
    const change = { value: required, changedBy: 'admin', expectedVersion: null };
    await store.writeSetting('acme', change);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await activateKey(browser, yubico.key().touch())).status, 303);
    await door.organizations.save('north', 'yubikey-otp', { enabled: 'no' }, BY);
    assert.equal((await store.readSetting('north'))?.value['yubikey-otp'], null);
  });

  it('saves for a host with a policy of its own as well, which says whose it is', async () => {
    const store = memoryStore();
    const { app, door } = await host({
      store,
      policy: () => ({
        ...{ mode: 'required', methods: ['yubikey-otp'] },
        'yubikey-otp': { source: 'the host', credentialVersion: '1' },
      }),
      options: { methods: [yubikeyOtp({ httpsAgent: yubico.agent })] },
    });
    const saved = await door.organizations.save('the host', 'yubikey-otp', fields(), BY);
    assert.equal(saved.kind, 'saved');
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await activateKey(browser, yubico.key().touch())).status, 303);
  });

  it('throws for what there is none of, and says no secret', async () => {
    const { door } = await ready();
    const secret = CLIENT.clientSecret;
    const wrong = async (run: () => Promise<unknown>, message: RegExp) =>
      assert.rejects(run, ({ code, message: said }: SallyportError) => {
        assert.match(said, message);
        assert.ok(!said.includes(secret));
        return code === 'ERR_OPTION';
      });
    const { save } = door.organizations;
    await wrong(
      () => save('acme', 'totp', {}, BY),
      /must be one that organizations set something for \('yubikey-otp'/,
    );
    await wrong(
      () => save('acme', 'yubikey-otp', { ...fields(), secret }, BY),
      /has no secret; there are: enabled, clientId/,
    );
    await wrong(
      () => save('acme', 'yubikey-otp', { ...fields(), clientSecret: [secret] }, BY),
      /fields\.clientSecret must be/,
    );
    await wrong(() => save('acme', 'yubikey-otp', fields(), {} as typeof BY), /by\.actor/);
    await wrong(() => save('', 'yubikey-otp', fields(), BY), /organizationId/);
    await assert.rejects(() => save('nowhere', 'yubikey-otp', fields(), BY), {
      code: 'ERR_POLICY',
    });
  });
});
