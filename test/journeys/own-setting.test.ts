import assert from 'node:assert/strict';
import { recoveryCodes, totp } from 'sallyport';
import { AdminBrowser, administration, formFields } from '../support/admin.js';
import { Browser } from '../support/browser.js';
import { journeys } from '../support/worlds.js';
import { domainViews, emailCodeByDomain } from './allowed-domain.js';

const SETUP = '/setup/organizations/acme';
const PAGE = `${SETUP}/authentication`;
const DOMAIN = `${SETUP}/email-code`;

/** What a host's own method has organizations set: no file of ours knows of it. */
journeys('the setting of a host’s own method', (world) => {
  let views: string;
  before(() => {
    views = domainViews();
  });

  async function ready() {
    const mails: string[] = [];
    const made = await world().host(() => {
      const own = administration({ admin: { secondFactor: 'policy' } });
      const email = emailCodeByDomain({
        addressOf: ({ id }) => (id === 'user2@acme' ? 'user2@elsewhere.example' : `${id}.example`),
        send: async (address) => void mails.push(address),
      });
      const options = { methods: [totp(), email, recoveryCodes()], views };
      return { ...own, options: { ...own.options, ...options } };
    });
    const host = { ...made, clock: world().clock, store: world().store };
    const admin = await AdminBrowser.signedIn(host, 'admin@north');
    return { ...made, admin, mails };
  }

  async function required(admin: AdminBrowser, version: number) {
    const setting = {
      ...{ mode: 'required', methods: ['email-code'], enrollment: 'self' },
      ...{ graceUntil: null, maxAgeSeconds: null, clientsMust: null },
    };
    return admin.call(PAGE, { version, setting });
  }

  it('is entered in its section, and the method is offered from then on', async () => {
    const { app, admin, mails } = await ready();
    assert.match((await admin.get(PAGE)).text, /<h2 id="email-code">Codes by e-mail<\/h2>/);
    const early = await required(admin, 0);
    assert.equal(early.status, 422);
    assert.match(early.text, /Codes by e-mail need a domain/);

    const wrong = await admin.call(DOMAIN, { version: 0, domain: 'a b' });
    assert.equal(wrong.status, 422);
    assert.equal(wrong.body.error, 'invalid_domain');
    assert.deepEqual(wrong.body.fields, { domain: 'Enter a domain, e.g. acme.example.' });
    const strange = await admin.call(DOMAIN, { version: 0, domain: 'x.example', nonsense: '1' });
    assert.equal(strange.status, 400);

    const saved = await admin.call(DOMAIN, { version: 0, domain: 'acme.example' });
    assert.equal(saved.status, 200, saved.text);
    const { body } = await admin.json('get', PAGE);
    assert.deepEqual(body['email-code'], { domain: 'acme.example' });
    assert.equal((await required(admin, saved.body.version)).status, 200);
    assert.ok(
      (await admin.json('get', PAGE)).body.effective.because.some((reason: string) =>
        /codes go to acme\.example/.test(reason),
      ),
    );

    const [one, two] = [new Browser(app), new Browser(app)];
    await one.login('user1@acme');
    await two.login('user2@acme');
    assert.equal((await one.get('/two-factor/activate/email-code')).status, 200);
    assert.deepEqual(mails, ['user1@acme.example']);
    const refused = await two.get('/two-factor/activate/email-code');
    assert.equal(refused.status, 409);
    assert.match(refused.text, /Codes go to acme\.example alone\./);
  });

  it('is replaced and removed after a look at whom that concerns, and by one administrator at a time', async () => {
    const { admin } = await ready();
    const { body: saved } = await admin.call(DOMAIN, { version: 0, domain: 'acme.example' });
    const same = await admin.call(DOMAIN, { version: saved.version, domain: 'acme.example' });
    assert.equal(same.body.saved, false);
    const late = await admin.call(DOMAIN, { version: 0, domain: 'other.example' });
    assert.equal(late.status, 409);

    const asked = await admin.call(DOMAIN, { version: saved.version, domain: 'new.example' });
    assert.equal(asked.status, 200);
    assert.equal(asked.body.next, 'confirm');
    assert.equal(asked.body.dryRun.examined, 4);
    const before = await admin.json('get', PAGE);
    assert.deepEqual(before.body['email-code'], { domain: 'acme.example' });
    const { pending, version, url } = asked.body;
    assert.equal(url, `${DOMAIN}/replace`);
    assert.equal((await admin.call(url, { version, pending: `A${pending}` })).status, 400);
    const replaced = await admin.call(url, { version, pending });
    assert.equal(replaced.body.saved, true, replaced.text);
    const after = await admin.json('get', PAGE);
    assert.deepEqual(after.body['email-code'], { domain: 'new.example' });

    const removing = await admin.call(DOMAIN, { version: replaced.body.version, domain: '' });
    assert.equal(removing.body.next, 'confirm');
    const removed = await admin.call(removing.body.url, { version: removing.body.version });
    assert.equal(removed.body.saved, true);
    assert.equal((await admin.json('get', PAGE)).body['email-code'], null);
    const changes = (await admin.get(`${SETUP}/events`)).text;
    assert.match(changes, /Domain: acme\.example → new\.example/);
  });

  it('that is damaged lets nobody in', async () => {
    const { app, admin } = await ready();
    const { body } = await admin.call(DOMAIN, { version: 0, domain: 'acme.example' });
    await required(admin, body.version);
    const { value } = (await world().store.readSetting('acme')) ?? { value: {} };
    await world().store.writeSetting('acme', {
      ...{ value: { ...value, 'email-code': { domain: 5 } }, changedBy: 'test' },
      expectedVersion: null,
    });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await browser.get('/reports')).status, 503);
  });

  it('is demanded of clients by their partner, in a field of its own', async () => {
    const { admin } = await ready();
    const north = '/setup/organizations/north/authentication';
    const floor = {
      ...{ mode: 'optional', methods: null, enrollment: 'self', graceUntil: null },
      ...{ maxAgeSeconds: null, rememberDays: null },
    };
    const setting = (mailDomain: unknown) => ({
      ...{ mode: null, methods: null, enrollment: null, graceUntil: null, maxAgeSeconds: null },
      clientsMust: { ...floor, mailDomain },
    });
    const wrong = await admin.call(north, { version: 0, setting: setting('A B') });
    assert.equal(wrong.status, 422);
    assert.equal(wrong.body.fields['clientsMust.mailDomain'], 'Enter a domain, e.g. acme.example.');
    const saved = await admin.call(north, { version: 0, setting: setting('acme.example') });
    assert.equal(saved.status, 200, saved.text);
    const { body } = await admin.json('get', north);
    assert.equal(body.setting.clientsMust.mailDomain, 'acme.example');

    // That alone is a change, too.
    const { version } = body;
    const other = await admin.call(north, { version, setting: setting('other.example') });
    assert.equal(other.body.saved, true, other.text);
    // The page has no field for it: what the form leaves out stays.
    const page = await admin.get(north);
    const fields = formFields(page.text, `${north}/preview`);
    const { 'clients.mailDomain': _, ...shown } = fields;
    const typed = { ...shown, mode: '', maxAge: '60' };
    const previewed = await admin.submit(`${north}/preview`, typed);
    assert.equal(previewed.status, 200, previewed.text);
    assert.doesNotMatch(previewed.text, />Domain</);
    const stored = async () => (await world().store.readSetting('north'))?.value;
    const confirmed = await admin.submit(north, formFields(previewed.text, north));
    assert.equal(confirmed.status, 303, confirmed.text);
    const kept = (await stored()) as {
      clientsMust: { mailDomain: unknown };
      maxAgeSeconds: unknown;
    };
    assert.equal(kept.maxAgeSeconds, 3600);
    assert.equal(kept.clientsMust.mailDomain, 'other.example');
  });

  it('shuts nobody out of a door that has not the method, and stays as it is there', async () => {
    const { admin } = await ready();
    const north = '/setup/organizations/north/authentication';
    const said = {
      ...{ mode: null, methods: null, enrollment: null, graceUntil: null, maxAgeSeconds: null },
      clientsMust: {
        ...{ mode: 'optional', methods: null, enrollment: 'self', graceUntil: null },
        ...{ maxAgeSeconds: null, rememberDays: null },
      },
    };
    const floor = { ...said.clientsMust, mailDomain: 'acme.example' };
    await admin.call(north, { version: 0, setting: { ...said, clientsMust: floor } });

    const made = await world().host(() => {
      const own = administration({ admin: { secondFactor: 'policy' } });
      return { ...own, options: { ...own.options, methods: [totp(), recoveryCodes()] } };
    });
    const user = new Browser(made.app);
    await user.login('user1@acme');
    assert.equal((await user.get('/reports')).status, 200);
    const other = await AdminBrowser.signedIn(
      { ...made, ...{ clock: world().clock, store: world().store } },
      'admin@north',
    );
    const { version } = (await other.json('get', north)).body;
    const saved = await other.call(north, { version, setting: { ...said, maxAgeSeconds: 600 } });
    assert.equal(saved.status, 200, saved.text);
    const value = (await world().store.readSetting('north'))?.value as { clientsMust: object };
    assert.equal(Reflect.get(value.clientsMust, 'mailDomain'), 'acme.example');
  });

  it('that its own section gives wrongly is never stored', async () => {
    const { app, admin } = await ready();
    const broken = await admin.call(DOMAIN, { version: 0, domain: 'broken' });
    assert.equal(broken.status, 503);
    assert.equal(await world().store.readSetting('acme'), null);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await browser.get('/reports')).status, 200);
  });
});
