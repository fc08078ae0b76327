import assert from 'node:assert/strict';
import type { Express, Request } from 'express';
import type { SessionData } from 'express-session';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { journeys, sessionIdOf, TOTP_ONLY } from '../support/worlds.js';

const MINUTE = 60_000;

type HostsData = SessionData & { cart?: string; passport?: { user: string } };
const dataOf = (req: Request) => req.session as unknown as HostsData;

/** What a host does with a session of its own, on either side of the doors. */
const WITH_CART: HostOptions = {
  gate: { exempt: ['POST /cart', 'GET /cart', 'POST /remember', 'POST /forget'] },
  routes(app: Express) {
    app.post('/cart', (req, res) => {
      dataOf(req).cart = 'two apples';
      res.send('ok');
    });
    app.get('/cart', (req, res) => void res.send(dataOf(req).cart ?? 'empty'));
    app.post('/remember', (req, res) => {
      req.session.cookie.maxAge = 3_600_000;
      // Of a session whose cookie alone has changed, connect-redis stores nothing.
      dataOf(req).cart = 'remembered';
      res.send('ok');
    });
    app.post('/forget', (req, res) => {
      req.session.cookie.originalMaxAge = null;
      req.session.cookie.expires = null;
      dataOf(req).cart = 'changed';
      res.send('ok');
    });
    // As hosts do that sign somebody in, or act as somebody, without Passport's login.
    app.post('/become', (req, res) => {
      dataOf(req).passport = { user: String(req.query.who) };
      res.send('ok');
    });
  },
};

journeys('a session', (world) => {
  async function inside(app: Express, user = 'user1@acme') {
    const browser = new Browser(app);
    const key = await browser.activate(user, world().clock.now());
    assert.equal((await browser.get('/reports')).status, 200);
    return { browser, key };
  }

  /** Signs in again and answers the challenge, with the code of the next time step. */
  async function again(app: Express, key: string, user = 'user1@acme') {
    const browser = new Browser(app);
    await browser.login(user);
    world().clock.advance(30_000);
    assert.equal((await browser.answerChallenge(codeAt(key, world().clock.now()))).status, 303);
    return browser;
  }

  it('changes its id at the password login', async () => {
    const { app } = await world().host(WITH_CART);
    const browser = new Browser(app);
    await browser.send('post', '/cart');
    const anonymous = sessionIdOf(browser);
    const planted = browser.copy();
    await browser.login('user1@acme');
    assert.notEqual(sessionIdOf(browser), anonymous);
    assert.equal((await planted.get('/reports')).headers.location, '/login');
  });

  it('changes its id at elevation, and the old one never becomes verified', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.get('/');
    const before = sessionIdOf(browser);
    const stolen = browser.copy();
    await browser.activate('user1@acme', world().clock.now());
    assert.notEqual(sessionIdOf(browser), before);
    assert.equal((await browser.get('/reports')).status, 200);
    assert.equal((await stolen.get('/reports')).headers.location, '/login');
    assert.equal((await stolen.json('get', '/api/me')).body.error, 'authentication_required');
  });

  it('changes its id at a challenge too, on every process', async () => {
    const [here, there] = [await world().host(), await world().host()];
    const { key } = await inside(here.app);
    const browser = new Browser(here.app);
    await browser.login('user1@acme');
    await browser.get('/');
    const stolen = browser.copy(there.app);
    assert.equal((await stolen.get('/reports')).headers.location, '/two-factor/challenge');
    world().clock.advance(30_000);
    await browser.answerChallenge(codeAt(key, world().clock.now()));
    assert.equal((await browser.copy(there.app).get('/reports')).status, 200);
    await eventually(async () => (await stolen.copy().get('/reports')).status === 409);
    assert.equal((await stolen.tryAgain('/reports')).headers.location, '/login');
  });

  it('carries the host’s data over elevation', async () => {
    const { app } = await world().host(WITH_CART);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.send('post', '/cart');
    const { key, enrollment, _csrf } = await browser.totpForm();
    const code = codeAt(key, world().clock.now());
    await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
    assert.equal((await browser.get('/cart')).text, 'two apples');
    assert.equal((await browser.get('/reports')).status, 200);
  });

  describe('keeps the lifetime of its cookie over elevation', () => {
    async function expiryAfterElevation(cookie: HostOptions['cookie'], prepare?: string) {
      const { app } = await world().host({ ...WITH_CART, cookie: cookie ?? {} });
      const browser = new Browser(app);
      await browser.login('user1@acme');
      if (prepare) await browser.send('post', prepare);
      const { key, enrollment, _csrf } = await browser.totpForm();
      const code = codeAt(key, world().clock.now());
      const answer = await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
      assert.equal(answer.status, 303);
      const set = (answer.headers['set-cookie'] as unknown as string[]).find((one) =>
        one.startsWith('connect.sid='),
      )!;
      assert.match(set, /; HttpOnly/);
      const expires = /Expires=([^;]+)/.exec(set)?.[1];
      return expires ? Math.round((Date.parse(expires) - Date.now()) / MINUTE) : null;
    }

    it('where the host has set none', async () => {
      assert.equal(await expiryAfterElevation({}), null);
    });
    it('where the host gives all sessions the same', async () => {
      assert.equal(await expiryAfterElevation({ maxAge: 30 * MINUTE }), 30);
    });
    it('where this session was remembered for longer', async () => {
      assert.equal(await expiryAfterElevation({ maxAge: 30 * MINUTE }, '/remember'), 60);
    });
    it('where this session is to end with the browser', async () => {
      assert.equal(await expiryAfterElevation({ maxAge: 30 * MINUTE }, '/forget'), null);
    });
  });

  describe('loses what it has proven', () => {
    it('at logout, also for a copy of its cookie', async () => {
      const { app } = await world().host();
      const { browser } = await inside(app);
      const stolen = browser.copy();
      assert.equal((await stolen.get('/reports')).status, 200);
      await browser.post('/logout');
      assert.equal((await stolen.get('/reports')).headers.location, '/login');
      assert.equal((await browser.get('/reports')).headers.location, '/login');
      await browser.login('user1@acme');
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    });

    for (const keepSessionInfo of [false, true]) {
      it(`at a login as somebody else in the same browser (keepSessionInfo: ${keepSessionInfo})`, async () => {
        const { app } = await world().host({ login: { keepSessionInfo } });
        await inside(app, 'user2@acme');
        const { browser } = await inside(app);
        await browser.login('user2@acme');
        assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
        await browser.login('user1@acme');
        assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
        await browser.login('new@acme');
        assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
      });
    }

    it('when the host changes who is signed in under the same id', async () => {
      const { app } = await world().host(WITH_CART);
      await inside(app, 'user2@acme');
      const { browser } = await inside(app);
      const id = sessionIdOf(browser);
      await browser.send('post', '/become?who=user2@acme');
      assert.equal(sessionIdOf(browser), id);
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    });

    it('when its data are copied to another session', async () => {
      const { app } = await world().host();
      const { browser } = await inside(app);
      const { sessions } = world();
      const proven = await new Promise<SessionData>((resolve, reject) =>
        sessions.get(sessionIdOf(browser), (error, data) => (data ? resolve(data) : reject(error))),
      );
      const thief = new Browser(app);
      await thief.login('user1@acme');
      await new Promise<void>((resolve, reject) =>
        sessions.set(sessionIdOf(thief), proven, (error) => (error ? reject(error) : resolve())),
      );
      assert.equal((await thief.get('/reports')).headers.location, '/two-factor/challenge');
      assert.equal((await browser.get('/reports')).status, 200);
    });

    it('when the subject is reset, on every process, and does not get it back by a new factor', async () => {
      const [here, there] = [await world().host(), await world().host()];
      const { browser } = await inside(here.app);
      const elsewhere = browser.copy(there.app);
      assert.equal((await elsewhere.get('/reports')).status, 200);
      await world().store.reset('user1@acme');
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/expired');
      await eventually(async () => (await elsewhere.get('/reports')).headers.location === '/login');
      world().clock.advance(30_000);
      await inside(here.app);
      assert.equal((await browser.get('/reports')).headers.location, '/login');
    });

    it('when its own factor is removed', async () => {
      const { app } = await world().host();
      const { browser } = await inside(app);
      const { store } = world();
      const [enrollment] = (await store.readSubject('user1@acme')).enrollments;
      await store.unenroll('user1@acme', enrollment!.id, 0);
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/expired');
      assert.equal((await browser.get('/reports')).headers.location, '/login');
    });

    it('after twelve hours, and by a shorter age of the policy at once', async () => {
      let maxAgeSeconds: number | null = null;
      const { app } = await world().host({ policy: () => ({ ...TOTP_ONLY, maxAgeSeconds }) });
      const { browser, key } = await inside(app);
      world().clock.advance(12 * 60 * MINUTE - 1);
      assert.equal((await browser.get('/reports')).status, 200);
      world().clock.advance(1);
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
      const renewed = await again(app, key);
      maxAgeSeconds = 60;
      assert.equal((await renewed.get('/reports')).status, 200);
      world().clock.advance(MINUTE);
      assert.equal((await renewed.get('/reports')).headers.location, '/two-factor/challenge');
    });
  });

  it('keeps what it has proven when another of the same subject proves something', async () => {
    const { app } = await world().host();
    const { browser, key } = await inside(app);
    await again(app, key);
    assert.equal((await browser.get('/reports')).status, 200);
  });

  describe('between the doors', () => {
    it('ends after ten minutes, and says so', async () => {
      const { app } = await world().host();
      const browser = new Browser(app);
      await browser.login('user1@acme');
      await browser.get('/');
      const copy = browser.copy();
      world().clock.advance(10 * MINUTE - 1);
      assert.equal((await browser.get('/')).headers.location, '/two-factor/activate');
      world().clock.advance(1);
      const late = await browser.get('/');
      assert.equal(late.headers.location, '/two-factor/expired');
      assert.match((await browser.get('/two-factor/expired')).text, /Please sign in again/);
      assert.equal((await copy.get('/')).headers.location, '/login');
      assert.equal((await browser.get('/')).headers.location, '/login');
    });

    it('tells a program, and then no longer knows it', async () => {
      const { app } = await world().host();
      const browser = new Browser(app);
      await browser.login('user1@acme');
      await browser.get('/');
      world().clock.advance(10 * MINUTE);
      const late = await browser.json('get', '/api/me');
      assert.equal(late.status, 401);
      assert.deepEqual(late.body, {
        error: 'authentication_required',
        why: 'pending-expired',
        url: '/login',
      });
      assert.equal((await browser.json('get', '/api/me')).body.why, 'no-subject');
    });

    it('is not extended by anything that is tried meanwhile, here or on another process', async () => {
      const [here, there] = [await world().host(), await world().host()];
      const { key } = await inside(here.app);
      const { clock } = world();
      clock.advance(30_000);
      const browser = new Browser(here.app);
      await browser.login('user1@acme');
      await browser.get('/');
      for (let minute = 1; minute < 10; minute += 1) {
        clock.advance(MINUTE);
        const app = minute % 2 ? there.app : here.app;
        const now = browser.copy(app);
        assert.equal((await now.get('/reports')).headers.location, '/two-factor/challenge');
        if (minute < 4) {
          assert.equal((await now.answerChallenge(wrongCode(key, clock.now()))).status, 422);
        }
        assert.equal((await now.get('/two-factor/challenge/totp')).status, 200);
      }
      clock.advance(MINUTE - 1);
      const _csrf = await browser.csrf();
      clock.advance(1);
      const code = codeAt(key, clock.now());
      const answer = await browser.post('/two-factor/challenge/totp', { code, _csrf });
      assert.equal(answer.headers.location, '/two-factor/expired');
      assert.equal((await browser.get('/reports')).headers.location, '/login');
    });

    it('cannot be confirmed after its end, though the key is still right', async () => {
      const { app } = await world().host({ options: { enrollmentMaxAge: '1h' } });
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const { key, enrollment, _csrf } = await browser.totpForm();
      world().clock.advance(10 * MINUTE);
      const code = codeAt(key, world().clock.now());
      const answer = await browser.post('/two-factor/activate/totp', { code, enrollment, _csrf });
      assert.equal(answer.headers.location, '/two-factor/expired');
      assert.deepEqual((await world().store.readSubject('user1@acme')).enrollments, []);
    });

    it('ends when one signs out there', async () => {
      const { app } = await world().host();
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const _csrf = await browser.csrf();
      const copy = browser.copy();
      assert.equal(
        (await browser.post('/two-factor/sign-out', { _csrf })).headers.location,
        '/login',
      );
      assert.equal((await copy.get('/')).headers.location, '/login');
    });
  });

  it('is put off until the end of the grace period, and no longer', async () => {
    const { clock } = world();
    const graceUntil = new Date(clock.now() + 3 * MINUTE);
    const { app } = await world().host({ policy: () => ({ ...TOTP_ONLY, graceUntil }) });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.get('/reports?x=1');
    const _csrf = await browser.csrf();
    const answer = await browser.post('/two-factor/postpone', { _csrf });
    assert.equal(answer.headers.location, '/reports?x=1');
    assert.equal((await browser.get('/reports')).status, 200);
    clock.advance(3 * MINUTE);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    const tooLate = await browser.post('/two-factor/postpone', { _csrf: await browser.csrf() });
    assert.equal(tooLate.status, 409);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
  });

  it('cannot be put off where there is no grace period', async () => {
    const { app } = await world().host();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    assert.equal(
      (await browser.post('/two-factor/postpone', { _csrf: await browser.csrf() })).status,
      409,
    );
    assert.equal((await browser.get('/')).status, 303);
  });
});
