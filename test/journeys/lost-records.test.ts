import assert from 'node:assert/strict';
import { MemoryStore } from 'express-session';
import { recoveryCodes, SallyportError, totp } from 'sallyport';
import { AdminBrowser, administration, formFields } from '../support/admin.js';
import { type Host, host, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { assertDenied, statusOf } from '../support/faulty.js';
import { eventually, sharedRedis, uniquePrefix } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import { closeStores, openClient, openStore } from '../support/redis-store.js';
import { set } from '../support/tenancy.js';
import { domainViews, emailCodeByDomain } from './allowed-domain.js';

const ACME = '/setup/organizations/acme/authentication';

describe('a record that Redis has lost, of', function () {
  this.timeout(30_000);
  let here: Host;
  let store: ReturnType<typeof openStore>;
  let records: ReturnType<typeof recordsIn>;
  let client: Awaited<ReturnType<typeof openClient>>;
  let now: () => number;

  beforeEach(async () => {
    const url = await sharedRedis();
    const prefix = uniquePrefix();
    const clock = testClock();
    now = clock.now;
    store = openStore(url, { prefix, now, initialize: true, allowEviction: true });
    await store.ready();
    client = await openClient(url);
    records = recordsIn(client.withTypeMapping({ 36: Buffer }), prefix);
    const { options, routes } = administration();
    here = await host({ store, sessions: new MemoryStore(), options, routes });
  });
  afterEach(async () => {
    await here.door.close();
    await closeStores();
  });

  const signedIn = async (name: string) => {
    const browser = new Browser(here.app);
    await browser.login(name);
    return browser;
  };
  const lose = (kind: 'subject' | 'organization', id: string) =>
    client.del(records.keyOf(kind, id));
  const denied = (browser: Browser) => eventually(async () => (await statusOf(browser)) === 503);

  it('an organization’s setting, lets nobody in with a password, until it is saved again', async () => {
    await set(store, 'acme', { mode: 'required' });
    const admin = await AdminBrowser.proven(here, 'admin@north');
    const user = await signedIn('user1@acme');
    assert.equal((await user.get('/reports')).headers.location, '/two-factor/activate');
    await lose('organization', 'acme');
    await denied(user);
    await assertDenied(here.app, user, 'lost');
    await assertDenied(here.app, await signedIn('user2@acme'), 'lost');
    assert.equal(await statusOf(await signedIn('user1@globex')), 200, 'others go on');

    for (const path of ['/setup/organizations/acme', '/setup/organizations/north/clients']) {
      assert.equal((await admin.get(path)).status, 200, path);
    }
    const page = await admin.get(ACME);
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /The record of organization acme is gone, damaged or an older one/);
    const fields = formFields(page.text, `${ACME}/preview`);
    const preview = await admin.submit(`${ACME}/preview`, { ...fields, mode: 'required' });
    assert.equal(preview.status, 200, preview.text);
    assert.match(preview.text, /lost or damaged: nobody gets in, and what it said is not known/);
    const saved = await admin.submit(ACME, formFields(preview.text, ACME));
    assert.equal(saved.headers.location, `${ACME}?done=saved`, saved.text);
    await eventually(async () => {
      const { headers } = await user.get('/reports');
      return headers.location === '/two-factor/activate';
    });
  });

  it('an organization’s setting, is saved again also as nothing at all', async () => {
    await set(store, 'acme', { mode: 'required' });
    await lose('organization', 'acme');
    const admin = await AdminBrowser.proven(here, 'admin@north');
    const read = await admin.json('get', ACME);
    assert.deepEqual([read.body.lost, read.body.version], [true, 0]);
    const saved = await admin.call(ACME, { version: 0, setting: read.body.setting });
    assert.equal(saved.body.saved, true, saved.text);
    assert.ok(saved.body.version > 1);
    await eventually(async () => (await statusOf(await signedIn('user1@acme'))) === 200);
  });

  it('an organization’s setting, is begun anew in a method’s own section, which asks first', async () => {
    const { options, routes } = administration();
    const email = emailCodeByDomain({ addressOf: () => null, send: async () => {} });
    const more = { methods: [totp(), email, recoveryCodes()], views: domainViews() };
    const sessions = new MemoryStore();
    const own = await host({ store, sessions, options: { ...options, ...more }, routes });
    try {
      await set(store, 'acme', { mode: 'required' });
      const admin = await AdminBrowser.proven(own, 'admin@north');
      const user = new Browser(own.app);
      await user.login('user1@acme');
      await lose('organization', 'acme');
      await denied(user);
      const section = '/setup/organizations/acme/email-code';
      const sent = { version: '0', domain: 'acme.example' };
      const asked = await admin.submit(section, sent);
      assert.equal(asked.status, 200, asked.text);
      assert.match(asked.text, /lost or damaged: nobody gets in, and what it said is not known/);
      await assertDenied(own.app, user, 'lost');
      const replace = `${section}/replace`;
      const saved = await admin.submit(replace, formFields(asked.text, replace));
      assert.equal(saved.headers.location, `${ACME}?done=saved`, saved.text);
      const { body } = await admin.json('get', ACME);
      assert.deepEqual([body.lost, body['email-code']], [false, { domain: 'acme.example' }]);
      const events = await store.readEvents('acme', { before: null, limit: 10 });
      const change = events.find(({ type }) => type === 'setting.changed');
      assert.match(String(change?.detail), /lost or damaged.*Domain: none → acme\.example/);
    } finally {
      await own.door.close();
    }
  });

  it('a partner’s floor, lets none of its clients’ people in', async () => {
    await set(store, 'north', { clientsMust: { ...LEVEL, mode: 'required' } });
    const user = await signedIn('user1@acme');
    assert.equal((await user.get('/reports')).headers.location, '/two-factor/activate');
    await lose('organization', 'north');
    await denied(user);
    await assertDenied(here.app, await signedIn('user1@globex'), 'lost');
    assert.equal(await statusOf(await signedIn('user1@initech')), 200);
  });

  it('a user who was switched on alone, does not switch them off', async () => {
    const value = { mode: 'required', graceUntil: null };
    const change = { value, changedBy: 'admin', expectedVersion: null };
    await store.writeUserSetting('user1@acme', change);
    await lose('subject', 'user1@acme');
    await assertDenied(here.app, await signedIn('user1@acme'), 'lost');
  });

  it('somebody enrolled, neither un-enrolls nor lets in, until an administrator resets them', async () => {
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    const inside = new Browser(here.app);
    const key = await inside.activate('user1@acme', now());
    assert.equal(await statusOf(inside), 200);
    await lose('subject', 'user1@acme');
    await denied(inside);
    const between = await signedIn('user1@acme');
    await assertDenied(here.app, between, 'lost');

    const admin = await AdminBrowser.proven(here, 'admin@north');
    const users = await admin.get('/setup/organizations/acme/users');
    assert.equal(users.status, 200);
    assert.match(users.text, /user1@acme\.example/);
    const details = '/setup/organizations/acme/users/user1%40acme';
    const page = await admin.get(details);
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /The record of user user1@acme is gone, damaged or an older one/);
    assert.match(page.text, new RegExp(`href="${details}/reset"`));
    assert.equal((await admin.get(`${details}/reset`)).status, 200);
    const done = await admin.submit(`${details}/reset`);
    assert.equal(done.headers.location, `${details}?done=reset`, done.text);
    assert.notEqual(await statusOf(inside), 200, 'what was proven before does not count again');
    const again = new Browser(here.app);
    await again.activate('user1@acme', now());
    assert.equal(await statusOf(again), 200);
    const old = await signedIn('user1@acme');
    const answer = await old.answerChallenge(codeAt(key, now() + 30_000));
    assert.notEqual(answer.status, 303, 'nor does the app of before');
  });

  it('somebody, is begun anew by the host’s own reset as well', async () => {
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    await new Browser(here.app).activate('user1@acme', now());
    const ref = { id: 'user1@acme', tenantId: 'acme' };
    await lose('subject', ref.id);
    await assert.rejects(
      async () => here.door.subjects.status(ref.id),
      (error: unknown) => error instanceof SallyportError && error.code === 'ERR_STORE_RECORD',
    );
    await here.door.subjects.reset(ref);
    assert.deepEqual((await here.door.subjects.status(ref.id)).enrollments, []);
  });
});

const LEVEL = {
  ...{
    methods: null,
    enrollment: 'self' as const,
    graceUntil: null,
    maxAgeSeconds: null,
    rememberDays: null,
  },
};
