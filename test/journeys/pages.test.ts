import assert from 'node:assert/strict';
import type { Express } from 'express';
import { Browser, codeAt } from '../support/browser.js';
import { methodsWith } from '../support/methods.js';
import { type RawResponse, raw } from '../support/raw.js';
import { journeys } from '../support/worlds.js';

const TOTP = '/two-factor/activate/totp';

function directives({ headers }: RawResponse): Map<string, string[]> {
  const policy = String(headers['content-security-policy'] ?? '');
  return new Map(
    policy
      .split(';')
      .map((one) => one.trim().split(/\s+/))
      .map(([name = '', ...values]) => [name, values]),
  );
}

journeys('the pages', (world) => {
  const now = () => world().clock.now();

  async function people(app: Express) {
    const activating = new Browser(app);
    await activating.login('user1@acme');
    const inside = new Browser(app);
    const key = await inside.activate('user2@acme', now());
    const challenged = new Browser(app);
    await challenged.login('user2@acme');
    return { activating, inside, challenged, key, nobody: new Browser(app) };
  }

  it('carry the headers that keep them to themselves, errors and redirects included', async () => {
    let broken = false;
    const { app } = await world().host({
      policy() {
        if (broken) throw new Error('down');
        return { mode: 'required' };
      },
    });
    const { activating, challenged, inside, nobody } = await people(app);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const requests: readonly (readonly [number, Parameters<typeof raw>[1]])[] = [
      [200, { path: TOTP, as: activating }],
      [303, { path: '/two-factor', as: activating }],
      [303, { path: '/two-factor/activate', as: inside }],
      [200, { path: '/two-factor/challenge/totp', as: challenged }],
      [200, { path: '/two-factor/expired', as: nobody }],
      [303, { path: TOTP, as: nobody }],
      [404, { path: '/two-factor/nothing', as: activating }],
      [404, { path: '/two-factor/assets/nothing.css', as: nobody }],
      [404, { method: 'PUT', path: TOTP, as: activating }],
      [405, { method: 'HEAD', path: TOTP, as: activating }],
      [403, { method: 'POST', path: TOTP, as: activating }],
      [
        413,
        {
          method: 'POST',
          path: TOTP,
          as: activating,
          headers: form,
          body: `x=${'x'.repeat(1 << 20)}`,
        },
      ],
      [
        400,
        {
          method: 'POST',
          path: TOTP,
          as: activating,
          headers: { 'content-type': 'application/json' },
          body: '{',
        },
      ],
    ];
    const check = async (status: number, request: Parameters<typeof raw>[1]) => {
      for (const accept of ['text/html', 'application/json']) {
        const headers = { ...request.headers, accept };
        const answer = await raw(app, { ...request, headers });
        const what = `${request.method ?? 'GET'} ${request.path}, ${accept}`;
        if (accept === 'text/html') assert.equal(answer.status, status, what);
        const got = answer.headers;
        assert.equal(got['cache-control'], 'no-store', what);
        assert.equal(got['referrer-policy'], 'no-referrer', what);
        assert.equal(got['x-content-type-options'], 'nosniff', what);
        assert.equal(got['x-frame-options'], 'DENY', what);
        assert.equal(got['strict-transport-security'], undefined, `${what}: that is the host’s`);
        const policy = directives(answer);
        assert.deepEqual(policy.get('default-src'), ["'none'"], what);
        assert.deepEqual(policy.get('frame-ancestors'), ["'none'"], what);
        assert.deepEqual(policy.get('base-uri'), ["'none'"], what);
        assert.deepEqual(policy.get('form-action'), ["'self'"], what);
        assert.deepEqual(policy.get('style-src'), ["'self'"], what);
        assert.deepEqual(policy.get('font-src'), ["'self'"], what);
        for (const [name, values] of policy) {
          assert.doesNotMatch(values.join(' '), /unsafe|\*|http:|data:/, `${what}: ${name}`);
        }
      }
    };
    for (const [status, request] of requests) await check(status, request);
    broken = true;
    for (const path of [TOTP, '/two-factor', '/reports', '/']) {
      await check(503, { path, as: activating });
      await check(503, { path, as: inside });
    }
  });

  it('hold no script, style or handler of their own', async () => {
    const { app } = await world().host();
    const { activating, challenged, inside, nobody } = await people(app);
    for (const [path, as] of [
      [TOTP, activating],
      ['/two-factor/challenge/totp', challenged],
      ['/two-factor/expired', nobody],
      ['/two-factor/nothing', inside],
    ] as const) {
      const { text } = await as.get(path);
      assert.match(text, /^<!doctype html>/i, path);
      assert.doesNotMatch(
        text,
        /<style|style="|<script(?![^>]*\ssrc="\/)|\son[a-z]+="|javascript:/i,
        path,
      );
    }
  });

  it('write out what a person is called, and run none of it', async () => {
    const { app } = await world().host({ options: { issuer: '<b>"Acme" & Söhne</b>' } });
    const name = `"><script>alert(1)</script>'&amp;@acme`;
    const browser = new Browser(app);
    await browser.login(name);
    const { text } = await browser.get(TOTP);
    assert.doesNotMatch(text, /<script>alert|<b>/);
    assert.match(text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    assert.match(text, /&lt;b&gt;/);
    const { body } = await browser.json('get', TOTP);
    assert.equal(body.account, name);
    assert.doesNotMatch(body.uri, /[<>" ]/);
  });

  it('begin, redeem and change nothing for a HEAD', async () => {
    const { app, events } = await world().host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    let begun = 0;
    const { store } = world();
    const begin = store.beginEnrollment.bind(store);
    store.beginEnrollment = (...all) => {
      begun += 1;
      return begin(...all);
    };
    for (const path of [
      '/two-factor',
      '/two-factor/activate',
      TOTP,
      '/two-factor/challenge/totp',
    ]) {
      const answer = await raw(app, { method: 'HEAD', path, as: browser });
      assert.equal(answer.status, 405, path);
      assert.equal(answer.text, '');
    }
    assert.equal(begun, 0);
    assert.deepEqual(events, []);
    await browser.get(TOTP);
    assert.equal(begun, 1);
  });

  it('answer a HEAD for the stylesheet, which is cached by its hash', async () => {
    const { app } = await world().host();
    const { activating } = await people(app);
    const { text } = await activating.get(TOTP);
    const href = /<link rel="stylesheet" href="([^"]+)"/.exec(text)?.[1];
    assert.match(href ?? '', /^\/two-factor\/assets\/[\w-]+\.[0-9a-f]{8,}\.css$/);
    for (const method of ['GET', 'HEAD']) {
      const answer = await raw(app, { method, path: href! });
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers['content-type']), /^text\/css/);
      assert.match(String(answer.headers['cache-control']), /immutable/);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    }
    for (const path of [
      '/two-factor/assets/',
      '/two-factor/assets/..%2f..%2fpackage.json',
      '/two-factor/assets/sallyport.css',
    ]) {
      assert.equal((await raw(app, { path })).status, 404, path);
    }
  });

  it('have one field for the code, that can be filled in and pasted into', async () => {
    const { app } = await world().host();
    const { activating, challenged } = await people(app);
    for (const [path, browser] of [
      [TOTP, activating],
      ['/two-factor/challenge/totp', challenged],
    ] as const) {
      const { text } = await browser.get(path);
      const fields = [...text.matchAll(/<input(?![^>]*type="hidden")[^>]*>/g)].map(
        ([field]) => field,
      );
      assert.equal(fields.length, 1, path);
      assert.match(fields[0]!, /name="code"/);
      assert.match(fields[0]!, /autocomplete="one-time-code"/);
      assert.match(fields[0]!, /inputmode="numeric"/);
      assert.doesNotMatch(fields[0]!, /maxlength="6"/, 'a code with a space in it can be pasted');
    }
  });

  it('are not asked for with a whole URL, as a proxy is', async () => {
    const { app } = await world().host();
    const answer = await raw(app, {
      path: `http://localhost${TOTP}`,
      headers: { accept: 'text/html' },
    });
    assert.equal(answer.status, 400);
  });

  it('may live somewhere else', async () => {
    const { app } = await world().host({ options: { path: '/door/second.1', homeUrl: '/home' } });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal((await browser.get('/')).headers.location, '/door/second.1/activate');
    const page = await browser.get('/door/second.1/activate/totp');
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /\/two-factor/);
    const find = (pattern: RegExp) => pattern.exec(page.text)?.[1] ?? '';
    const answer = await browser.post('/door/second.1/activate/totp', {
      code: codeAt(find(/data-sp="totp-key"[^>]*>([^<]*)</), now()),
      enrollment: find(/name="enrollment"[^>]*value="([^"]*)"/),
      _csrf: find(/name="_csrf"[^>]*value="([^"]*)"/),
    });
    assert.equal(answer.headers.location, '/');
    assert.equal((await browser.get('/two-factor')).text, 'inside GET /two-factor');
  });

  it('take eight digits and another hash where the host wants them', async () => {
    const { app } = await world().host({
      options: { methods: methodsWith({ totp: { digits: 8, algorithm: 'sha256' } }) },
    });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const { body } = await browser.json('get', TOTP);
    assert.equal(body.digits, 8);
    assert.match(body.uri, /algorithm=SHA256&digits=8/);
    const { csrfToken, enrollment } = body;
    const short = await browser
      .json('post', TOTP, { code: codeAt(body.key, now()), enrollment })
      .set('x-csrf-token', csrfToken);
    assert.equal(short.status, 422);
  });
});
