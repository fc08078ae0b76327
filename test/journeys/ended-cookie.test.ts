import assert from 'node:assert/strict';
import type { Express } from 'express';
import type { Response } from 'supertest';
import type { Host, HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, sessionIdOf } from '../support/worlds.js';

/** The session that a response puts into the browser; null when it leaves the browser's own alone. */
function given({ headers }: Response): string | null {
  return sessionIn(headers['set-cookie']);
}

function sessionIn(lines: unknown): string | null {
  const found = [lines ?? []]
    .flat()
    .flatMap((line) => /^connect\.sid=s%3A([^.]+)\./.exec(String(line))?.[1] ?? []);
  assert.ok(found.length < 2);
  return found[0] ?? null;
}

/** Requests that wait in the host until they are let go. */
function waiting() {
  const started = new Map<string, () => void>();
  const held = new Map<string, () => void>();
  return {
    mount(app: Express, writes: boolean): void {
      app.get('/slow/:name', (req, res) => {
        const { name } = req.params;
        held.set(name, () => {
          if (writes) Object.assign(req.session, { written: Date.now() });
          res.send('done');
        });
        started.get(name)?.();
      });
    },
    /** Sends one and waits until the host has it. */
    async send(browser: Browser, name: string) {
      const here = new Promise<void>((resolve) => started.set(name, resolve));
      const answer = browser.get(`/slow/${name}`).then((response) => response);
      await here;
      return {
        async go(): Promise<Response> {
          held.get(name)?.();
          return answer;
        },
      };
    },
  };
}

journeys('the cookie of an ended session', (world) => {
  const now = () => world().clock.now();
  const next = () => world().clock.advance(30_000);

  for (const [what, options, writes] of [
    ['rolling', { session: { rolling: true } }, false],
    [
      'rolling, of a cookie that ends',
      { session: { rolling: true }, cookie: { maxAge: 3_600_000 } },
      false,
    ],
    ['written to by a slow request', { cookie: { maxAge: 3_600_000 } }, true],
  ] as const satisfies readonly (readonly [string, HostOptions, boolean])[]) {
    for (const where of ['here', 'on another process'] as const) {
      it(`does not come back over a step-up (${what}; the slow request ${where})`, async () => {
        const slow = waiting();
        const routes: HostOptions['routes'] = (app, door) => {
          slow.mount(app, writes);
          app.get('/pay', door.require({ maxAge: '1s' }), (_req, res) => void res.send('paid'));
        };
        const one = await world().host({ ...options, routes });
        const other = where === 'here' ? one : await world().host({ ...options, routes });
        const browser = new Browser(one.app);
        const key = await browser.activate('user1@acme', now());
        next();
        const before = sessionIdOf(browser);
        const download = await slow.send(browser.copy(other.app), 'export');
        assert.equal((await browser.get('/pay')).status, 303);
        assert.equal((await browser.answerChallenge(codeAt(key, now()))).headers.location, '/pay');
        assert.notEqual(sessionIdOf(browser), before);
        const late = await download.go();
        assert.equal(late.text, 'done');
        assert.equal(given(late), null);
        assert.equal((await browser.get('/pay')).text, 'paid');
      });
    }
  }

  it('is not given by the second of two clicks, on one process or two', async () => {
    /** In the order in which they are sent. */
    let sent: (string | null)[] = [];
    const options: HostOptions = {
      session: { rolling: true },
      before: (app) =>
        app.use((_req, res, pass) => {
          res.writeHead = new Proxy(res.writeHead, {
            apply(write, self, all) {
              sent.push(sessionIn(res.getHeader('set-cookie')));
              return Reflect.apply(write, self, all);
            },
          });
          pass();
        }),
    };
    const one = await world().host(options);
    const two = await world().host(options);
    const key = await new Browser(one.app).activate('user1@acme', now());
    for (const [left, right] of [
      [one, one],
      [one, two],
    ] as readonly (readonly [Host, Host])[]) {
      next();
      const browser = new Browser(left.app);
      await browser.login('user1@acme');
      const old = sessionIdOf(browser);
      const fields = { code: codeAt(key, now()), _csrf: await browser.csrf() };
      sent = [];
      await Promise.all(
        [left, right].map(({ app }) =>
          browser.copy(app).post('/two-factor/challenge/totp', fields),
        ),
      );
      const ids = sent.filter((id) => id !== null);
      assert.equal(ids.filter((id) => id !== old).length, 1, 'one new session');
      assert.notEqual(ids.at(-1), old, 'which the browser keeps');
    }
  });

  it('is not given by the second of two clicks on a process that has not heard of the first', async () => {
    const options: HostOptions = { session: { rolling: true } };
    const one = await world().host(options);
    let reached: () => void = () => {};
    let goOn: () => void = () => {};
    const judging = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const first = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const two = await world().host((store) => {
      const known = new Map<string, ReturnType<typeof store.readAssurance>>();
      return {
        ...options,
        store: {
          ...store,
          readAssurance(session) {
            const found = known.get(session) ?? store.readAssurance(session);
            known.set(session, found);
            return found;
          },
          async judgeAttempt(...attempt) {
            reached();
            await first;
            return store.judgeAttempt(...attempt);
          },
        },
      };
    });
    const key = await new Browser(one.app).activate('user1@acme', now());
    next();
    const browser = new Browser(one.app);
    await browser.login('user1@acme');
    const fields = { code: codeAt(key, now()), _csrf: await browser.csrf() };
    const second = browser.copy(two.app).post('/two-factor/challenge/totp', fields);
    const late = second.then((response) => response);
    await judging;
    assert.equal((await browser.post('/two-factor/challenge/totp', fields)).status, 303);
    goOn();
    assert.equal(given(await late), null);
    assert.equal((await browser.get('/reports')).status, 200);
  });

  for (const [what, session, path] of [
    ['a host that gives everybody a session', { saveUninitialized: true }, '/healthz'],
    ['a page that writes to everybody’s', {}, '/cart'],
  ] as const) {
    it(`is not followed by that of a new session, for whoever still carries the old one (${what})`, async () => {
      const { app } = await world().host({
        session,
        gate: { exempt: ['GET /cart'] },
        routes: (host) =>
          host.get('/cart', (req, res) => {
            Object.assign(req.session, { cart: 1 });
            res.send('cart');
          }),
      });
      const key = await new Browser(app).activate('user1@acme', now());
      next();
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const old = browser.copy();
      await browser.answerChallenge(codeAt(key, now()));
      assert.equal(given(await old.get(path)), null);
      assert.notEqual(given(await new Browser(app).get(path)), null, 'as whoever is new gets one');
    });
  }

  it('of a login with it is the new one’s, and an ordinary cookie rolls on', async () => {
    const { app } = await world().host({ session: { rolling: true } });
    const key = await new Browser(app).activate('user1@acme', now());
    next();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const old = browser.copy();
    await browser.answerChallenge(codeAt(key, now()));
    assert.equal(given(await browser.get('/reports')), sessionIdOf(browser));
    const again = given(await old.login('user1@acme'));
    assert.ok(again !== null && again !== sessionIdOf(browser));
    assert.equal((await old.get('/reports')).headers.location, '/two-factor/challenge');

    await browser.post('/logout');
    const after = given(await browser.login('user1@acme'));
    assert.ok(after !== null);
    assert.equal(given(await browser.get('/login')), after);
  });

  it('leaves the other cookies of the answer alone', async () => {
    const slow = waiting();
    const { app } = await world().host({
      session: { rolling: true },
      routes(host) {
        host.use((_req, res, pass) => {
          res.cookie('theme', 'dark');
          pass();
        });
        slow.mount(host, false);
      },
    });
    const browser = new Browser(app);
    await browser.activate('user1@acme', now());
    const download = await slow.send(browser.copy(), 'export');
    await browser.post('/logout');
    const late = await download.go();
    assert.deepEqual(late.headers['set-cookie'], ['theme=dark; Path=/']);
  });
});
