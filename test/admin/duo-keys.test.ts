import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type DuoSimulator, duoKeys } from 'sallyport/testing';
import type { OrganizationSetting } from '../../src/contracts.js';
import { AdminBrowser, formFields } from '../support/admin.js';
import { credentialsHost, settingOf, signedIn, versionOf } from '../support/admin-credentials.js';
import { Browser } from '../support/browser.js';
import { GLOBEX, isInside, local, startSimulator, toPrompt } from '../support/duo.js';
import { methodsWith } from '../support/methods.js';
import { NOT_DUO } from '../support/not-duo.js';
import { NO_SETTING } from '../support/policy.js';

const PAGE = '/setup/organizations/globex/authentication';
const DUO = '/setup/organizations/globex/duo';

describe('Duo’s keys on the administrator’s pages', () => {
  let duo: DuoSimulator;

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => duo.reset());
  after(() => duo.close());

  const ready = (setting: Partial<OrganizationSetting> = {}) =>
    credentialsHost(
      methodsWith({
        duo: { httpsAgent: duo.agent, promptOrigin: duo.promptOrigin, timeout: '1500ms' },
      }),
      setting,
    );

  const keys = () => ({
    enabled: 'yes',
    clientId: GLOBEX.clientId,
    clientSecret: GLOBEX.clientSecret,
    apiHost: duo.apiHost,
  });

  it('are entered on Authentication Mechanism, checked with Duo, and used at the next login', async () => {
    const { host, admin } = await ready();
    const page = await admin.get(PAGE);
    assert.equal(page.status, 200);
    for (const words of ['Integration key', 'Secret key', 'API hostname', 'Client ID', 'Web SDK']) {
      assert.ok(page.text.includes(words), words);
    }
    assert.match(page.text, /Duo Security: No/);
    const fields = formFields(page.text, DUO);
    assert.deepEqual([fields.enabled, fields.whenUnavailable], ['no', 'deny']);

    const saved = await admin.submit(DUO, { ...fields, ...keys() });
    assert.equal(saved.status, 303);
    assert.equal(saved.headers.location, `${PAGE}?done=saved`);
    assert.equal(duo.log.length, 1);
    const after = await admin.get(PAGE);
    assert.match(after.text, /Duo Security: Yes/);

    const user = new Browser(host.app);
    await user.login('user1@globex');
    const { callback } = await duo.answer(await toPrompt(user, '/two-factor/activate/duo'));
    await user.get(local(callback));
    assert.ok(await isInside(user));
  });

  it('of two administrators who save at the same moment are one’s, and the other one is told so', async () => {
    const { host, admin } = await ready();
    const other = await signedIn(host, 'admin@north');
    const version = await versionOf(host);
    const answers = await Promise.all([
      admin.submit(DUO, { ...keys(), version }),
      other.submit(DUO, { ...keys(), version, whenUnavailable: 'let-in' }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409]);
    const refused = answers.find(({ status }) => status === 409);
    assert.match(refused?.text ?? '', /Somebody has changed this setting meanwhile/);
    assert.equal(await versionOf(host), String(Number(version) + 1));
    assert.deepEqual(host.errors, []);
  });

  it('removed by two at the same moment are removed once', async () => {
    const { host, admin } = await ready();
    const other = await signedIn(host, 'admin@north');
    await admin.submit(DUO, { ...keys(), version: await versionOf(host) });
    const version = Number(await versionOf(host));
    const answers = await Promise.all(
      [admin, other].map((one) => one.call(`${DUO}/remove`, { version })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    assert.equal((await settingOf(host)).duo, null);
    assert.deepEqual(host.errors, []);
  });

  it('add Duo where only some mechanisms are accepted', async () => {
    const { host, admin } = await ready({ methods: ['totp'] });
    await admin.submit(DUO, { ...keys(), version: await versionOf(host) });
    assert.deepEqual((await settingOf(host)).methods, ['totp', 'duo']);
  });

  it('are refused at the field that is wrong in shape, and nothing is stored', async () => {
    const { host, admin } = await ready();
    const version = await versionOf(host);
    const wrong: [string, string][] = [
      ['clientId', 'DI'],
      ['clientId', ''],
      ['clientSecret', 'short'],
      ['clientSecret', ''],
      ...NOT_DUO.filter((one) => one.length <= 200).map(
        (one) => ['apiHost', one] as [string, string],
      ),
    ];
    for (const [field, value] of wrong) {
      const answer = await admin.submit(DUO, { ...keys(), version, [field]: value });
      assert.equal(answer.status, 422, JSON.stringify(value));
      assert.match(answer.text, new RegExp(`id="duo-${field}-error" role="alert"`));
      assert.match(answer.text, new RegExp(`name="${field}"[^>]*aria-invalid="true"`));
    }
    const json = await admin.call(DUO, { version: Number(version), enabled: 'yes' });
    assert.equal(json.status, 422);
    assert.deepEqual(Object.keys(json.body.fields), ['clientId', 'clientSecret', 'apiHost']);
    assert.equal(duo.log.length, 0);
    assert.equal((await settingOf(host)).duo, null);
    assert.equal(await versionOf(host), version);
  });

  it('are refused when Duo rejects them, with Duo’s code at what looks wrong', async () => {
    const { host, admin } = await ready();
    const version = await versionOf(host);
    const other = duoKeys();
    for (const [field, value] of [
      ['clientId', other.clientId],
      ['clientSecret', other.clientSecret],
    ] as const) {
      const answer = await admin.submit(DUO, { ...keys(), version, [field]: value });
      assert.equal(answer.status, 422);
      assert.match(answer.text, /Duo rejected these keys \(Duo&#39;s code 40002\)/);
      assert.match(answer.text, new RegExp(`id="duo-${field}-error"`));
    }
    assert.equal((await settingOf(host)).duo, null);
  });

  it('are not saved while Duo cannot be reached, and can be tried again', async () => {
    const { host, admin } = await ready();
    const version = await versionOf(host);
    for (const fault of ['503', 'hang', 'reset'] as const) {
      duo.set({ endpoint: 'healthCheck', fault, once: true });
      const answer = await admin.submit(DUO, { ...keys(), version });
      assert.equal(answer.status, 503);
      assert.match(answer.text, /Nothing was saved: try again/);
      assert.match(answer.text, new RegExp(`value="${GLOBEX.clientId}"`), 'what was typed is kept');
    }
    assert.equal((await settingOf(host)).duo, null);
    assert.equal((await admin.submit(DUO, { ...keys(), version })).status, 303);
  });

  it('keep the secret when it is left empty, and want it again for another host', async () => {
    const { host, admin } = await ready();
    await admin.submit(DUO, { ...keys(), version: await versionOf(host) });
    const before = (await settingOf(host)).duo?.keys;
    const again = { ...keys(), clientSecret: '' };
    const changed = await admin.submit(DUO, {
      ...again,
      whenUnavailable: 'let-in',
      version: await versionOf(host),
    });
    assert.equal(changed.status, 303);
    const after = await settingOf(host);
    assert.deepEqual(after.duo?.keys, before);
    assert.equal(after.duo?.whenUnavailable, 'let-in');
    const moved = await admin.submit(DUO, {
      ...again,
      apiHost: 'api-00000000.duosecurity.com',
      version: await versionOf(host),
    });
    assert.equal(moved.status, 422);
    assert.match(moved.text, /id="duo-clientSecret-error"/);
    assert.deepEqual((await settingOf(host)).duo?.keys, before);
  });

  it('are never shown: not on a page, in JSON, in the trail, nor in an error', async () => {
    const { host, admin } = await ready();
    const seen: string[] = [];
    const keep = ({ text, headers }: { text: string; headers: object }) =>
      seen.push(text, JSON.stringify(headers));
    keep(await admin.submit(DUO, { ...keys(), version: await versionOf(host) }));
    keep(await admin.get(PAGE));
    keep(await admin.json('get', PAGE));
    keep(await admin.get('/setup/organizations/globex/events'));
    for (const change of [
      { clientId: 'wrong' },
      { apiHost: 'wrong' },
      { clientId: duoKeys().clientId },
      { version: '0' },
    ]) {
      const fields = { ...keys(), version: await versionOf(host), ...change };
      keep(await admin.submit(DUO, fields));
      keep(await admin.call(DUO, { ...fields, version: Number(fields.version) }));
    }
    seen.push(JSON.stringify(host.events), inspect(host.errors, { depth: 10 }));
    const everything = seen.join('\n');
    assert.ok(everything.includes(GLOBEX.clientId));
    assert.ok(!everything.includes(GLOBEX.clientSecret));
    const sealed = String((await settingOf(host)).duo?.keys.sealedSecret);
    assert.ok(!everything.includes(sealed));
  });

  it('that are lent by a partner are used by clients that have none', async () => {
    const { host } = await ready();
    const partner = await signedIn(host, 'admin@north');
    const northDuo = '/setup/organizations/north/duo';
    const page = await partner.get('/setup/organizations/north/authentication');
    assert.match(page.text, /name="lendToClients"/);
    const version = await versionOf(host, 'north');
    const saved = await partner.submit(northDuo, { ...keys(), lendToClients: 'yes', version });
    assert.equal(saved.status, 303);
    const admin = await signedIn(host, 'user1@globex');
    assert.ok(await isInside(admin));
    const client = await partner.get(PAGE);
    assert.match(client.text, /with the keys of North Networks/);
    const user = new Browser(host.app);
    await user.login('user2@globex');
    const { callback } = await duo.answer(await toPrompt(user, '/two-factor/activate/duo'));
    await user.get(local(callback));
    assert.ok(await isInside(user));
  });

  it('of a client lend to nobody', async () => {
    const { host, admin } = await ready();
    const fields = { ...keys(), lendToClients: 'yes', version: await versionOf(host) };
    await admin.submit(DUO, fields);
    assert.equal((await settingOf(host)).duo?.lendToClients, false);
    assert.doesNotMatch((await admin.get(PAGE)).text, /name="lendToClients"/);
  });

  it('are removed after a look at whom that leaves without a mechanism', async () => {
    const { host, admin } = await ready({ methods: ['totp', 'duo'] });
    await admin.submit(DUO, { ...keys(), version: await versionOf(host) });
    const user = new Browser(host.app);
    await user.login('user1@globex');
    const { callback } = await duo.answer(await toPrompt(user, '/two-factor/activate/duo'));
    await user.get(local(callback));
    assert.ok(await isInside(user));

    const asked = await admin.submit(DUO, { enabled: 'no', version: await versionOf(host) });
    assert.equal(asked.status, 200);
    // user1, who has Duo alone; user2 and user3 have nothing yet and are no worse off.
    assert.match(asked.text, /data-sp="left-without">1</);
    assert.ok((await settingOf(host)).duo, 'nothing was removed yet');
    const removed = await admin.submit(
      `${DUO}/remove`,
      formFields(asked.text, `${DUO}/remove`) as never,
    );
    assert.equal(removed.headers.location, `${PAGE}?done=saved`);
    const setting = await settingOf(host);
    assert.equal(setting.duo, null);
    assert.deepEqual(setting.methods, ['totp']);
    // Who is signed in has proven Duo, and goes on to activate another.
    assert.equal((await user.get('/')).headers.location, '/two-factor/activate');
    const later = new Browser(host.app);
    await later.login('user1@globex');
    const page = await later.get('/two-factor/challenge/duo');
    assert.equal(page.status, 403);
    assert.match(page.text, /Ask your administrator/);
  });

  it('are not removed by an administrator who has nothing else, unless they say so', async () => {
    const { host, admin } = await ready();
    await admin.submit(DUO, { ...keys(), version: await versionOf(host) });
    const other = await AdminBrowser.signedIn(host, 'admin@north');
    await host.store.writeSetting('north', {
      value: { ...NO_SETTING, mode: 'required', duo: (await settingOf(host)).duo },
      changedBy: 'test',
      expectedVersion: null,
    });
    // The keys were sealed for globex and open for nobody else.
    const stolen = await other.get('/two-factor/activate/duo');
    assert.equal(stolen.status, 503);

    const keyed = new AdminBrowser(host.app);
    await host.store.reset('admin@globex');
    await keyed.login('admin@globex');
    const { callback } = await duo.answer(await toPrompt(keyed, '/two-factor/activate/duo'));
    await keyed.get(local(callback));
    const version = await versionOf(host);
    const asked = await keyed.submit(DUO, { enabled: 'no', version });
    assert.match(asked.text, /It would lock you out/);
    assert.equal((await keyed.submit(`${DUO}/remove`, { version })).status, 422);
    assert.ok((await settingOf(host)).duo);
    const insisted = await keyed.submit(`${DUO}/remove`, { version, override: 'lock me out' });
    assert.equal(insisted.status, 303);
    assert.equal((await settingOf(host)).duo, null);
  });

  it('are changed by one of two administrators at a time', async () => {
    const { host, admin } = await ready();
    const version = await versionOf(host);
    assert.equal((await admin.submit(DUO, { ...keys(), version })).status, 303);
    const late = await admin.submit(DUO, { ...keys(), whenUnavailable: 'let-in', version });
    assert.equal(late.status, 409);
    assert.equal((await settingOf(host)).duo?.whenUnavailable, 'deny');
    assert.equal((await admin.submit(`${DUO}/remove`, { version })).status, 409);
  });

  it('are nobody else’s business', async () => {
    const { host } = await ready();
    const version = await versionOf(host);
    for (const name of ['user1@globex', 'admin@acme', 'admin@south']) {
      const browser = await AdminBrowser.signedIn(host, name);
      if (name !== 'admin@south') await browser.activate(name, Date.now()).catch(() => '');
      for (const path of [DUO, `${DUO}/remove`]) {
        const answer = await browser.submit(path, { ...keys(), version });
        assert.ok(answer.status >= 400 && answer.status < 500, `${name} ${answer.status}`);
      }
    }
    const anonymous = new AdminBrowser(host.app);
    assert.equal((await anonymous.post(DUO, keys())).status, 303);
    assert.equal((await settingOf(host)).duo, null);
    assert.equal(duo.log.length, 0);
  });
});
