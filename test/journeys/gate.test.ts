import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express } from 'express';
import type { HostOptions } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { raw } from '../support/raw.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

journeys('the gate', (world) => {
  /** A host that notes whatever gets through its gate. */
  async function watched(options: HostOptions = {}) {
    const reached: string[] = [];
    const made = await world().host({
      ...options,
      routes(app, door) {
        app.use((req, _res, next) => {
          reached.push(`${req.method} ${req.originalUrl}`);
          next();
        });
        options.routes?.(app, door);
      },
    });
    return { ...made, reached };
  }

  /** Nobody, somebody between the doors who is not enrolled, one who is, and one who is inside. */
  async function visitors(app: Express) {
    const { clock } = world();
    const inside = new Browser(app);
    await inside.activate('insider@acme', clock.now());
    const challenged = new Browser(app);
    await challenged.login('insider@acme');
    const fresh = new Browser(app);
    await fresh.login('fresh@acme');
    return { inside, outside: { nobody: new Browser(app), fresh, challenged } };
  }

  const METHODS = [
    ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'],
    ...['PROPFIND', 'REPORT', 'PURGE', 'LINK', 'SEARCH', 'M-SEARCH'],
  ];

  it('lets nobody through who has not opened both doors, by any method', async () => {
    const { app, reached } = await watched();
    const { inside, outside } = await visitors(app);
    for (const method of METHODS) {
      for (const [who, as] of Object.entries(outside)) {
        for (const accept of ['text/html', 'application/json', '*/*']) {
          const answer = await raw(app, { method, path: '/reports', as, headers: { accept } });
          const expected = accept === 'text/html' ? 303 : 401;
          assert.equal(answer.status, expected, `${method} as ${who}, ${accept}`);
        }
      }
      assert.deepEqual(reached, [], method);
      assert.equal((await raw(app, { method, path: '/reports', as: inside })).status, 200);
      assert.deepEqual(reached.splice(0), [`${method} /reports`]);
    }
  });

  it('lets nobody through by any spelling of a path', async () => {
    const { app, reached } = await watched({ gate: { exempt: ['GET /healthz'] } });
    const { inside, outside } = await visitors(app);
    const paths = [
      ...[
        '/',
        '//',
        '///reports',
        '//reports',
        '/./reports',
        '/../reports',
        '/reports/',
        '/REPORTS',
      ],
      ...['/%72eports', '/%2e%2e/reports', '/%2E%2E%2Freports', '/..%2freports', '/..%5creports'],
      ...['/reports;id=1', '/reports%00', '/reports%20', '/reports.', '/reports?two-factor', '/%'],
      ...[
        '/healthz/../reports',
        '/healthz%2f..%2freports',
        '/healthz/..;/reports',
        '/healthz%00/x',
      ],
      ...['/two-factor/../reports', '/two-factor/%2e%2e/reports', '/two-factor%2f..%2freports'],
      ...['/two-factor/..%2freports', '/two-factor/..;/reports', '//two-factor/../reports'],
      ...['/two-factor/assets/../../reports', '/two-factor/assets/..%2f..%2freports'],
      ...[
        '/TWO-FACTOR/challenge',
        '/two-factor.json',
        '/two-factor;/reports',
        '/two-factorreports',
      ],
      ...['/login/../reports', '/x/two-factor/challenge', '/reports/two-factor', '/\\reports'],
      ...[
        'http://localhost/reports',
        'http://localhost:3000/two-factor/../reports',
        'http:///reports',
      ],
    ];
    for (const path of paths) {
      for (const [who, as] of Object.entries(outside)) {
        for (const method of ['GET', 'POST', 'HEAD']) {
          const { status } = await raw(app, { method, path, as });
          assert.ok(
            [400, 401, 403, 404, 405].includes(status),
            `${method} ${path} as ${who}: ${status}`,
          );
        }
      }
      assert.deepEqual(reached, [], path);
    }
    assert.equal((await raw(app, { path: '//reports', as: inside })).status, 200);
    assert.deepEqual(reached, ['GET //reports']);
  });

  it('never lets one of its own pages’ addresses fall through to the host, even inside', async () => {
    const { app, reached } = await watched();
    const { inside } = await visitors(app);
    for (const path of [
      '/two-factor/nothing',
      '/two-factor/',
      '/two-factor/assets/x.css',
      '/two-factor/../x',
    ]) {
      for (const method of METHODS) await raw(app, { method, path, as: inside });
    }
    assert.deepEqual(reached, []);
  });

  describe('before static files', () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sallyport-static-'));
      await writeFile(join(folder, 'report.txt'), 'the figures');
      await writeFile(join(folder, 'index.html'), 'the figures');
    });
    after(() => rm(folder, { recursive: true }));

    it('serves none of them, not in part and not as unchanged', async () => {
      const { app } = await watched({
        routes: (below) => void below.use('/files', express.static(folder)),
      });
      const { inside, outside } = await visitors(app);
      const served = await raw(app, { path: '/files/report.txt', as: inside });
      assert.equal(served.text, 'the figures');
      const etag = String(served.headers.etag);
      const requests: readonly [Record<string, string>, number][] = [
        [{}, 200],
        [{ range: 'bytes=0-2' }, 206],
        [{ range: 'bytes=90-99' }, 416],
        [{ range: 'bytes=0-2', 'if-range': etag }, 206],
        [{ 'if-none-match': etag }, 304],
        [{ 'if-none-match': '*' }, 304],
        [{ 'if-modified-since': String(served.headers['last-modified']) }, 304],
        [{ 'if-match': '"x"' }, 412],
        [{ 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 412],
      ];
      for (const [headers, withBoth] of requests) {
        for (const path of ['/files/report.txt', '/files/', '/files/index.html']) {
          for (const method of ['GET', 'HEAD']) {
            for (const [who, as] of Object.entries(outside)) {
              const what = `${method} ${path} ${JSON.stringify(headers)} as ${who}`;
              const { status, text, headers: got } = await raw(app, { method, path, as, headers });
              assert.equal(status, 401, what);
              assert.doesNotMatch(text, /figures/, what);
              for (const name of ['last-modified', 'content-range', 'accept-ranges']) {
                assert.equal(got[name], undefined, what);
              }
              assert.notEqual(got.etag, etag, what);
            }
          }
        }
        const known = await raw(app, { path: '/files/report.txt', as: inside, headers });
        assert.equal(known.status, withBoth, JSON.stringify(headers));
      }
    });
  });

  it('leaves alone exactly what is exempt, by method and raw path', async () => {
    const { app, reached } = await watched({
      gate: { exempt: ['GET /status', 'POST /hooks/in', 'GET /encoded%20path'] },
    });
    const open = [
      ['GET', '/status'],
      ['GET', '/status?verbose=1'],
      ['GET', '/status?'],
      ['HEAD', '/status'],
      ['POST', '/hooks/in'],
      ['GET', '/encoded%20path'],
    ] as const;
    for (const [method, path] of open) {
      assert.equal((await raw(app, { method, path })).status, 200, `${method} ${path}`);
    }
    assert.equal(reached.splice(0).length, open.length);

    for (const [method, path] of [
      ['HEAD', '/status/'],
      ['HEAD', '/hooks/in'],
      ['POST', '/status'],
      ['OPTIONS', '/status'],
      ['GET', '/status/'],
      ['GET', '/STATUS'],
      ['GET', '/Status'],
      ['GET', '//status'],
      ['GET', '/./status'],
      ['GET', '/status/x'],
      ['GET', '/status%2fx'],
      ['GET', '/status%3f'],
      ['GET', '/status#x'],
      ['GET', '/status;x=1'],
      ['GET', '/%73tatus'],
      ['GET', '/x/../status'],
      ['GET', '/x?/status'],
      ['GET', 'http://localhost/status'],
      ['GET', '/hooks/in'],
      ['PUT', '/hooks/in'],
      ['POST', '/hooks/in/'],
      ['GET', '/encoded path'.replace(' ', '+')],
    ] as const) {
      assert.equal((await raw(app, { method, path })).status, 401, `${method} ${path}`);
    }
    assert.deepEqual(reached, []);
  });

  it('lets no header change its decision', async () => {
    const { app, reached } = await watched({ gate: { exempt: ['GET /healthz'] } });
    app.set('trust proxy', true);
    const { outside } = await visitors(app);
    const tricks: readonly Record<string, string>[] = [
      { 'x-original-url': '/healthz' },
      { 'x-rewrite-url': '/healthz' },
      { 'x-forwarded-uri': '/healthz' },
      { 'x-forwarded-path': '/healthz' },
      { 'x-forwarded-prefix': '/two-factor' },
      { 'x-http-method-override': 'GET' },
      { 'x-method-override': 'OPTIONS' },
      { 'x-http-method': 'GET' },
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-real-ip': '127.0.0.1' },
      { forwarded: 'for=127.0.0.1;host=evil.example;proto=https' },
      { 'x-forwarded-host': 'evil.example' },
      { 'x-forwarded-proto': 'https' },
      { 'x-forwarded-user': 'insider@acme' },
      { 'x-remote-user': 'insider@acme' },
      { host: 'evil.example' },
      { host: 'evil.example/healthz' },
      { authorization: 'Bearer x' },
      { 'x-requested-with': 'XMLHttpRequest' },
      { purpose: 'prefetch' },
      { 'content-type': 'application/json', 'x-sallyport': 'proven' },
      { upgrade: 'h2c' },
      { expect: '100-continue' },
    ];
    // Those say how the answer is to look, and nothing more.
    const saysBackground = (headers: Readonly<Record<string, string>>) =>
      'x-requested-with' in headers || 'purpose' in headers;
    for (const headers of tricks) {
      for (const [who, as] of Object.entries(outside)) {
        for (const method of ['GET', 'POST']) {
          for (const accept of ['text/html', 'application/json']) {
            const what = `${method} ${JSON.stringify(headers)} as ${who}`;
            const answer = await raw(app, {
              method,
              path: '/reports',
              as,
              headers: { accept, ...headers },
            });
            const program = accept !== 'text/html' || saysBackground(headers);
            assert.equal(answer.status, program ? 401 : 303, what);
            assert.doesNotMatch(answer.headers.location ?? '/login', /^(?!\/[a-z])|evil/, what);
            assert.doesNotMatch(answer.text, /evil/, what);
          }
        }
      }
    }
    assert.deepEqual(reached, []);
  });

  it('takes no cookie but the session’s for an answer', async () => {
    const { app, reached } = await watched();
    const { inside, outside } = await visitors(app);
    const id = inside.cookies.get('connect.sid')!;
    const forged = [
      `${id}x`,
      id.replace(/\.[^.]+$/, '.AAAA'),
      id.replace(/^s%3A/, ''),
      id.toUpperCase(),
      '',
      's%3A.',
    ];
    for (const value of forged) {
      outside.nobody.cookies.set('connect.sid', value);
      assert.equal((await raw(app, { path: '/reports', as: outside.nobody })).status, 401, value);
    }
    assert.deepEqual(reached, []);
  });

  describe('to a program', () => {
    it('says what is still to be done, and where', async () => {
      const { app } = await watched();
      const { outside } = await visitors(app);
      const enroll = await outside.fresh.json('get', '/api/me');
      assert.equal(enroll.status, 401);
      assert.deepEqual(enroll.body, {
        error: 'second_factor_required',
        next: 'enroll',
        why: 'required',
        methods: ['totp'],
        url: '/two-factor/activate',
        graceEndsAt: null,
      });
      const challenge = await outside.challenged.json('get', '/api/me');
      assert.equal(challenge.status, 401);
      assert.deepEqual(challenge.body, {
        error: 'second_factor_required',
        next: 'challenge',
        why: 'not-proven',
        methods: ['totp'],
        url: '/two-factor/challenge',
        graceEndsAt: null,
      });
      const nobody = await outside.nobody.json('get', '/api/me');
      assert.equal(nobody.status, 401);
      assert.deepEqual(nobody.body, {
        error: 'authentication_required',
        why: 'no-subject',
        url: '/login',
      });
      for (const { headers } of [enroll, challenge, nobody]) {
        assert.equal(headers['cache-control'], 'no-store');
        assert.match(headers.vary ?? '', /Accept/);
        assert.match(headers['content-type'] ?? '', /^application\/json/);
      }
    });

    it('tells the end of a grace period', async () => {
      const graceUntil = new Date(world().clock.now() + 3_600_000);
      const { app } = await watched({ policy: () => ({ ...TOTP_ONLY, graceUntil }) });
      const { outside } = await visitors(app);
      const { body } = await outside.fresh.json('get', '/api/me');
      assert.equal(body.graceEndsAt, graceUntil.toISOString());
    });

    it('answers in JSON unless a page is asked for by name', async () => {
      const { app } = await watched();
      for (const [accept, status] of [
        ['*/*', 401],
        ['application/json', 401],
        ['application/json, text/plain, */*', 401],
        ['application/json, text/html;q=0.5', 401],
        ['text/html;q=0', 401],
        ['image/avif,image/webp,*/*', 401],
        ['text/html', 303],
        ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 303],
      ] as const) {
        const { status: got } = await raw(app, { path: '/', headers: { accept } });
        assert.equal(got, status, accept);
      }
      assert.equal((await raw(app, { path: '/' })).status, 401, 'no Accept at all');
    });
  });

  it('is opened by the policy alone where that is off, and leaves no trace in the session', async () => {
    const { app } = await watched({ policy: () => ({ mode: 'off' }) });
    const browser = new Browser(app);
    await browser.login('user@initech');
    assert.equal((await browser.get('/reports')).text, 'inside GET /reports');
    assert.equal((await new Browser(app).get('/reports')).headers.location, '/login');
  });

  it('notices a policy that becomes stricter at the next request', async () => {
    let mode: 'off' | 'required' = 'off';
    const { app, reached } = await watched({ policy: () => ({ mode }) });
    const browser = new Browser(app);
    await browser.login('user@initech');
    assert.equal((await browser.get('/reports')).status, 200);
    mode = 'required';
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    assert.deepEqual(reached, ['GET /reports']);
  });
});
