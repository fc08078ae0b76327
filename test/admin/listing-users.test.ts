import assert from 'node:assert/strict';
import type { Directory } from 'sallyport';
import { testAuthorize, testDirectory } from '../support/admin.js';
import { fail, opened } from '../support/opened-admin.js';
import { enroll } from '../support/redis-store.js';
import { switchOn } from '../support/tenancy.js';

const ACME = '/setup/organizations/acme';
const USERS = `${ACME}/users`;

describe('the list of users', () => {
  it('tells a program how each of them stands', async () => {
    const { browser, store, clock } = await opened({ directory: named('user2@acme') });
    await enroll(store, 'user1@acme');
    await fail(store, 5);
    await switchOn(store, 'user2@acme', '2026-01-09T00:00:00.000Z');
    const { body } = await browser.json('get', `${USERS}?search=user`);
    const retryAt = new Date(clock.now() + 10_000).toISOString();
    const free = { locked: false, retryAt: null, stopped: false };
    const nothing = {
      ...{ mode: 'off', from: [], activated: [], signIn: null, graceUntil: null },
      ...free,
    };
    assert.deepEqual(body.items, [
      {
        ...{ id: 'user1@acme', label: 'user1@acme.example', name: null },
        ...{ ...nothing, activated: ['totp'], locked: true, retryAt },
      },
      {
        ...{ id: 'user2@acme', label: 'user2@acme.example', name: 'Second User' },
        ...{ ...nothing, mode: 'required', from: ['user'] },
        graceUntil: '2026-01-09T00:00:00.000Z',
      },
      { id: 'user3@acme', label: 'user3@acme.example', name: null, ...nothing },
    ]);
    assert.deepEqual([body.next, body.total, body.state, body.looked], [null, 3, null, 3]);
  });

  it('is a page below Users, which filters by nothing at first', async () => {
    const { browser, store, clock } = await opened({ directory: named('user2@acme') });
    await enroll(store, 'user1@acme');
    await fail(store, 5);
    const { text } = await browser.get(USERS);
    assert.match(text, /<title>Users of Acme – /);
    assert.match(text, /aria-current="page">Users</);
    assert.match(text, /<input type="hidden" name="state" value="">/);
    assert.doesNotMatch(text, /Show all|data-sp="looked"/);
    assert.match(text, /<bdi class="sp-muted sp-small">Second User<\/bdi>/);
    const until = new Date(clock.now() + 10_000).toISOString();
    assert.match(
      text,
      new RegExp(`Too many wrong codes</span> <span[^>]*>until <time datetime="${until}">`),
    );
    const filtered = await browser.get(`${USERS}?state=activated`);
    assert.match(filtered.text, /<caption>Activated<\/caption>/);
    assert.match(filtered.text, /<input type="hidden" name="state" value="activated">/);
  });

  it('says of codes that are stopped no moment at which they go on', async () => {
    const { browser, store } = await opened();
    await enroll(store, 'user1@acme');
    await fail(store, 100, 0);
    const { text } = await browser.get(USERS);
    const row = /user1@acme\.example<\/bdi><\/a>[\s\S]*?<\/tr>/.exec(text)?.[0] ?? '';
    assert.match(row, /Stopped after too many wrong codes/);
    assert.doesNotMatch(row, /<time/);
  });

  it('goes on counting from a number that was sent, and from nothing else', async () => {
    const { browser } = await opened();
    for (const [looked, said] of [
      ['100', 104],
      ['x100', 4],
      ['100x', 4],
      ['1234567890', 4],
    ] as const) {
      const { text } = await browser.get(`${USERS}?state=not-activated&looked=${looked}`);
      assert.ok(text.includes(`Looked at ${said} of 4 users`), looked);
    }
  });

  it('is one page of the directory, however few of its rows may be read', async () => {
    const directory = testDirectory({ acme: 200 });
    const { browser } = await opened({
      directory,
      admin: {
        authorize: (req, action, target) =>
          testAuthorize(req, action, target) &&
          (target.kind === 'organization' || target.user.id === 'user1@acme'),
      },
    });
    directory.calls.length = 0;
    const { body } = await browser.json('get', `${USERS}?limit=10`);
    assert.deepEqual([body.items.length, body.looked, body.total, body.next], [1, 1, null, '10']);
    assert.deepEqual(directory.calls, ['users acme cursor=null']);
  });

  it('looks at two thousand for a state, also with the longest pages', async () => {
    const directory = testDirectory({ acme: 4000 });
    const { browser } = await opened({ directory });
    directory.calls.length = 0;
    const { body } = await browser.json('get', `${USERS}?state=locked&limit=200`);
    assert.deepEqual([body.looked, body.next, directory.calls.length], [2000, '2000', 10]);
  });
});

/** A directory that has a name for this user. */
function named(id: string): Directory {
  const directory = testDirectory();
  return {
    ...directory,
    async users(organization, query) {
      const page = await directory.users(organization, query);
      const items = page.items.map((one) =>
        one.id === id ? { ...one, name: 'Second User' } : one,
      );
      return { ...page, items };
    },
  };
}
