import assert from 'node:assert/strict';
import {
  AdminBrowser,
  type AdministrationOptions,
  administration,
  formFields,
  testAuthorize,
  testDirectory,
} from '../support/admin.js';
import { codeAt, wrongCode } from '../support/browser.js';
import { enroll } from '../support/redis-store.js';
import { set, switchOn } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const ACME = '/setup/organizations/acme';
const USERS = `${ACME}/users`;
const BULK = `${ACME}/two-factor`;
const DAY = 24 * 60 * 60 * 1000;

journeys('looking for users by their state', (world) => {
  const now = () => world().clock.now();

  async function open(options: AdministrationOptions = {}) {
    const made = await world().host(() => administration(options));
    await set(world().store, 'north', { mode: 'required', methods: ['totp'] });
    const admin = new AdminBrowser(made.app);
    await admin.activate('admin@north', now());
    return { ...made, admin };
  }

  const found = async (admin: AdminBrowser, query: string) => {
    const { body } = await admin.json('get', `${USERS}?${query}`);
    return body.items.map(({ id }: { id: string }) => id);
  };

  async function fail(browser: AdminBrowser, key: string, times: number) {
    for (let n = 0; n < times; n += 1) {
      assert.equal((await browser.answerChallenge(wrongCode(key, now()))).status, 422);
    }
  }

  it('finds those who have activated nothing, something, may postpone it, or are locked', async () => {
    const { app, admin } = await open();
    const { store } = world();
    await enroll(store, 'user1@acme');
    await switchOn(store, 'user2@acme', new Date(now() + DAY).toISOString());
    await switchOn(store, 'user3@acme');
    const key = await new AdminBrowser(app).activate('user3@acme', now());
    const user3 = await AdminBrowser.signedIn({ app }, 'user3@acme');
    world().clock.advance(30_000);
    await fail(user3, key, 5);

    assert.deepEqual(await found(admin, 'state=not-activated'), ['admin@acme', 'user2@acme']);
    assert.deepEqual(await found(admin, 'state=activated'), ['user1@acme', 'user3@acme']);
    assert.deepEqual(await found(admin, 'state=in-grace'), ['user2@acme']);
    assert.deepEqual(await found(admin, 'state=locked'), ['user3@acme']);
    assert.deepEqual(await found(admin, 'state=activated&search=user1'), ['user1@acme']);
    assert.equal((await found(admin, '')).length, 4);

    const page = await admin.get(`${USERS}?state=in-grace`);
    assert.match(page.text, /<option value="in-grace" selected>May still postpone it</);
    assert.match(page.text, /may be postponed until <time[^>]*>2 January 2026/);
    assert.match(page.text, /data-sp="looked">Looked at 4 of 4 users\.</);
    assert.equal(page.text.match(/name="users"/g)?.length, 1);
    const { body } = await admin.json('get', `${USERS}?state=in-grace`);
    assert.equal(body.items[0].graceUntil, new Date(now() + DAY - 30_000).toISOString());
    assert.deepEqual([body.state, body.looked, body.next], ['in-grace', 4, null]);
  });

  it('says what can be looked for when it is something else', async () => {
    const { admin } = await open();
    for (const state of ['nobody', 'toString', '__proto__']) {
      const { status, body } = await admin.json('get', `${USERS}?state=${state}`);
      assert.equal(status, 400);
      assert.match(body.fields.state, /not-activated, activated, in-grace, locked/);
    }
  });

  it('looks at no more than 2 000 users at once, says how far it has come, and goes on from there', async () => {
    const directory = testDirectory({ acme: 4999 });
    const { admin } = await open({ directory });
    for (const n of [10, 2500, 4999]) await enroll(world().store, `user${n}@acme`);
    directory.calls.length = 0;
    const first = await admin.json('get', `${USERS}?state=activated`);
    assert.equal(directory.calls.filter((call) => call.startsWith('users')).length, 40);
    assert.equal(first.body.looked, 2000);
    assert.equal(first.body.total, 5000);
    assert.deepEqual(
      first.body.items.map(({ id }: { id: string }) => id),
      ['user10@acme'],
    );

    let page = await admin.get(`${USERS}?state=activated`);
    const seen: string[] = [];
    for (const said of [
      'Looked at 2,000 of 5,000 users so far: go on for the others.',
      'Looked at 4,000 of 5,000 users so far: go on for the others.',
      'Looked at 5,000 of 5,000 users.',
    ]) {
      assert.ok(page.text.includes(said), said);
      seen.push(...[...page.text.matchAll(/name="users" value="([^"]*)"/g)].map(([, id]) => id!));
      const next = /href="([^"]*)" rel="next"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&');
      if (next) page = await admin.get(next);
    }
    assert.deepEqual(seen, ['user10@acme', 'user2500@acme', 'user4999@acme']);
  });

  it('stops at a page that is full, also where its rows are few', async () => {
    const directory = testDirectory({ acme: 500 });
    const { admin } = await open({ directory });
    directory.calls.length = 0;
    const { body } = await admin.json('get', `${USERS}?state=not-activated&limit=7`);
    assert.deepEqual([body.items.length, body.looked, body.next], [7, 7, '7']);
    const none = await admin.json('get', `${USERS}?state=locked&limit=1`);
    assert.deepEqual([none.body.items.length, none.body.looked, none.body.next], [0, 40, '40']);
    assert.match((await admin.get(`${USERS}?state=locked&limit=1`)).text, /Nobody among those/);
    assert.match((await admin.get(`${USERS}?state=locked`)).text, /No user matches/);
  });

  it('tells nothing of users who may not be read, neither by rows nor by numbers', async () => {
    const { admin } = await open({
      admin: {
        authorize: (req, action, target) =>
          testAuthorize(req, action, target) &&
          (target.kind === 'organization' || target.user.id !== 'user2@acme'),
      },
    });
    await enroll(world().store, 'user2@acme');
    const { body } = await admin.json('get', `${USERS}?state=activated`);
    assert.deepEqual([body.items, body.looked, body.total], [[], 3, null]);
    assert.match((await admin.get(`${USERS}?state=activated`)).text, /Looked at 3 users\.</);
  });

  it('is a selection for the actions: all that the filter finds, counted again before it is done', async () => {
    const { admin } = await open();
    await enroll(world().store, 'user1@acme');
    const list = await admin.get(`${USERS}?state=not-activated&search=user`);
    const fields = formFields(list.text, `${BULK}/preview`);
    const question = await admin.submit(`${BULK}/preview`, {
      ...fields,
      action: 'enable',
      everybody: 'yes',
    });
    assert.match(question.text, /<span data-sp="count">2<\/span> users\?/);
    assert.match(
      question.text,
      /<bdi>user2@acme\.example<\/bdi>[\s\S]*<bdi>user3@acme\.example<\/bdi>/,
    );
    assert.match(question.text, /href="[^"]*\/users\?search=user&amp;state=not-activated"/);
    const answer = formFields(question.text, BULK);

    await enroll(world().store, 'user2@acme');
    const changed = await admin.submit(BULK, answer);
    assert.equal(changed.status, 409);
    assert.match(changed.text, /were 2 users when you were asked, and are 1 now/);
    const done = await admin.submit(BULK, formFields(changed.text, BULK));
    assert.match(done.text, /enabled for <span data-sp="count">1</);
    const setting = async (id: string) => (await world().store.readSubject(id)).setting;
    assert.equal(await setting('user2@acme'), null);
    assert.notEqual(await setting('user3@acme'), null);

    const wrong = await admin.call(BULK, { action: 'enable', everybody: true, state: 'x' });
    assert.equal(wrong.status, 400);
  });

  it('as a selection looks through 10 000 users, and not through more', async () => {
    const { admin } = await open({ directory: testDirectory({ acme: 10_000 }) });
    const body = { action: 'enable', everybody: true, state: 'locked' };
    const { status, body: answer } = await admin.call(`${BULK}/preview`, body);
    assert.deepEqual([status, answer.error], [422, 'too_many_users']);
    assert.match(answer.message, /tick them page by page/);
  });

  describe('a lock', () => {
    async function failed(times: number) {
      const { app, admin, door } = await open();
      await switchOn(world().store, 'user1@acme');
      const key = await new AdminBrowser(app).activate('user1@acme', now());
      const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
      world().clock.advance(30_000);
      await fail(user, key, times);
      const told = async () => {
        const { body } = await admin.json('get', `${USERS}/user1%40acme`);
        const row = (await admin.json('get', `${USERS}?search=user1`)).body.items[0];
        const status = await door.subjects.status('user1@acme');
        const ofStatus = { ...status, retryAt: status.retryAt?.toISOString() ?? null };
        const of = ({ locked, retryAt, stopped }: typeof body) => ({ locked, retryAt, stopped });
        assert.deepEqual(of(row), of(body));
        assert.deepEqual(of(ofStatus), of(body));
        return of(body);
      };
      return { app, admin, key, user, told };
    }

    it('says until when, and is none when that is over', async () => {
      const { admin, key, user, told } = await failed(5);
      const retryAt = new Date(now() + 30_000).toISOString();
      assert.deepEqual(await told(), { locked: true, retryAt, stopped: false });
      const page = await admin.get(`${USERS}/user1%40acme`);
      assert.match(page.text, /5 wrong answers in a row: the next code is taken at <time/);
      assert.match(
        (await admin.get(USERS)).text,
        /Too many wrong codes<\/span>[^<]*<span[^>]*>until/,
      );
      world().clock.advance(29_999);
      assert.equal((await told()).locked, true);
      world().clock.advance(1);
      assert.deepEqual(await told(), { locked: false, retryAt: null, stopped: false });
      assert.deepEqual(await found(admin, 'state=locked'), []);
      assert.doesNotMatch((await admin.get(USERS)).text, /Too many wrong codes/);
      const after = await admin.get(`${USERS}/user1%40acme`);
      assert.match(after.text, /Wrong answers since the last right one: 5/);
      assert.match(after.text, />Unlock</);
      assert.equal((await user.answerChallenge(codeAt(key, now()))).status, 303);
      assert.deepEqual(await told(), { locked: false, retryAt: null, stopped: false });
    });

    it('is none after four wrong answers', async () => {
      const { told } = await failed(4);
      assert.deepEqual(await told(), { locked: false, retryAt: null, stopped: false });
    });

    it('that only help ends has no end of its own', async () => {
      const { admin, told } = await failed(0);
      const limits = { free: 5, waits: [0], stop: 100 };
      const attempt = { method: 'totp', stoppable: true };
      for (let n = 0; n < 100; n += 1) {
        await world().store.reserveAttempt('user1@acme', limits, attempt);
      }
      assert.deepEqual(await told(), { locked: true, retryAt: null, stopped: true });
      const page = await admin.get(`${USERS}/user1%40acme`);
      assert.match(page.text, /refused until somebody unlocks this user/);
      assert.match((await admin.get(USERS)).text, /Stopped after too many wrong codes/);
      assert.deepEqual(await found(admin, 'state=locked'), ['user1@acme']);
      await admin.call(`${USERS}/user1%40acme/unlock`);
      assert.deepEqual(await told(), { locked: false, retryAt: null, stopped: false });
    });
  });
});
