import assert from 'node:assert/strict';
import { opened } from '../support/opened-admin.js';
import { raw } from '../support/raw.js';

const USERS = '/setup/organizations/acme/users';
const BULK = '/setup/organizations/acme/two-factor';

describe('a request that an administrator’s program sends', () => {
  it('with a field that there is not, or of the wrong kind, is told which it is', async () => {
    const { browser } = await opened();
    for (const [body, fields] of [
      [{ extra: 1 }, { extra: 'There is no such field.' }],
      [{ action: 'enable', users: ['x', ''] }, /^users\.1$/],
      [{ action: 'enable', users: [7] }, /^users\.0$/],
      [{ action: 'maybe' }, /^action$/],
      [{ action: 'enable', everybody: 'on' }, /^everybody$/],
      [{ action: 'enable', everybody: 1 }, /^everybody$/],
      [{ action: 'enable', grace: 'x' }, { grace: 'Enter a date as year-month-day.' }],
      [{ action: 'enable', count: -1 }, /^count$/],
      [{ action: 'enable', count: '1234567' }, /^count$/],
      [{ action: 'enable', override: 'yes' }, /^override$/],
      [{ action: 'enable', search: 'x'.repeat(201) }, /^search$/],
    ] as const) {
      const sent = 'extra' in body ? { action: 'enable', ...body } : body;
      const { status, body: answer } = await browser.call(BULK, sent);
      assert.equal(status, 400, JSON.stringify(body));
      assert.equal(answer.error, 'invalid_request');
      assert.equal(answer.message, 'The request was not understood.');
      if (fields instanceof RegExp) {
        assert.deepEqual(Object.keys(answer.fields).length, 1);
        assert.match(Object.keys(answer.fields)[0] ?? '', fields);
      } else assert.deepEqual(answer.fields, fields);
    }
  });

  it('names one user as a list of one, as a browser does', async () => {
    const { browser } = await opened();
    const preview = `${BULK}/preview`;
    const count = async (body: object) => (await browser.call(preview, body)).body.count;
    assert.equal(await count({ action: 'enable', users: 'user1@acme' }), 1);
    assert.equal(await count({ action: 'enable', users: ['user1@acme', 'user1@acme'] }), 1);
    assert.equal(await count({ action: 'enable', users: ['user1@acme'], everybody: false }), 1);
    assert.equal(await count({ action: 'enable', everybody: 'yes' }), 4);
    assert.equal(await count({ action: 'enable', everybody: true }), 4);
  });

  it('has a query of single texts, of 512 characters each', async () => {
    const { browser } = await opened();
    for (const [query, field] of [
      ['search=a&search=b', 'search'],
      [`cursor=${'1'.repeat(513)}`, 'cursor'],
    ] as const) {
      const { status, body } = await browser.json('get', `${USERS}?${query}`);
      assert.equal(status, 400, query);
      assert.deepEqual(body, {
        ...{ error: 'invalid_request', message: 'The address was not understood.' },
        fields: { [field]: 'Send this once, as a text of at most 512 characters.' },
      });
    }
    const longest = await browser.json('get', `${USERS}?cursor=${'0'.repeat(512)}`);
    assert.equal(longest.status, 200);
  });

  it('asks for 1 to 200 rows, and for 50 where it does not say', async () => {
    const { browser } = await opened();
    for (const limit of ['0', '201', '1.5', 'x', '-1']) {
      const { status, body } = await browser.json('get', `${USERS}?limit=${limit}`);
      assert.equal(status, 400, limit);
      assert.deepEqual(body, {
        ...{ error: 'invalid_request', message: 'The address was not understood.' },
        fields: { limit: 'This must be a number from 1 to 200.' },
      });
    }
    for (const limit of ['1', '200', '', '%20%2050%20']) {
      assert.equal((await browser.json('get', `${USERS}?limit=${limit}`)).status, 200, limit);
    }
  });

  it('keeps search, state and number of rows in its links, and leaves the usual out', async () => {
    const { browser } = await opened();
    const links = async (query: string) => {
      const { text } = await browser.get(`${USERS}${query}`);
      const found = (pattern: RegExp) => pattern.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? null;
      return {
        first: found(/href="([^"]*)">First page</),
        next: found(/href="([^"]*)" rel="next"/),
      };
    };
    assert.deepEqual(await links('?limit=2&search=acme'), {
      first: null,
      next: `${USERS}?search=acme&limit=2&cursor=2`,
    });
    assert.deepEqual(await links('?limit=2&search=acme&cursor=2'), {
      first: `${USERS}?search=acme&limit=2`,
      next: null,
    });
    assert.deepEqual(await links('?limit=50&cursor=2'), { first: USERS, next: null });
    assert.deepEqual(await links('?limit=1&state=not-activated'), {
      first: null,
      next: `${USERS}?state=not-activated&limit=1&looked=1&cursor=1`,
    });
  });

  it('that asks for the head alone is a 405, and for nothing that there is a 404', async () => {
    const { browser, app } = await opened();
    const head = await browser.send('head', '/setup/');
    assert.equal(head.status, 405);
    const nothing = await browser.json('get', '/setup/organizations');
    assert.deepEqual(
      [nothing.status, nothing.body],
      [404, { error: 'not_found', message: 'There is nothing at this address.' }],
    );
    const page = await browser.get('/setup/organizations');
    assert.match(page.text, /<h1[^>]*>There is no such page</);
    for (const path of ['/setup/Organizations/acme', '/setup/organizations/acme/']) {
      assert.equal((await browser.get(path)).status, 404, path);
    }
    const large = await raw(app, {
      ...{ method: 'POST', path: BULK, as: browser, body: `"${'x'.repeat(1024 * 1024)}"` },
      headers: { accept: 'application/json', 'content-type': 'application/json' },
    });
    assert.equal(large.status, 413);
    // As long as the longest list of users.
    const users = Array.from({ length: 1000 }, () => 'x'.repeat(900));
    assert.equal((await browser.call(BULK, { action: 'maybe', users })).status, 400);
    assert.notEqual((await browser.submit(BULK, { action: 'enable', users })).status, 413);
  });

  it('under a path that links could not begin with finds nothing', async () => {
    const { browser, app } = await opened({ at: '/:place/setup' });
    assert.equal((await browser.get('/a/setup/')).status, 200);
    const request = { as: browser, headers: { accept: 'text/html' } };
    const elsewhere = await raw(app, { ...request, path: '/\\elsewhere.example/setup/' });
    assert.equal(elsewhere.status, 404);
    assert.doesNotMatch(elsewhere.text, /href="[^"]*elsewhere/);
  });

  it('is told what a page before it has done only in words of ours', async () => {
    const { browser } = await opened();
    for (const [done, notice] of [
      ['saved', 'Saved. It holds from the next request on.'],
      ['activated', 'Activated.'],
      ['reset', 'The two-factor authentication of this user was reset.'],
      ['toString', undefined],
      ['hello', undefined],
    ] as const) {
      const { text } = await browser.get(`${USERS}?done=${done}`);
      assert.equal(/role="status">([^<]*)</.exec(text)?.[1], notice);
    }
    const twice = await browser.get(`${USERS}?done=saved&done=saved`);
    assert.doesNotMatch(twice.text, /role="status"/);
  });
});
