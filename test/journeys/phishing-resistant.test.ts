import assert from 'node:assert/strict';
import { recoveryCodes, securityKey, totp } from 'sallyport';
import { type SoftwareKey, softwareKey } from 'sallyport/testing';
import { AdminBrowser, administration, formFields } from '../support/admin.js';
import { ORIGIN } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const ACME = '/setup/organizations/acme/authentication';
const NORTH = '/setup/organizations/north/authentication';
const ACTIVATE = '/two-factor/activate/security-key';
const USER = 'user1@acme';
const LEVEL = {
  ...{ mode: 'required', methods: null, enrollment: null },
  ...{ graceUntil: null, maxAgeSeconds: null, rememberDays: null },
};

/** What administrators demand of a whole organization: methods alone that nobody can phish. */
journeys('only what nobody can phish', (world) => {
  async function ready() {
    const made = await world().host(() => {
      const own = administration({ admin: { secondFactor: 'policy' } });
      return {
        ...own,
        options: { ...own.options, methods: [securityKey(), totp(), recoveryCodes()] },
      };
    });
    const host = { ...made, clock: world().clock, store: world().store };
    const value = { ...LEVEL, clientsMust: null };
    await host.store.writeSetting('acme', { value, changedBy: 'test', expectedVersion: null });
    return host;
  }
  type Ready = Awaited<ReturnType<typeof ready>>;

  async function withApp({ app }: Ready) {
    const browser = new Browser(app);
    const secret = await browser.activate(USER, world().clock.now());
    const codes = (await browser.get('/two-factor/profile')).text;
    return { browser, secret, codes };
  }

  async function activated(browser: Browser, key: SoftwareKey, at = ACTIVATE) {
    const { publicKey, enrollment, csrfToken: _csrf } = (await browser.jsonForm(at)).body;
    return browser.post(at, { credential: key.create(publicKey), enrollment, _csrf });
  }

  const save = (admin: AdminBrowser, page: string, version: number, setting: object) =>
    admin.call(page, { version, setting, override: 'lock me out' });
  const only = { ...LEVEL, phishingResistant: true, clientsMust: null };

  it('is one box of the form, with a dry run that knows who would be asked, and an event', async () => {
    const host = await ready();
    await withApp(host);
    const admin = await AdminBrowser.signedIn(host, 'admin@north');
    const page = await admin.get(ACME);
    assert.match(page.text, /Only those that nobody can phish/);
    const fields = { ...formFields(page.text, `${ACME}/preview`), phishingResistant: 'yes' };
    const asked = await admin.submit(`${ACME}/preview`, { ...fields, mode: 'required' });
    assert.equal(asked.status, 200, asked.text);
    assert.match(asked.text, /Only mechanisms that nobody can phish/);
    const preview = await admin.call(`${ACME}/preview`, { version: 1, setting: only });
    assert.deepEqual(
      preview.body.changes.map(({ field, from, to }: Record<string, string>) => [field, from, to]),
      [['phishingResistant', 'not set', 'yes']],
    );
    assert.equal(preview.body.dryRun.mustActivate, 1, 'whoever has an app alone');
    const confirmed = await admin.submit(ACME, formFields(asked.text, ACME));
    assert.equal(confirmed.status, 303, confirmed.text);
    const shown = await admin.get(ACME);
    assert.match(shown.text, /name="phishingResistant" value="yes"[^>]* checked/);
    assert.equal((await admin.json('get', ACME)).body.setting.phishingResistant, true);
    assert.match(shown.text, /accepts methods alone that nobody can phish/);
    const changed = host.events.findLast(({ type }) => type === 'setting.changed');
    assert.match(changed?.detail ?? '', /nobody can phish/);
    for (const wrong of [false, 'yes', 1]) {
      const { status, body } = await admin.call(`${ACME}/preview`, {
        ...{ version: 2, setting: { ...only, phishingResistant: wrong } },
      });
      assert.deepEqual([status, Object.keys(body.fields)], [422, ['phishingResistant']]);
    }
    const none = await admin.call(`${ACME}/preview`, {
      ...{ version: 2, setting: { ...only, methods: ['totp'] } },
    });
    assert.deepEqual([none.status, Object.keys(none.body.fields)], [422, ['methods']]);
  });

  it('leads whoever has an app to a key, and takes neither codes nor recovery codes at the door', async () => {
    const host = await ready();
    const { browser, secret } = await withApp(host);
    assert.equal((await browser.get('/reports')).status, 200);
    const admin = await AdminBrowser.signedIn(host, 'admin@north');
    assert.equal((await save(admin, ACME, 1, only)).status, 200);
    assert.notEqual((await browser.get('/reports')).status, 200, 'at the next request');

    const later = new Browser(host.app);
    await later.login(USER);
    world().clock.advance(60_000);
    assert.notEqual((await later.get('/reports')).status, 200);
    const challenge = await later.json('get', '/two-factor/challenge');
    assert.deepEqual(challenge.body.methods, ['totp'], 'to activate the other one');
    await later.answerChallenge(codeAt(secret, world().clock.now()));
    assert.notEqual((await later.get('/reports')).status, 200, 'an app opens no door');
    const done = await activated(later, softwareKey({ origin: ORIGIN }));
    assert.equal(done.status, 303, done.text);
    assert.equal((await later.get('/reports')).status, 200);
  });

  it('is a demand of a partner on its clients, which they cannot lower', async () => {
    const host = await ready();
    const partner = await AdminBrowser.signedIn(host, 'admin@north');
    const { methods, graceUntil, maxAgeSeconds, rememberDays } = LEVEL;
    const clientsMust = {
      ...{ mode: 'optional', enrollment: 'self', methods, graceUntil, maxAgeSeconds },
      ...{ rememberDays, phishingResistant: true },
    };
    const nothing = { ...LEVEL, mode: null };
    assert.equal((await save(partner, NORTH, 0, { ...nothing, clientsMust })).status, 200);
    assert.match(
      (await partner.get(ACME)).text,
      /demands of its clients: [^<]*Only mechanisms that nobody can phish: yes/,
    );
    const browser = new Browser(host.app);
    await browser.login(USER);
    const { text } = await browser.get('/two-factor/activate');
    assert.doesNotMatch(text, /activate\/totp/);
    assert.equal((await activated(browser, softwareKey({ origin: ORIGIN }))).status, 303);
    assert.equal((await browser.get('/reports')).status, 200);
    const refused = await save(partner, ACME, 1, {
      ...LEVEL,
      methods: ['totp'],
      clientsMust: null,
    });
    assert.equal(refused.status, 422);
  });
});
