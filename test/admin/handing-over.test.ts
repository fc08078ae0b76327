import assert from 'node:assert/strict';
import { Browser, codeAt } from '../support/browser.js';
import { opened } from '../support/opened-admin.js';
import { enroll } from '../support/redis-store.js';
import { set } from '../support/tenancy.js';

const USERS = '/setup/organizations/acme/users';
const USER1 = `${USERS}/user1%40acme`;
const DAY = 24 * 3_600_000;
const WEEK = 7 * DAY;

describe('a key that an administrator hands over', () => {
  it('is another one each time, and the former one opens nothing', async () => {
    const { browser, app, clock, store } = await opened();
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    const handOver = async () =>
      (await browser.call(`${USER1}/activate`, { confirm: 'first-login' })).body;
    const [former, latest] = [await handOver(), await handOver()];
    assert.notEqual(former.key, latest.key);
    assert.notEqual(former.enrollment, latest.enrollment);
    assert.equal(latest.confirm, 'first-login');
    const user = new Browser(app);
    await user.login('user1@acme');
    const open = async ({ key }: { key: string }) => {
      const page = await user.get('/two-factor/activate/totp');
      const [, enrollment = ''] = /name="enrollment" value="([^"]*)"/.exec(page.text) ?? [];
      const code = codeAt(key, clock.now());
      const _csrf = await user.csrf();
      return user.post('/two-factor/activate/totp', { _csrf, enrollment, code });
    };
    assert.equal((await open(former)).status, 422);
    assert.equal((await open(latest)).status, 200);
    assert.equal((await store.readSubject('user1@acme')).enrollments.length, 1);
  });

  it('is told of as handed over, and one that is confirmed on the spot is not', async () => {
    const { browser, events, clock } = await opened();
    const { body: begun } = await browser.call(`${USER1}/activate`, { confirm: 'now' });
    assert.equal(begun.confirm, 'now');
    assert.deepEqual(events, []);
    const { enrollment, key } = begun;
    const code = codeAt(key, clock.now());
    await browser.call(`${USER1}/activate/confirm`, { code, enrollment });
    const [told, ...others] = events.map(({ type, actorId, from }) => [type, actorId, from]);
    assert.deepEqual(others, []);
    assert.deepEqual(told?.slice(0, 2), ['enrollment.confirmed', 'admin@north']);
    assert.match(String(told?.[2]), /127\.0\.0\.1$/);
  });

  it('is a page with its end and a way back', async () => {
    const { browser, clock } = await opened();
    const now = await browser.submit(`${USER1}/activate`, { confirm: 'now' });
    const later = await browser.submit(`${USER1}/activate`, { confirm: 'first-login' });
    const end = new Date(clock.now() + WEEK).toISOString();
    assert.match(later.text, new RegExp(`<time datetime="${end}"`));
    assert.match(now.text, /name="code"/);
    assert.doesNotMatch(later.text, /name="code"/);
    for (const { status, text } of [now, later]) {
      assert.equal(status, 200);
      assert.match(text, new RegExp(`href="${USER1}"`));
      assert.doesNotMatch(text, /role="alert"|role="status"/);
    }
  });
});

describe('the pages from which a user is activated', () => {
  it('lead back to the user', async () => {
    const { browser, store } = await opened();
    const pages = [
      await browser.get(`${USER1}/activate`),
      await browser.submit(`${USER1}/activation-key`),
    ];
    await enroll(store, 'user1@acme');
    for (const { status, text } of [...pages, await browser.get(`${USER1}/reset`)]) {
      assert.equal(status, 200);
      assert.match(text, new RegExp(`href="${USER1}"`));
      assert.doesNotMatch(text, /role="status"/);
    }
  });

  it('take no field that they do not know', async () => {
    const { browser, store } = await opened();
    for (const [path, fields] of [
      ['activation-key', { lifetime: '1' }],
      ['activate', { confirm: 'now', lifetime: '1' }],
      ['activate', { confirm: 'later' }],
      ['activate/confirm', { code: '123456', enrollment: 'abcdefghijkl', replaces: 'x' }],
      ['activate/confirm', { code: '1'.repeat(201), enrollment: 'abcdefghijkl' }],
      ['activate/confirm', { code: '123456', enrollment: '' }],
      ['activate/confirm', { code: '123456', enrollment: 'x'.repeat(65) }],
      ['reset', { factor: 'abcdefghijkl' }],
    ] as const) {
      const { status, body } = await browser.call(`${USER1}/${path}`, fields);
      assert.deepEqual([status, body.error], [400, 'invalid_request'], JSON.stringify(fields));
    }
    assert.equal((await store.readSubject('user1@acme')).failures, 0);
  });

  it('say of an activation key when it ends, and whether the user was reset for it', async () => {
    const { browser, store, clock } = await opened();
    const endsAt = new Date(clock.now() + DAY).toISOString();
    const { body: issued } = await browser.call(`${USER1}/activation-key`);
    assert.deepEqual([issued.expiresAt, issued.reset], [endsAt, false]);
    const issuedPage = await browser.submit(`${USER1}/activation-key`);
    await enroll(store, 'user1@acme');
    const { body: reset } = await browser.call(`${USER1}/reset`, { issueKey: true });
    assert.deepEqual([reset.expiresAt, reset.reset], [endsAt, true]);
    assert.notEqual(reset.activationKey, issued.activationKey);
    const resetPage = await browser.submit(`${USER1}/reset`, { issueKey: 'yes' });
    const said = ({ text }: { text: string }) => /was reset/.test(text);
    assert.deepEqual([said(issuedPage), said(resetPage)], [false, true]);
    assert.match(resetPage.text, new RegExp(`<time datetime="${endsAt}"`));
  });
});
