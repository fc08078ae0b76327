import assert from 'node:assert/strict';
import express from 'express';
import session, { MemoryStore, type Store } from 'express-session';
import { type SecondFactorStore, sallyport, UnavailableError } from 'sallyport';
import { type HostOptions, hostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { type RawResponse, raw } from '../support/raw.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

journeys('a fault', (world) => {
  const now = () => world().clock.now();

  function assertUnavailable(answer: RawResponse, what: string) {
    assert.equal(answer.status, 503, what);
    assert.ok(Number(answer.headers['retry-after']) > 0, what);
    assert.equal(answer.headers['cache-control'], 'no-store', what);
  }

  /** Both forms of the answer, for a page and for a program, for each path and method. */
  async function deniedEverywhere(app: express.Express, as: Browser, what: string) {
    for (const path of [
      '/reports',
      '/',
      '/two-factor',
      '/two-factor/activate/totp',
      '/two-factor/challenge',
    ]) {
      const page = await raw(app, { path, as, headers: { accept: 'text/html' } });
      assertUnavailable(page, `${what}: ${path}`);
      assert.match(page.text, /try again/i);
      assert.match(String(page.headers['content-type']), /^text\/html/);
      const json = await raw(app, { path, as, headers: { accept: 'application/json' } });
      assertUnavailable(json, `${what}: ${path} as JSON`);
      assert.equal(JSON.parse(json.text).error, 'unavailable');
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
      assertUnavailable(await raw(app, { method, path: '/reports', as }), `${what}: ${method}`);
    }
  }

  describe('of the policy', () => {
    for (const [what, policy] of [
      [
        'that throws',
        () => {
          throw new Error('secret detail');
        },
      ],
      ['that rejects', () => Promise.reject(new Error('secret detail'))],
      ['that hangs', () => new Promise(() => {})],
      ['that answers nothing', () => undefined],
      ['that answers null', async () => null],
      ['that answers with a text', () => 'off'],
      ['that answers with an unknown mode', () => ({ mode: 'none' })],
      ['that requires without a method', () => ({ mode: 'required', methods: [] })],
      ['that names an unknown method', async () => ({ mode: 'required', methods: ['sms'] })],
    ] as const) {
      it(`${what} is a 503 for everybody, and is over with it`, async () => {
        let broken = false;
        const { app, events, errors } = await world().host({
          policy: ((...all: unknown[]) =>
            broken
              ? (policy as (...all: unknown[]) => unknown)(...all)
              : { mode: 'required', methods: ['totp'] }) as never,
          options: { policyTimeout: '50ms' },
        });
        const inside = new Browser(app);
        await inside.activate('user1@acme', now());
        const between = new Browser(app);
        await between.login('user1@acme');
        broken = true;
        for (const browser of [inside, between]) await deniedEverywhere(app, browser, what);
        assert.equal(
          (await raw(app, { path: '/reports', headers: { accept: 'text/html' } })).status,
          303,
        );
        const { type, detail, subjectId } = events.at(-1)!;
        assert.deepEqual([type, detail, subjectId], ['unavailable', 'ERR_POLICY', null]);
        assert.ok(errors.length > 0 && errors.every((error) => error instanceof UnavailableError));
        const headers = { accept: 'text/html' };
        const page = await raw(app, { path: '/reports', as: inside, headers });
        assert.match(page.text, /ERR_POLICY/, 'outside production');
        assert.doesNotMatch(page.text, /secret detail|at .*\.ts/);
        const json = JSON.parse((await raw(app, { path: '/reports', as: inside })).text);
        assert.equal(json.code, 'ERR_POLICY');
        assert.doesNotMatch(JSON.stringify(json), /secret detail/);
        broken = false;
        assert.equal((await inside.get('/reports')).status, 200);
        assert.equal((await between.get('/reports')).headers.location, '/two-factor/challenge');
      });
    }
  });

  describe('of the subject', () => {
    const user = { id: 'user1@acme', tenantId: 'acme', label: 'user1' };
    for (const [what, subject] of [
      ['an empty id', { ...user, id: '' }],
      ['a number for an id', { ...user, id: 7 }],
      ['no id', { tenantId: 'acme', label: 'user1' }],
      ['an object for an id', { ...user, id: { toString: () => 'user1@acme' } }],
      ['no tenant', { ...user, tenantId: undefined }],
      ['an empty tenant', { ...user, tenantId: '' }],
      ['no label', { id: 'user1@acme', tenantId: 'acme' }],
      ['true', true],
      ['a text', 'user1@acme'],
      ['a number', 1],
      ['a promise', Promise.resolve(user)],
      ['a list', [user]],
    ] as const) {
      it(`that is ${what} is a 503 and an event, not nobody and not somebody`, async () => {
        const { app, events } = await world().host({
          options: { subject: (() => subject) as never },
        });
        const browser = new Browser(app);
        await browser.login('user1@acme');
        await deniedEverywhere(app, browser, what);
        const { type, detail } = events.at(-1)!;
        assert.deepEqual([type, detail], ['unavailable', 'ERR_SUBJECT']);
      });
    }

    it('function that is asynchronous and fails is a 503, and does not end the process', async () => {
      const { app } = await world().host({
        options: { subject: (() => Promise.reject(new Error('no database'))) as never },
      });
      await deniedEverywhere(app, new Browser(app), 'a rejected promise');
    });

    it('function that throws is a 503 which has the reason as its cause', async () => {
      const cause = new Error('secret detail');
      const { app, errors } = await world().host({
        options: {
          subject() {
            throw cause;
          },
        },
      });
      const browser = new Browser(app);
      await browser.login('user1@acme');
      await deniedEverywhere(app, browser, 'throws');
      const [error] = errors as UnavailableError[];
      assert.deepEqual([error?.code, error?.cause], ['ERR_SUBJECT', cause]);
      const headers = { accept: 'text/html' };
      const { text } = await raw(app, { path: '/reports', as: browser, headers });
      assert.match(text, /ERR_SUBJECT/);
      assert.doesNotMatch(text, /secret detail|Waiting does not help/);
    });

    it('says all fields that are wrong at once, and what a number wants', async () => {
      const { app, errors } = await world().host({
        options: { subject: (() => ({ id: 7, tenantId: undefined, label: '' })) as never },
      });
      const headers = { accept: 'text/html' };
      const { text } = await raw(app, { path: '/reports', headers });
      assert.match(text, /Waiting does not help/);
      const { message } = errors[0] as UnavailableError;
      assert.match(message, /id .*got a number.*String\(/);
      assert.match(message, /tenantId .*got undefined/);
      assert.match(message, /label .*got ''/);
    });

    it('without a tenant at all is of the organization `default`', async () => {
      const asked: unknown[] = [];
      const { app, events } = await world().host({
        policy: (subject) => {
          asked.push(subject);
          return TOTP_ONLY;
        },
        options: { subject: () => ({ id: 'user1', label: 'User', roles: ['editor'] }) },
      });
      const browser = new Browser(app);
      await browser.login('user1');
      await browser.activateHere(now());
      const { subject } = (await browser.json('get', '/api/me')).body;
      const whole = { id: 'user1', label: 'User', roles: ['editor'], tenantId: 'default' };
      assert.deepEqual(subject, whole);
      assert.deepEqual(asked[0], whole);
      assert.equal(events.at(-1)?.tenantId, 'default');
    });
  });

  describe('of how it is mounted', () => {
    it('without a session is a 503 that tells the host what is missing', async () => {
      const errors: unknown[] = [];
      const door = sallyport({ ...hostOptions(), onError: (error) => void errors.push(error) });
      const app = express();
      app.use(door.pages(), door.gate());
      app.use((_req, res) => void res.send('inside'));
      await deniedEverywhere(app, new Browser(app), 'no session');
      assert.equal((errors[0] as UnavailableError).code, 'ERR_SESSION_MISSING');
      assert.match(
        (errors[0] as Error).message,
        /put app\.use\(session\(.*above app\.use\(door\.pages\(\)\)/,
      );
      await door.close();
    });

    it('with a session store that is not guarded is a 503, for anonymous visitors too', async () => {
      const { app, errors } = await world().host({ unguarded: new MemoryStore() });
      const browser = new Browser(app);
      await browser.login('user1@acme');
      await deniedEverywhere(app, browser, 'undecorated');
      assertUnavailable(await raw(app, { path: '/reports' }), 'anonymous');
      assert.equal((errors[0] as UnavailableError).code, 'ERR_SESSION_STORE');
      assert.match((errors[0] as Error).message, /door\.sessions\(store\)/);
    });

    it('with something that only looks guarded is a 503', async () => {
      const lookalike = Object.assign(new MemoryStore(), { isGuarded: true, guarded: true });
      const { app } = await world().host({ unguarded: lookalike });
      assertUnavailable(await raw(app, { path: '/reports' }), 'lookalike');
    });

    it('without our pages before it, is still a 503', async () => {
      const { store, sessions } = world();
      const door = sallyport({
        ...hostOptions(),
        store,
        policy: () => {
          throw new Error('down');
        },
        subject: () => ({ id: 'a', tenantId: 'b', label: 'c' }),
        onError: () => {},
      });
      const app = express();
      app.use(
        session({
          secret: 'x',
          resave: false,
          saveUninitialized: false,
          store: door.sessions(sessions),
        }),
      );
      app.use(door.gate());
      app.use((_req, res) => void res.send('inside'));
      assertUnavailable(await raw(app, { path: '/x' }), 'no pages');
    });
  });

  describe('of the store', () => {
    /** A store of which one method at a time rejects or hangs. */
    function breakable(store: SecondFactorStore) {
      const broken = new Set<string>();
      const proxy = new Proxy(store, {
        get(target, name: keyof SecondFactorStore) {
          const method = target[name];
          if (typeof method !== 'function') return method;
          return (...all: never[]) =>
            broken.has(name)
              ? Promise.reject(new UnavailableError('ERR_STORE_UNAVAILABLE', 'down'))
              : (method as (...all: never[]) => unknown).apply(target, all);
        },
      });
      return { store: proxy, broken };
    }

    async function breakableHost(options: HostOptions = {}) {
      const { store, broken } = breakable(world().store);
      return { ...(await world().host({ ...options, store })), broken };
    }

    for (const name of ['readSubject', 'readAssurance'] as const) {
      it(`that cannot ${name} lets nobody in, and nobody enroll`, async () => {
        const { app, broken } = await breakableHost();
        const inside = new Browser(app);
        await inside.activate('user1@acme', now());
        const between = new Browser(app);
        await between.login('user1@acme');
        const key = inside.copy();
        broken.add(name);
        for (const browser of [inside, between, key]) await deniedEverywhere(app, browser, name);
        broken.clear();
        assert.equal((await inside.get('/reports')).status, 200);
        assert.equal((await between.get('/reports')).headers.location, '/two-factor/challenge');
      });
    }

    it('that fails halfway does not say that nothing was changed', async () => {
      const { app, broken } = await breakableHost();
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const { key, enrollment, _csrf } = await browser.totpForm();
      broken.add('prove');
      const code = codeAt(key, now());
      const answer = await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
      assert.equal(answer.status, 503);
      assert.equal((await world().store.readSubject('user1@acme')).enrollments.length, 1);
      assert.doesNotMatch(answer.text, /nothing was changed/i);
      assert.match(answer.text, /look whether it was done before you try again/);
    });

    for (const name of ['judgeAttempt', 'end', 'prove'] as const) {
      it(`that fails in ${name} opens no door, and the person can go on later`, async () => {
        const { app, broken } = await breakableHost();
        const key = await new Browser(app).activate('user1@acme', now());
        world().clock.advance(30_000);
        const browser = new Browser(app);
        await browser.login('user1@acme');
        const _csrf = await browser.csrf();
        const copy = browser.copy();
        broken.add(name);
        const answer = await browser.post('/two-factor/challenge/totp', {
          code: codeAt(key, now()),
          _csrf,
        });
        assert.equal(answer.status, 503);
        assert.ok(Number(answer.headers['retry-after']) > 0);
        broken.clear();
        for (const one of [browser, copy]) {
          assert.notEqual((await one.get('/reports')).status, 200, 'not inside');
        }
        world().clock.advance(60_000);
        const later = new Browser(app);
        await later.login('user1@acme');
        assert.equal((await later.answerChallenge(codeAt(key, now()))).status, 303);
        assert.equal((await later.get('/reports')).status, 200);
      });
    }

    for (const name of ['beginEnrollment', 'judgeAttempt'] as const) {
      it(`that fails in ${name} enrolls nobody and lets nobody in`, async () => {
        const { app, broken } = await breakableHost();
        const browser = new Browser(app);
        await browser.login('user1@acme');
        const { key, enrollment, _csrf } = await browser.totpForm();
        broken.add(name);
        const request =
          name === 'beginEnrollment'
            ? browser.post('/two-factor/activate/totp/restart', { _csrf })
            : browser.post('/two-factor/activate/totp', {
                code: codeAt(key, now()),
                enrollment,
                _csrf,
              });
        assert.equal((await request).status, 503);
        assert.deepEqual((await world().store.readSubject('user1@acme')).enrollments, []);
        assert.notEqual((await browser.get('/reports')).status, 200);
      });
    }
  });

  describe('of the session store', () => {
    class Failing extends MemoryStore {
      how: 'well' | 'fails' | 'hangs' = 'well';
      override get: MemoryStore['get'] = (sid, callback) => {
        if (this.how === 'fails') callback(new Error('secret detail'));
        else if (this.how === 'well') super.get(sid, callback);
      };
    }
    for (const how of ['fails', 'hangs'] as const) {
      it(`that ${how} is a 503 within the deadline, and is over with it`, async () => {
        const sessions = new Failing();
        const { app, errors } = await world().host({
          sessions: sessions as Store,
          options: { sessionTimeout: '50ms' },
        });
        const browser = new Browser(app);
        await browser.activate('user1@acme', now());
        sessions.how = how;
        await deniedEverywhere(app, browser, how);
        assert.equal((errors[0] as UnavailableError).code, 'ERR_STORE_UNAVAILABLE');
        sessions.how = 'well';
        assert.equal((await browser.get('/reports')).status, 200);
      });
    }
  });

  it('of a sink of events or of errors changes no answer', async () => {
    const broken = () => {
      throw new Error('sink');
    };
    const { app } = await world().host({
      options: { onEvent: broken, onError: broken },
    });
    const browser = new Browser(app);
    const key = await browser.activate('user1@acme', now());
    assert.equal((await browser.get('/reports')).status, 200);
    const again = new Browser(app);
    await again.login('user1@acme');
    assert.equal((await again.answerChallenge(codeAt(key, now()))).status, 422);
  });

  it('of a reporter that fails later does not end the process', async () => {
    const unheard: unknown[] = [];
    const listen = (reason: unknown) => void unheard.push(reason);
    process.on('unhandledRejection', listen);
    try {
      const { app } = await world().host({
        policy: () => {
          throw new Error('down');
        },
        options: { onError: () => Promise.reject(new Error('reporter')) },
      });
      const browser = new Browser(app);
      await browser.login('user1@acme');
      assert.equal((await browser.get('/reports')).status, 503);
      // Node tells of unheard rejections before it goes on to the next turn.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', listen);
    }
    assert.deepEqual(unheard, []);
  });

  it('names no other site on its page, whatever was asked for', async () => {
    const { app } = await world().host({
      policy: () => {
        throw new Error('down');
      },
    });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    for (const path of ['//evil.example/x', 'http://evil.example/x', '/\\evil.example']) {
      const { status, text } = await raw(app, {
        path,
        as: browser,
        headers: { accept: 'text/html' },
      });
      assert.equal(status, 503);
      assert.doesNotMatch(text, /(href|action)="[^"]*evil/);
    }
  });
});
