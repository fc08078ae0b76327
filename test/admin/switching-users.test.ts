import assert from 'node:assert/strict';
import type { SecondFactorStore } from 'sallyport';
import { testDirectory } from '../support/admin.js';
import { allBut, opened } from '../support/opened-admin.js';
import { set, switchOn } from '../support/tenancy.js';

const ACME = '/setup/organizations/acme';
const USERS = `${ACME}/users`;
const BULK = `${ACME}/two-factor`;
const PREVIEW = `${BULK}/preview`;
const NORTH = '/setup/organizations/north/two-factor';

describe('the question before users are switched on or off', () => {
  it('needs somebody to be selected', async () => {
    const { browser } = await opened();
    for (const path of [PREVIEW, BULK]) {
      const { status, body } = await browser.call(path, { action: 'enable', users: [] });
      assert.equal(status, 422, path);
      assert.deepEqual(body, {
        ...{ error: 'invalid_selection', message: 'Select at least one user first.' },
        fields: { users: 'Select 1 to 1000 users, or everybody.' },
      });
    }
  });

  it('tells a program what would be done, and to how many', async () => {
    const { browser } = await opened();
    const organization = { id: 'acme', name: 'Acme', kind: 'client', partnerId: 'north' };
    for (const action of ['enable', 'disable']) {
      const users = ['user1@acme', 'user2@acme'];
      const { status, body } = await browser.call(PREVIEW, { action, users });
      assert.equal(status, 200);
      const { csrfToken, ...told } = body;
      assert.ok(csrfToken);
      assert.deepEqual(told, { organization, action, count: 2, locksOut: false });
    }
  });

  it('has a title that says what would be done, and the first ten names', async () => {
    const { browser } = await opened({ directory: testDirectory({ acme: 12 }) });
    const all = { everybody: 'yes', search: 'user' };
    const on = await browser.submit(PREVIEW, { action: 'enable', ...all });
    assert.match(on.text, /<title>Enable two-factor – /);
    assert.equal(on.text.match(/<li><bdi>user\d+@acme\.example<\/bdi><\/li>/g)?.length, 10);
    assert.match(on.text, /<li>and 2 more<\/li>/);
    const off = await browser.submit(PREVIEW, { action: 'disable', ...all });
    assert.match(off.text, /<title>Disable two-factor – /);
  });

  it('warns of a lockout those who would be locked out, and nobody else', async () => {
    const { browser, store } = await opened();
    const locksOut = async (action: string, users: readonly string[]) =>
      (await browser.call(`${NORTH}/preview`, { action, users })).body.locksOut;
    assert.equal(await locksOut('enable', ['admin@north', 'user1@north']), true);
    assert.equal(await locksOut('enable', ['user1@north']), false);
    assert.equal(await locksOut('disable', ['admin@north']), false);
    await switchOn(store, 'user1@north');
    assert.equal(await locksOut('disable', ['user1@north']), false);
  });

  it('is asked again when the selection has become another one', async () => {
    const { browser } = await opened();
    const body = { action: 'disable', everybody: true, search: 'user', count: 2 };
    const again = await browser.call(BULK, body);
    assert.equal(again.status, 409);
    assert.equal(again.body.error, 'selection_changed');
    assert.match(again.body.message, /^These were 2 users when you were asked, and are 3 now\./);
    assert.deepEqual([again.body.action, again.body.count], ['disable', 3]);
    assert.equal((await browser.call(BULK, { ...body, count: 3 })).status, 200);
  });

  it('is asked again when the date is past, which it is as soon as it has begun', async () => {
    const { browser, clock } = await opened();
    clock.advance(Date.UTC(2026, 0, 2) - 1 - clock.now());
    const selection = { action: 'enable', users: ['user1@acme'], grace: '2026-01-02' };
    const words = 'This date is past: choose one to come, or none.';
    clock.advance(1);
    const { status, body } = await browser.call(BULK, selection);
    assert.deepEqual([status, body.error], [422, 'invalid_selection']);
    assert.deepEqual([body.message, body.fields], [words, { grace: words }]);
    const page = await browser.submit(BULK, selection);
    assert.equal(page.status, 422);
    assert.match(page.text, /<input [^>]*id="grace"[^>]* aria-invalid="true"/);
    assert.match(page.text, /id="grace-error"[^>]*>[\s\S]*?This date is past/);
    clock.advance(-1);
    assert.equal((await browser.call(BULK, selection)).body.done, 1);
  });
});

describe('everybody whom a search finds', () => {
  it('is looked for without the blanks around it', async () => {
    const { browser } = await opened();
    const { body } = await browser.call(PREVIEW, {
      ...{ action: 'enable', everybody: true, search: '  user1 ' },
    });
    assert.equal(body.count, 1);
  });

  it('is all of them, over as many pages of the directory as it takes', async () => {
    const directory = testDirectory({ acme: 450 });
    const { browser } = await opened({ directory });
    directory.calls.length = 0;
    const { body } = await browser.call(PREVIEW, { action: 'enable', everybody: true });
    assert.equal(body.count, 451);
    assert.deepEqual(directory.calls, [
      'users acme cursor=null',
      'users acme cursor=200',
      'users acme cursor=400',
    ]);
  });

  it('ends at a page that is empty, whatever it says of the next one', async () => {
    const directory = testDirectory();
    let calls = 0;
    const endless = {
      ...directory,
      users: async () => {
        calls += 1;
        return { items: [], next: String(calls), total: null };
      },
    };
    const { browser } = await opened({ directory: endless });
    const { body } = await browser.call(PREVIEW, { action: 'enable', everybody: true });
    assert.deepEqual([body.count, calls], [0, 1]);
    const list = await browser.json('get', USERS);
    assert.deepEqual([list.body.items, list.body.next], [[], null]);
  });

  it('may be ten thousand, and not one more', async () => {
    const refused = {
      ...{ error: 'too_many_users', fields: { everybody: 'At most 10000 users.' } },
      message:
        'These are more than 10000 users. Switch two-factor on for the whole organization instead: that holds for all of them at once.',
      values: { most: 10_000 },
    };
    for (const counted of [true, false]) {
      for (const [size, count] of [
        [9999, 10_000],
        [10_000, undefined],
      ] as const) {
        const directory = testDirectory({ acme: size });
        const { users } = directory;
        const { browser } = await opened({
          directory: {
            ...directory,
            users: async (id, query) => {
              const page = await users(id, query);
              return counted ? page : { ...page, total: null };
            },
          },
        });
        directory.calls.length = 0;
        const { body } = await browser.call(PREVIEW, { action: 'enable', everybody: true });
        if (count !== undefined) assert.equal(body.count, count, `${counted}`);
        else assert.deepEqual(body, refused, `${counted}`);
        // A directory that counts is not walked for nothing.
        assert.equal(
          directory.calls.length,
          counted && count === undefined ? 1 : 51 - Number(count !== undefined),
        );
      }
    }
  });
});

describe('the result of switching users on or off', () => {
  it('counts who was switched, who was so already and who was refused', async () => {
    const { browser, store } = await opened();
    await switchOn(store, 'user1@acme');
    await switchOn(store, 'user2@acme');
    const users = ['user1@acme', 'user2@acme', 'user3@acme', 'nobody@acme'];
    const { body } = await browser.call(BULK, { action: 'disable', users });
    const { done, unchanged, refused, action } = body;
    assert.deepEqual(
      { action, done, unchanged, refused },
      {
        ...{ action: 'disable', done: 2, unchanged: 1, refused: 1 },
      },
    );
    const on = await browser.call(BULK, { action: 'enable', users: ['user1@acme'] });
    assert.deepEqual([on.body.action, on.body.done, on.body.unchanged], ['enable', 1, 0]);
  });

  it('is a page below Users, with the way back to the list as it was', async () => {
    const { browser, store } = await opened();
    await switchOn(store, 'user1@acme');
    const users = ['user1@acme', 'user2@acme', 'user3@acme', 'nobody@acme'];
    const off = await browser.submit(BULK, { action: 'disable', users, search: 'user' });
    assert.match(off.text, /<title>Two-factor disabled – /);
    assert.match(off.text, /disabled for <span data-sp="count">1<\/span> user</);
    assert.match(off.text, />2 were so already\. 1 was not changed: the list says why\.</);
    assert.match(off.text, /aria-current="page">Users</);
    assert.match(off.text, new RegExp(`href="${USERS}\\?search=user"[^>]*>Back to the users<`));
    const rows = [...off.text.matchAll(/<th scope="row"[^>]*>(.*?)<\/th>\s*<td[^>]*>(.*?)<\/td>/g)];
    const link = (n: number) =>
      `<a href="${USERS}/user${n}%40acme"><bdi>user${n}@acme.example</bdi></a>`;
    assert.deepEqual(
      rows.map(([, who, what]) => [who, what]),
      [
        [link(1), '<span class="sp-tick">Disabled</span>'],
        [link(2), '<span class="">Was not enabled</span>'],
        [link(3), '<span class="">Was not enabled</span>'],
        ['<bdi>nobody@acme</bdi>', '<span class="">There is no such user here</span>'],
      ],
    );
    const on = await browser.submit(BULK, { action: 'enable', users: ['user1@acme'] });
    assert.match(on.text, /<title>Two-factor enabled – /);
  });

  it('names those whom this administrator may read and not change', async () => {
    const { browser, store } = await opened({ admin: { authorize: allBut('user:change') } });
    const { body } = await browser.call(BULK, { action: 'enable', users: ['user1@acme'] });
    assert.deepEqual(body.results, [
      {
        ...{ id: 'user1@acme', label: 'user1@acme.example' },
        ...{ outcome: 'forbidden', reason: null },
      },
    ]);
    assert.equal((await store.readSubject('user1@acme')).setting, null);
    const page = await browser.submit(BULK, { action: 'enable', users: ['user1@acme'] });
    assert.match(page.text, /You may not change this user</);
  });

  it('says of whom somebody else has changed meanwhile', async () => {
    const { browser, events } = await opened({}, overtaken);
    const { body } = await browser.call(BULK, { action: 'enable', users: ['user1@acme'] });
    assert.deepEqual([body.done, body.unchanged, body.refused], [0, 0, 1]);
    assert.equal(body.results[0].outcome, 'changed-meanwhile');
    assert.deepEqual(events, []);
  });

  it('says what an administrator has to do first who would be locked out', async () => {
    const { browser } = await opened();
    const { body } = await browser.call(NORTH, { action: 'enable', users: ['admin@north'] });
    assert.deepEqual(
      [body.results[0].outcome, body.results[0].reason],
      ['would-lock-you-out', 'Activate a mechanism of your own first.'],
    );
  });

  it('says which rule it is that requires it', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'optional' });
    await set(store, 'north', {
      clientsMust: {
        ...{ mode: 'required', methods: null, enrollment: 'self' },
        ...{ graceUntil: null, maxAgeSeconds: null, rememberDays: null },
      },
    });
    const { body } = await browser.call(BULK, { action: 'disable', users: ['user1@acme'] });
    const { outcome, reason } = body.results[0];
    assert.equal(outcome, 'required-by-organization');
    assert.equal(
      reason,
      'Partner north: two-factor is required (set by admin@acme on 2026-01-01).',
    );
  });

  it('is told to the host: who did what to whom, and from which address', async () => {
    const { browser, events } = await opened();
    const users = ['user1@acme'];
    await browser.call(BULK, { action: 'enable', users });
    await browser.call(BULK, { action: 'enable', users, grace: '2026-01-09' });
    await browser.call(BULK, { action: 'disable', users });
    assert.deepEqual(
      events.map(({ detail }) => detail),
      [
        'two-factor enabled for the user',
        'two-factor enabled for the user, may be postponed until 2026-01-09T00:00:00.000Z',
        'two-factor disabled for the user',
      ],
    );
    for (const { type, subjectId, tenantId, actorId, from } of events) {
      assert.deepEqual(
        [type, subjectId, tenantId, actorId],
        ['setting.changed', 'user1@acme', 'acme', 'admin@north'],
      );
      assert.match(from ?? '', /127\.0\.0\.1$/);
    }
  });
});

/** Another administrator is faster each time. */
function overtaken(store: SecondFactorStore): SecondFactorStore {
  return {
    ...store,
    async writeUserSetting(id, setting) {
      await switchOn(store, id, '2030-01-01T00:00:00.000Z');
      return store.writeUserSetting(id, setting);
    },
  };
}
