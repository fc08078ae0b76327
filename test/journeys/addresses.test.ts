import assert from 'node:assert/strict';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { recoveryCodes, securityKey, totp, UnavailableError } from 'sallyport';
import { host } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { activated, linesOf, linksOf, told } from '../support/profile.js';
import { raw } from '../support/raw.js';

const NOTHING = { error: 'not_found', message: 'There is nothing at this address.' };

describe('the addresses of our pages', () => {
  it('are these and no others, also for whoever is inside', async () => {
    const { browser } = await activated();
    for (const path of ['Profile', 'profile/', 'PROFILE', 'nothing', 'assets/nothing.css', 'x/y']) {
      const answer = await browser.json('get', `/two-factor/${path}`);
      assert.deepEqual(told(answer), [404, NOTHING], path);
    }
    const page = await browser.get('/two-factor/nothing');
    assert.deepEqual(linesOf(page).slice(1), [NOTHING.message, 'Go on', 'Error 404']);
    const _csrf = await browser.csrf();
    assert.deepEqual(told(await browser.json('post', '/two-factor/nothing', { _csrf })), [
      404,
      NOTHING,
    ]);
    const head = await browser.send('head', '/two-factor/profile');
    assert.equal(head.status, 405);
    assert.match(String(head.headers['content-security-policy']), /default-src 'none'/);
  });

  it('lead whoever is not signed in to the login, and tell a program so', async () => {
    const { app } = await host();
    const nobody = new Browser(app);
    for (const path of ['', '/activate', '/activate/totp', '/challenge', '/profile']) {
      const url = `/two-factor${path}`;
      assert.equal((await nobody.get(url)).headers.location, '/login', url);
      const { status, body } = await nobody.json('get', url);
      assert.deepEqual([status, body.error], [401, 'authentication_required'], url);
    }
  });

  it('tell a program where it stands, and lead a person there', async () => {
    const { app } = await host({ policy: () => ({ mode: 'required', methods: ['totp'] }) });
    const browser = new Browser(app);
    const stands = async () => told(await browser.json('get', '/two-factor'));
    const leads = async () => (await browser.get('/two-factor')).headers.location;
    const subject = { label: 'user1@acme' };
    await browser.login('user1@acme');
    const activate = '/two-factor/activate';
    assert.deepEqual(await stands(), [
      200,
      { next: 'enroll', methods: ['totp'], url: activate, subject },
    ]);
    assert.equal(await leads(), activate);
    await browser.activateHere(Date.now());
    assert.deepEqual(await stands(), [200, { next: 'done', methods: [], url: '/', subject }]);
    assert.equal(await leads(), '/');
    assert.equal((await browser.json('get', '/two-factor')).headers['cache-control'], 'no-store');
    await browser.login('user1@acme');
    const challenge = '/two-factor/challenge';
    assert.deepEqual(await stands(), [
      200,
      { next: 'challenge', methods: ['totp'], url: challenge, subject },
    ]);
    assert.equal(await leads(), challenge);
  });

  it('say that a session has ended, and where one signs in', async () => {
    const { app } = await host();
    const nobody = new Browser(app);
    const page = await nobody.get('/two-factor/expired');
    assert.equal(page.status, 200);
    assert.deepEqual(linesOf(page), [
      'Please sign in again',
      'This session is over: signing in took too long, or your sessions were ended, for example by a changed password. What you sent last was not done.',
      'Sign in',
    ]);
    assert.deepEqual(linksOf(page), ['/login']);
    assert.deepEqual(told(await nobody.json('get', '/two-factor/expired')), [
      200,
      { error: 'session_ended', url: '/login' },
    ]);
  });

  it('lead whoever has answered already to what they have to see first, without a token', async () => {
    const { app } = await host({
      policy: () => ({ mode: 'required', methods: ['totp', 'recovery-code'] }),
    });
    const browser = new Browser(app);
    await browser.activate('user1@acme', Date.now());
    assert.equal(browser.recoveryCodes.length, 10);
    for (const path of ['challenge/totp', 'activate/totp', 'activate/totp/begin', 'postpone']) {
      const url = `/two-factor/${path}`;
      assert.equal((await browser.post(url)).headers.location, '/two-factor/recovery-codes', url);
      assert.deepEqual(told(await browser.json('post', url)), [
        200,
        { next: 'done', url: '/two-factor/recovery-codes' },
      ]);
    }
    await browser.keepCodes();
    assert.equal((await browser.post('/two-factor/challenge/totp')).headers.location, '/');
    // Signing out is nothing to be led on from.
    assert.equal((await browser.post('/two-factor/sign-out')).status, 403);
  });

  it('sign out whoever asks for it with our form, wherever they stand', async () => {
    const { browser } = await activated();
    const out = async (fields: object = {}) =>
      browser.json('post', '/two-factor/sign-out', { _csrf: await browser.csrf(), ...fields });
    assert.equal((await out({ everywhere: 'yes' })).status, 400);
    assert.equal((await browser.get('/reports')).status, 200);
    assert.deepEqual(told(await out()), [200, { next: 'login', url: '/login' }]);
    assert.equal((await browser.get('/reports')).headers.location, '/login');
  });

  it('take no more than twenty fields, nor a body beyond what a method asks for', async () => {
    const { browser } = await activated();
    const url = '/two-factor/sign-out';
    const fields = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 'x']));
    assert.equal((await browser.post(url, fields(20))).status, 403);
    assert.equal((await browser.post(url, fields(21))).status, 413);
    const bytes = (length: number) => browser.post(url, { f: 'x'.repeat(length) });
    assert.equal((await bytes(8 * 1024 - 2)).status, 403);
    assert.equal((await bytes(9 * 1024)).status, 413);
  });

  it('are asked for by their path alone', async () => {
    const { app } = await host();
    const path = 'http://console.example/two-factor';
    const { status, text } = await raw(app, { path, headers: { accept: 'application/json' } });
    const { error, message } = JSON.parse(text);
    assert.deepEqual([status, error, message], [400, 'invalid_request', 'Ask for a path alone.']);
  });

  it('beside them tell browsers at the root what a method has for them, to anybody and nothing else', async () => {
    const methods = [
      securityKey({ rpId: 'example.com', origins: ['https://console.example.org'] }),
      totp(),
      recoveryCodes(),
    ];
    const origin = 'https://console.example.com';
    const { app } = await host({ options: { origin, methods }, cookie: { secure: false } });
    const nobody = new Browser(app);
    const found = await nobody.get('/.well-known/webauthn');
    assert.deepEqual(found.body, { origins: [origin, 'https://console.example.org'] });
    assert.equal(found.headers['cache-control'], 'public, max-age=3600');
    assert.equal(found.headers['x-content-type-options'], 'nosniff');
    const posted = await nobody.post('/.well-known/webauthn');
    assert.equal(posted.headers.location, '/two-factor/expired');
    for (const path of [
      '/webauthn',
      '/x/.well-known/webauthn',
      '/.well-known/',
      '/.well-known/webauthn/x',
    ]) {
      assert.equal((await nobody.get(path)).headers.location, '/login', path);
    }
  });

  it('answer what fails above them with our page where it is ours, and leave the rest to the host', async () => {
    const failing: RequestHandler = (req, _res, next) => {
      if (req.path === '/ours') next(new UnavailableError('ERR_STORE_UNAVAILABLE', 'no store'));
      else if (req.path === '/theirs') next(new Error('a mistake of the host’s'));
      else next();
    };
    const hosts: ErrorRequestHandler = (error, _req, res, _next) =>
      void res.status(500).send(error.message);
    const { app, errors } = await host({
      abovePages: (app) => void app.use(failing),
      beforeGate: (app) => void app.use(hosts),
    });
    const nobody = new Browser(app);
    const { status, body } = await nobody.json('get', '/ours');
    assert.deepEqual(
      [status, body.error, body.code],
      [503, 'unavailable', 'ERR_STORE_UNAVAILABLE'],
    );
    assert.equal(errors.length, 1);
    const theirs = await nobody.get('/theirs');
    assert.deepEqual([theirs.status, theirs.text], [500, 'a mistake of the host’s']);
    assert.equal(errors.length, 1);
  });
});
