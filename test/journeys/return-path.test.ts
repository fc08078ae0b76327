import assert from 'node:assert/strict';
import type { Express } from 'express';
import { ORIGIN } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { raw } from '../support/raw.js';
import { journeys, sessionIdOf } from '../support/worlds.js';

const ATTACKS = [
  '//evil.example',
  '//evil.example/reports',
  '///evil.example',
  '/\\evil.example',
  '/%5cevil.example/..%2f',
  '/.//evil.example',
  '/x/..//evil.example',
  '/%2e%2e//evil.example',
  'http://evil.example/',
  'https://evil.example/reports',
  'http:evil.example',
  'javascript:alert(1)',
];

journeys('the way back after both doors', (world) => {
  const now = () => world().clock.now();

  async function challenged(
    app: Express,
    key: string,
    first: () => Promise<unknown>,
    browser: Browser,
  ) {
    await first();
    world().clock.advance(30_000);
    const answer = await browser.answerChallenge(codeAt(key, now()));
    assert.equal(answer.status, 303);
    const location = String(answer.headers.location);
    assert.equal(new URL(location, `${ORIGIN}/two-factor/`).origin, ORIGIN, location);
    assert.match(location, /^\/(?![/\\])/);
    assert.equal((await browser.get('/reports')).status, 200);
    assert.ok(app);
    return location;
  }

  async function enrolled() {
    const { app } = await world().host();
    const key = await new Browser(app).activate('user1@acme', now());
    return { app, key };
  }

  it('leads to the last page asked for, before the password or after', async () => {
    const { app, key } = await enrolled();
    const early = new Browser(app);
    const location = await challenged(
      app,
      key,
      async () => {
        await early.get('/reports/7?month=3&sort=a%20b');
        await early.login('user1@acme');
        await early.get('/');
      },
      early,
    );
    assert.equal(location, '/reports/7?month=3&sort=a%20b');

    const later = new Browser(app);
    const found = await challenged(
      app,
      key,
      async () => {
        await later.login('user1@acme');
        await later.get('/reports/7');
        await later.get('/reports/8');
        await later.get('/');
        await later
          .get('/favicon.ico')
          .set('Sec-Fetch-Dest', 'image')
          .set('Sec-Fetch-Mode', 'no-cors');
      },
      later,
    );
    assert.equal(found, '/reports/8');
  });

  it('leads to the page asked for after the password, where another was asked for before it', async () => {
    const { app, key } = await enrolled();
    const browser = new Browser(app);
    const location = await challenged(
      app,
      key,
      async () => {
        await browser.get('/reports/1');
        await browser.get('/reports/2');
        await browser.login('user1@acme');
        await browser.get('/reports/3');
        await browser.get('/');
      },
      browser,
    );
    assert.equal(location, '/reports/3');
  });

  it('leads to the page asked for before the password, wherever the login itself leads', async () => {
    const { app, key } = await enrolled();
    const browser = new Browser(app);
    const location = await challenged(
      app,
      key,
      async () => {
        await browser.get('/reports/1');
        await browser.login('user1@acme');
        await browser.get('/dashboard').set('Referer', `${ORIGIN}/login`);
      },
      browser,
    );
    assert.equal(location, '/reports/1');
  });

  it('leads home when nothing was asked for, or only something that is not a page', async () => {
    const { app, key } = await enrolled();
    for (const first of [
      async (browser: Browser) => browser.login('user1@acme'),
      async (browser: Browser) => {
        await browser.login('user1@acme');
        await browser.post('/transfer');
        await browser.send('put', '/transfer');
      },
      async (browser: Browser) => {
        await browser.login('user1@acme');
        await browser.json('get', '/api/data');
      },
    ]) {
      const browser = new Browser(app);
      assert.equal(await challenged(app, key, () => first(browser), browser), '/');
    }
  });

  it('never leads to another site, however that was asked for', async () => {
    const { app, key } = await enrolled();
    for (const attack of ATTACKS) {
      for (const before of [true, false]) {
        const browser = new Browser(app);
        const ask = async () => {
          const headers = { accept: 'text/html' };
          const answer = await raw(app, { path: attack, as: browser, headers });
          for (const line of answer.headers['set-cookie'] ?? []) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
            browser.cookies.set(name!, value!);
          }
        };
        const location = await challenged(
          app,
          key,
          async () => {
            if (before) await ask();
            await browser.login('user1@acme');
            if (!before) await ask();
          },
          browser,
        );
        assert.doesNotMatch(location, /^\/?\/evil/);
        assert.doesNotMatch(location, /^https?:/);
      }
    }
  });

  it('never leads to another site by a cookie, a parameter, a header or a field', async () => {
    const { app, key } = await enrolled();
    for (const attack of [
      ...ATTACKS,
      'evil.example',
      '@evil.example',
      '/\t/evil.example',
      '/\r\nx: y',
    ]) {
      const browser = new Browser(app);
      const location = await challenged(
        app,
        key,
        async () => {
          await browser.login('user1@acme');
          browser.cookies.set('sallyport.return', Buffer.from(attack).toString('base64url'));
          const query = new URLSearchParams({
            returnTo: attack,
            return_to: attack,
            next: attack,
            url: attack,
            redirect: attack,
          });
          await browser
            .get(`/two-factor/challenge/totp?${query}`)
            .set('Referer', 'https://evil.example/')
            .set('X-Forwarded-Host', 'evil.example')
            .set('Host', 'evil.example');
          await browser
            .get('/')
            .set('Referer', 'https://evil.example/')
            .set('Host', 'evil.example');
        },
        browser,
      );
      assert.ok(location === '/' || location.startsWith('/%5c'), `${attack}: ${location}`);
    }
    const browser = new Browser(app);
    await browser.login('user1@acme');
    world().clock.advance(30_000);
    const answer = await browser.post('/two-factor/challenge/totp', {
      code: codeAt(key, now()),
      returnTo: 'https://evil.example',
      _csrf: await browser.csrf(),
    });
    assert.equal(answer.status, 400);
  });

  it('never leads to another site by the host’s own session data', async () => {
    const { app, key } = await enrolled();
    const browser = new Browser(app);
    const { sessions } = world();
    const location = await challenged(
      app,
      key,
      async () => {
        await browser.login('user1@acme');
        await browser.get('/reports');
        const id = sessionIdOf(browser);
        const data = await new Promise<never>((resolve, reject) =>
          sessions.get(id, (error, found) => (found ? resolve(found as never) : reject(error))),
        );
        const forged = {
          ...(data as object),
          sallyport: { returnTo: '//evil.example' },
          returnTo: '//evil.example',
        };
        await new Promise<void>((resolve, reject) =>
          sessions.set(id, forged as never, (error) => (error ? reject(error) : resolve())),
        );
      },
      browser,
    );
    assert.equal(location, '/');
  });

  it('sends to the login page and to our own by path alone, whatever the Host header says', async () => {
    const { app } = await enrolled();
    const browser = new Browser(app);
    const headers = {
      accept: 'text/html',
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
    };
    assert.equal((await raw(app, { path: '/reports', headers })).headers.location, '/login');
    await browser.login('user1@acme');
    const between = await raw(app, { path: '/reports', headers, as: browser });
    assert.equal(between.headers.location, '/two-factor/challenge');
    const page = await raw(app, { path: '/two-factor/challenge/totp', headers, as: browser });
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /evil/);
  });

  it('remembers in a cookie that scripts and other sites do not get', async () => {
    const { app } = await world().host({ options: { origin: 'https://console.example' } });
    const answer = await new Browser(app).get('/reports');
    const cookie = String(answer.headers['set-cookie']);
    assert.match(cookie, /^sallyport\.return=[\w-]+; .*Path=\//);
    for (const attribute of [/; HttpOnly/, /; Secure/, /; SameSite=Lax/])
      assert.match(cookie, attribute);
  });
});
