import assert from 'node:assert/strict';
import type { OrganizationSetting } from '../../src/contracts.js';
import { AdminBrowser, type AdminHost, adminHost } from '../support/admin.js';
import { agentOf, type DuoAccount, duoAccount } from '../support/duo-accounts.js';
import { methodsWith } from '../support/methods.js';
import { NO_SETTING } from '../support/policy.js';

/** What other keys, keys lent no longer, and a partner's floor mean for those whom they concern. */
describe('what an administrator decides for Duo', () => {
  let ours: DuoAccount;
  let theirs: DuoAccount;
  let host: AdminHost;

  before(async () => {
    ours = await duoAccount('api-0000aaaa.duosecurity.com', {});
    theirs = await duoAccount('api-0000bbbb.duosecurity.com', {});
  });
  after(() => Promise.all([ours.simulator.close(), theirs.simulator.close()]));

  beforeEach(async () => {
    for (const { simulator } of [ours, theirs]) simulator.reset();
    inside = new Map();
    const clock = { now: Date.now, advance: () => {} };
    host = await adminHost({
      clock,
      host: { options: { methods: methodsWith({ duo: { httpsAgent: agentOf([ours, theirs]) } }) } },
    });
  });

  async function set(id: string, change: Partial<OrganizationSetting>): Promise<void> {
    const value = { ...NO_SETTING, ...change };
    await host.store.writeSetting(id, { value, changedBy: 'test', expectedVersion: null });
  }
  const settingOf = async (id: string) => (await host.store.readSetting(id)) ?? null;
  const duoOf = async (id: string) =>
    ((await settingOf(id))?.value as OrganizationSetting | undefined)?.duo;
  let inside: Map<string, AdminBrowser>;
  async function signedIn(name: string): Promise<AdminBrowser> {
    const known = inside.get(name);
    if (known) return known;
    const browser = await AdminBrowser.signedIn(host, name);
    await browser.activate(name, Date.now());
    inside.set(name, browser);
    return browser;
  }
  const typed = ({ keys, simulator }: DuoAccount, version: number | undefined) => ({
    enabled: 'yes',
    ...keys,
    apiHost: simulator.apiHost,
    version: String(version ?? 0),
  });

  it('asks before keys of another account take the place of these, and saves then', async () => {
    await set('globex', { mode: 'required', duo: ours.setting('globex') });
    const admin = await signedIn('admin@globex');
    const before = await settingOf('globex');
    const asked = await admin.submit(
      '/setup/organizations/globex/duo',
      typed(theirs, before?.version),
    );
    assert.equal(asked.status, 200);
    assert.match(asked.text, /data-sp="left-without"/);
    assert.match(asked.text, /Save these keys of Duo\?/);
    assert.ok(!asked.text.includes(theirs.keys.clientSecret));
    assert.deepEqual(await settingOf('globex'), before, 'nothing is saved yet');

    const pending = /name="pending" value="([^"]*)"/.exec(asked.text)?.[1] ?? '';
    const replace = '/setup/organizations/globex/duo/replace';
    const version = String(before?.version);
    assert.equal((await admin.submit(replace, { version, pending: `${pending}x` })).status, 400);
    const saved = await admin.submit(replace, { version, pending });
    assert.equal(saved.status, 303);
    assert.equal((await duoOf('globex'))?.keys.apiHost, theirs.simulator.apiHost);
  });

  it('saves new keys of the same account at once', async () => {
    await set('globex', { mode: 'required', duo: ours.setting('globex') });
    const admin = await signedIn('admin@globex');
    const before = await settingOf('globex');
    const path = '/setup/organizations/globex/duo';
    assert.equal((await admin.submit(path, typed(ours, before?.version))).status, 303);
  });

  it('asks before a partner stops lending its keys', async () => {
    await set('north', { mode: 'required', duo: ours.setting('north', { lendToClients: true }) });
    const admin = await signedIn('admin@north');
    const before = await settingOf('north');
    const path = '/setup/organizations/north/duo';
    const fields = { ...typed(ours, before?.version), clientSecret: '' };
    const asked = await admin.submit(path, fields);
    assert.equal(asked.status, 200);
    assert.match(asked.text, /lent no longer/);
    assert.deepEqual(await settingOf('north'), before);
    const { status } = await admin.submit(path, { ...fields, lendToClients: 'yes' });
    assert.equal(status, 303, 'but not where it goes on lending');
  });

  describe('below a partner’s floor', () => {
    const choose = async (whenUnavailable: string) => {
      const admin = await signedIn('admin@globex');
      const { version } = (await settingOf('globex')) ?? {};
      const path = '/setup/organizations/globex/duo';
      return admin.submit(path, { ...typed(ours, version), whenUnavailable });
    };
    const floor = (change: object) => ({
      clientsMust: {
        ...{ mode: 'required' as const, methods: null, enrollment: 'self' as const },
        ...{ graceUntil: null, maxAgeSeconds: null, rememberDays: null },
        ...change,
      },
    });

    it('refuses a password alone where the partner requires two-factor', async () => {
      await set('north', floor({}));
      await set('globex', { duo: ours.setting('globex') });
      const refused = await choose('let-in');
      assert.equal(refused.status, 422);
      assert.match(refused.text, /id="duo-whenUnavailable-error"/);
      assert.equal((await duoOf('globex'))?.whenUnavailable, 'deny');
      assert.equal((await choose('fall-back-to-totp')).status, 303);
    });

    it('refuses what is weaker than the partner names, and takes what is not', async () => {
      await set('north', floor({ whenUnavailable: 'deny' }));
      await set('globex', { duo: ours.setting('globex') });
      assert.equal((await choose('fall-back-to-totp')).status, 422);
      await set('north', floor({ whenUnavailable: 'let-in' }));
      assert.equal((await choose('let-in')).status, 303);
    });

    it('is set on the partner’s page, and shown on the client’s', async () => {
      await set('north', { mode: 'required', ...floor({}) });
      await set('globex', { mode: 'required', duo: ours.setting('globex') });
      const partner = await signedIn('admin@north');
      const page = await partner.get('/setup/organizations/north/authentication');
      assert.match(page.text, /name="clients\.whenUnavailable"/);
      const client = await signedIn('admin@globex');
      const own = await client.get('/setup/organizations/globex/authentication');
      assert.match(own.text, /value="let-in" disabled/);
    });
  });

  describe('which of Duo’s answers count', () => {
    const path = '/setup/organizations/globex/duo';
    const acceptedNow = async () => (await duoOf('globex'))?.accepted;
    async function save(fields: Record<string, string | string[]>) {
      const admin = await signedIn('admin@globex');
      const { version } = (await settingOf('globex')) ?? {};
      return admin.submit(path, { ...typed(ours, version), ...fields } as Record<string, string>);
    }
    beforeEach(() => set('globex', { mode: 'required', duo: ours.setting('globex') }));

    it('is a form with the defaults ticked', async () => {
      const admin = await signedIn('admin@globex');
      const { text } = await admin.get('/setup/organizations/globex/authentication');
      assert.match(text, /name="loginRule" value="any" checked/);
      assert.match(text, /name="stepUpRule" value="actual" checked/);
      assert.match(text, /name="loginFactors" value="bypass_code"/);
      assert.match(text, /name="stepUpReasons" value="remembered_device"/);
    });

    it('is saved as it is chosen, and stays where nothing is said of it', async () => {
      const chosen = {
        ...{ loginRule: 'actual', stepUpRule: 'these' },
        stepUpFactors: ['webauthn', 'verified_duo_push'],
      };
      assert.equal((await save(chosen)).status, 303);
      const expected = {
        login: 'actual',
        stepUp: { factors: ['webauthn', 'verified_duo_push'], reasons: null },
      };
      assert.deepEqual(await acceptedNow(), expected);
      assert.equal((await save({ whenUnavailable: 'fall-back-to-totp' })).status, 303);
      assert.deepEqual(await acceptedNow(), expected, 'a program that leaves it out');
      const saved = await host.door.duo.save(
        'globex',
        { ...ours.keys, apiHost: ours.simulator.apiHost },
        { actor: 'provisioning' },
      );
      assert.equal(saved.kind, 'saved');
      assert.deepEqual(await acceptedNow(), expected, 'nor does the host’s own code');
    });

    it('is refused at its field where nothing would count', async () => {
      const refused = await save({ loginRule: 'any', stepUpRule: 'these' });
      assert.equal(refused.status, 422);
      assert.match(refused.text, /id="duo-stepUpRule-error"/);
      assert.match(refused.text, /name="stepUpRule" value="these" checked/);
      assert.equal(await acceptedNow(), undefined);
      assert.equal((await save({ loginRule: 'nonsense' })).status, 400);
    });
  });
});
