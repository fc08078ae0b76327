import assert from 'node:assert/strict';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

journeys('a single-page app', (world) => {
  const now = () => world().clock.now();

  it('goes the whole way in JSON', async () => {
    const graceUntil = new Date(now() + 3_600_000);
    const { app } = await world().host({ policy: () => ({ ...TOTP_ONLY, graceUntil }) });
    const browser = new Browser(app);
    await browser.login('user1@acme');

    const refused = await browser.json('get', '/api/me');
    assert.equal(refused.status, 401);
    assert.equal(refused.body.url, '/two-factor/activate');

    const status = await browser.json('get', '/two-factor');
    assert.equal(status.status, 200);
    const { csrfToken, ...rest } = status.body;
    assert.match(csrfToken, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      next: 'enroll',
      methods: ['totp'],
      url: '/two-factor/activate',
      subject: { label: 'user1@acme' },
    });

    const choose = await browser.json('get', rest.url);
    assert.deepEqual(choose.body, {
      next: 'enroll',
      methods: ['totp'],
      url: '/two-factor/activate/totp',
    });

    const begun = await browser.json('get', choose.body.url);
    assert.equal(begun.status, 200);
    assert.equal(begun.body.next, 'enroll');
    assert.equal(begun.body.method, 'totp');
    assert.equal(begun.body.url, '/two-factor/activate/totp');
    assert.equal(begun.body.digits, 6);
    assert.equal(begun.body.account, 'user1@acme');
    assert.equal(begun.body.issuer, 'Test Console');
    assert.equal(begun.body.expiresAt, new Date(now() + 600_000).toISOString());
    assert.equal(begun.body.graceEndsAt, graceUntil.toISOString());
    assert.equal(begun.body.csrfToken, csrfToken);
    assert.match(begun.body.uri, /^otpauth:\/\/totp\//);
    assert.equal(begun.body.qr, undefined, 'only for whoever asks for it');
    const shown = await browser.json('get', `${choose.body.url}?qr`);
    assert.match(shown.body.qr, /^<svg/);
    assert.deepEqual({ ...shown.body, qr: undefined }, { ...begun.body, qr: undefined });
    const { key, enrollment } = begun.body;

    const incomplete = await browser
      .json('post', begun.body.url, { code: codeAt(key, now()) })
      .set('x-csrf-token', csrfToken);
    assert.deepEqual([incomplete.status, incomplete.body.error], [400, 'invalid_request']);
    assert.match(incomplete.body.message, /enrollment/);
    assert.equal((await world().store.readSubject('user1@acme')).failures, 0, 'not counted');

    const confirm = (code: string) =>
      browser.json('post', begun.body.url, { code, enrollment }).set('x-csrf-token', csrfToken);
    const wrong = await confirm(wrongCode(key, now()));
    assert.equal(wrong.status, 422);
    assert.equal(wrong.body.error, 'wrong_code');
    assert.match(wrong.body.message, /not right/);
    assert.equal(wrong.body.retryAt, null);
    assert.equal(wrong.body.enrollment, enrollment);
    assert.equal(wrong.body.next, 'enroll');

    const right = await confirm(codeAt(key, now()));
    assert.equal(right.status, 200);
    assert.deepEqual(right.body, { next: 'done', url: '/' });
    const me = await browser.json('get', '/api/me');
    assert.equal(me.status, 200);
    assert.equal(me.body.assurance[0].method, 'totp');

    const again = new Browser(app);
    await again.login('user1@acme');
    world().clock.advance(30_000);
    const asked = (await again.json('get', '/two-factor')).body;
    assert.deepEqual(
      [asked.next, asked.methods, asked.url],
      ['challenge', ['totp'], '/two-factor/challenge'],
    );
    const challenge = await again.json('get', '/two-factor/challenge/totp');
    assert.deepEqual(
      [challenge.body.next, challenge.body.method, challenge.body.methods, challenge.body.digits],
      ['challenge', 'totp', ['totp'], 6],
    );
    const opened = await again
      .json('post', challenge.body.url, { code: codeAt(key, now()) })
      .set('x-csrf-token', challenge.body.csrfToken);
    assert.deepEqual(opened.body, { next: 'done', url: '/' });
    const done = (await again.json('get', '/two-factor')).body;
    assert.equal(done.next, 'done');
    assert.deepEqual(done.methods, []);
    const left = await again.json('post', '/two-factor/sign-out', { _csrf: done.csrfToken });
    assert.deepEqual(left.body, { next: 'login', url: '/login' });
    assert.equal((await again.json('get', '/api/me')).body.error, 'authentication_required');
  });

  it('postpones in JSON', async () => {
    const graceUntil = new Date(now() + 3_600_000);
    const { app } = await world().host({ policy: () => ({ ...TOTP_ONLY, graceUntil }) });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const answer = await browser.json('post', '/two-factor/postpone', {
      _csrf: await browser.csrf(),
    });
    assert.deepEqual(answer.body, { next: 'done', url: '/' });
    assert.equal((await browser.json('get', '/api/me')).status, 200);
  });

  it('is told in JSON of every way in which an answer can fail', async () => {
    const { app } = await world().host();
    const key = await new Browser(app).activate('user1@acme', now());
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const { csrfToken } = (await browser.json('get', '/two-factor')).body;
    const send = (code: unknown) =>
      browser.json('post', '/two-factor/challenge/totp', { code }).set('x-csrf-token', csrfToken);
    const told: [number, string][] = [];
    for (const code of [codeAt(key, now()), 'abc', 5]) {
      const { status, body } = await send(code);
      told.push([status, body.error]);
    }
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const { status, body } = await send(wrongCode(key, now()));
      told.push([status, body.error]);
    }
    assert.deepEqual(told, [
      [422, 'replayed'],
      [422, 'malformed'],
      [400, 'invalid_request'],
      ...Array.from({ length: 4 }, () => [422, 'wrong_code'] as [number, string]),
      [429, 'locked'],
    ]);
  });

  it('is shown the way where it is in the wrong place', async () => {
    const { app } = await world().host();
    const fresh = new Browser(app);
    await fresh.login('fresh@acme');
    const toEnroll = await fresh.json('get', '/two-factor/challenge/totp');
    assert.deepEqual(toEnroll.body, { next: 'enroll', url: '/two-factor/activate' });
    const inside = new Browser(app);
    await inside.activate('user1@acme', now());
    for (const path of [
      '/two-factor/challenge',
      '/two-factor/challenge/totp',
      '/two-factor/activate',
    ]) {
      assert.deepEqual((await inside.json('get', path)).body, { next: 'done', url: '/' }, path);
    }
    const challenged = new Browser(app);
    await challenged.login('user1@acme');
    const toProve = await challenged.json('get', '/two-factor/activate/totp');
    assert.deepEqual(toProve.body, { next: 'challenge', url: '/two-factor/challenge' });
    const nobody = await new Browser(app).json('get', '/two-factor');
    assert.equal(nobody.status, 401);
    assert.equal(nobody.body.error, 'authentication_required');
  });
});
