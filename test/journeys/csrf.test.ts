import assert from 'node:assert/strict';
import { administration } from '../support/admin.js';
import { Browser, codeAt } from '../support/browser.js';
import { raw } from '../support/raw.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

/** Every change that somebody between the doors can make. */
const CHANGES = [
  '/two-factor/activate/totp',
  '/two-factor/activate/totp/restart',
  '/two-factor/challenge/totp',
  '/two-factor/postpone',
  '/two-factor/sign-out',
];

journeys('a form that did not come from our page', (world) => {
  async function between() {
    const graceUntil = new Date(world().clock.now() + 3_600_000);
    const made = await world().host({ policy: () => ({ ...TOTP_ONLY, graceUntil }) });
    const browser = new Browser(made.app);
    await browser.login('user1@acme');
    const form = await browser.totpForm();
    const code = codeAt(form.key, world().clock.now());
    return { ...made, browser, ...form, code };
  }

  type Between = Awaited<ReturnType<typeof between>>;

  /** Nothing happened: the same key is shown, nobody is enrolled, no attempt was counted, nobody is let in. */
  async function assertUnchanged({ browser, events, key }: Between, what: string) {
    const { store } = world();
    assert.deepEqual((await store.readSubject('user1@acme')).enrollments, [], what);
    assert.equal((await browser.totpForm()).key, key, what);
    assert.equal((await browser.get('/reports')).status, 303, what);
    assert.deepEqual(
      events.filter(({ type }) => !type.startsWith('session')),
      [],
      what,
    );
  }

  it('changes nothing, without the token, with a wrong one, or with another session’s', async () => {
    const one = await between();
    const stranger = new Browser(one.app);
    await stranger.login('user2@acme');
    const theirs = await stranger.csrf();
    const { browser, enrollment, code, _csrf } = one;
    const tokens: readonly (readonly [string, Record<string, unknown>])[] = [
      ['none', {}],
      ['an empty one', { _csrf: '' }],
      ['a wrong one', { _csrf: 'f'.repeat(64) }],
      ['a part of it', { _csrf: _csrf.slice(0, -1) }],
      ['it in capitals', { _csrf: _csrf.toUpperCase() }],
      ['another session’s', { _csrf: theirs }],
      ['a list with it', { _csrf: [_csrf] }],
      ['an object with it', { _csrf: { 0: _csrf } }],
      ['true', { _csrf: true }],
      ['null', { _csrf: null }],
      ['it under another name', { csrfToken: _csrf }],
    ];
    for (const path of CHANGES) {
      const fields = path.endsWith('/totp') ? { code, enrollment } : {};
      for (const [what, token] of tokens) {
        const answer = await browser.json('post', path, { ...fields, ...token });
        assert.equal(answer.status, 403, `${path}, ${what}`);
        assert.equal(answer.body.error, 'csrf_token_invalid', `${path}, ${what}`);
      }
      const form = await browser.post(path, fields);
      assert.equal(form.status, 403, `${path} as a form`);
      assert.match(form.text, /Please try (that )?again/);
      const query = await browser.post(`${path}?_csrf=${_csrf}`, fields);
      assert.equal(query.status, 403, `${path}, in the query`);
    }
    await assertUnchanged(one, 'after all of them');
  });

  it('is told what is wrong: that no token was sent, or one that counts no longer', async () => {
    const { browser } = await between();
    const said = async (fields: Record<string, string>) => {
      const path = '/two-factor/activate/totp/restart';
      const { body } = await browser.json('post', path, fields);
      assert.match((await browser.post(path, fields)).text, /Please try that again/);
      return body.message as string;
    };
    for (const none of [{}, { _csrf: '' }]) {
      assert.match(await said(none), /No token was sent.*_csrf.*x-csrf-token/);
    }
    assert.match(await said({ _csrf: 'f'.repeat(64) }), /open for too long/);
  });

  it('cannot be sent across sites as text, nor by a link', async () => {
    const one = await between();
    const { app, browser, enrollment, code, _csrf } = one;
    const body = JSON.stringify({ code, enrollment, _csrf });
    for (const path of CHANGES) {
      for (const type of [
        'text/plain',
        'text/plain; application/json',
        'multipart/form-data',
        '',
      ]) {
        const headers = type ? { 'content-type': type } : {};
        const answer = await raw(app, { method: 'POST', path, as: browser, headers, body });
        assert.equal(answer.status, 403, `${path} ${type}`);
      }
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
        const query = new URLSearchParams({ code, enrollment, _csrf });
        const headers = { 'x-csrf-token': _csrf, 'x-http-method-override': 'POST' };
        const answer = await raw(app, { method, path: `${path}?${query}`, as: browser, headers });
        assert.ok(
          [200, 303, 401, 404, 405].includes(answer.status),
          `${method} ${path}: ${answer.status}`,
        );
      }
    }
    await assertUnchanged(one, 'after all of them');
  });

  it('is told from ours by the field or by the header', async () => {
    const { browser, enrollment, code } = await between();
    const { csrfToken } = (await browser.json('get', '/two-factor')).body;
    const answer = await browser
      .json('post', '/two-factor/activate/totp', { code, enrollment })
      .set('x-csrf-token', csrfToken);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.next, 'done');
  });

  it('is refused with the token of the time before the elevation', async () => {
    const { browser, enrollment, code, _csrf } = await between();
    assert.equal(
      (await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf })).status,
      303,
    );
    assert.equal((await browser.post('/two-factor/sign-out', { _csrf })).status, 403);
    assert.equal((await browser.get('/reports')).status, 200);
    assert.notEqual(await browser.csrf(), _csrf);
  });

  it('is refused by the host’s own guard, where it has one', async () => {
    const csrf = {
      token: () => 'from the host',
      protect: (
        req: { body?: { _csrf?: unknown } },
        _res: unknown,
        next: (error?: unknown) => void,
      ) =>
        next(
          req.body?._csrf === 'from the host'
            ? undefined
            : Object.assign(new Error('no'), { status: 403, expose: true }),
        ),
    };
    const { app } = await world().host({ options: { csrf: csrf as never } });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const form = await browser.totpForm();
    assert.equal(form._csrf, 'from the host');
    const fields = { code: codeAt(form.key, world().clock.now()), enrollment: form.enrollment };
    assert.equal((await browser.post('/two-factor/activate/totp', fields)).status, 403);
    const answer = await browser.post('/two-factor/activate/totp', {
      ...fields,
      _csrf: form._csrf,
    });
    assert.equal(answer.status, 303);
  });

  it('is refused by a guard of the host’s that is asynchronous and fails, on our pages and the administrator’s', async () => {
    const failures = [
      [Object.assign(new Error('no'), { status: 403, expose: true }), 403],
      [new Error('its store is down'), 503],
    ] as const;
    for (const [failure, status] of failures) {
      const csrf = { token: () => 'from the host', protect: () => Promise.reject(failure) };
      const { app } = await world().host(() => {
        const { options, routes } = administration();
        return { routes, options: { ...options, csrf: csrf as never } };
      });
      const browser = new Browser(app);
      await browser.login('admin@acme');
      for (const path of ['/two-factor/sign-out', '/setup/organizations/acme/authentication']) {
        assert.equal((await browser.post(path)).status, status, path);
      }
    }
  });
});
