import assert from 'node:assert/strict';
import type { Express, Request } from 'express';
import type { SessionData } from 'express-session';
import type { PolicyInput } from 'sallyport';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys, sessionIdOf, TOTP_ONLY } from '../support/worlds.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Own {
  userId?: string;
  cart?: string;
}
const own = (req: Request) => req.session as Request['session'] & Own;

/** A host with a login of its own: its logout takes the user out of the session and keeps that, cart and all. */
const HOME_MADE: HostOptions = {
  options: {
    subject: (req) => {
      const { userId } = own(req);
      return userId ? { id: userId, tenantId: 'acme', label: userId } : null;
    },
  },
};

/** Its own login and logout are below our pages, as the docs have it, or above them. */
const BELOW: HostOptions = {
  ...HOME_MADE,
  gate: { exempt: ['POST /in', 'POST /out', 'GET /public'] },
  routes: (app) => mountLogin(app),
};

function mountLogin(app: Express): void {
  app.post('/in', (req, res) => {
    own(req).userId = String(req.query.as);
    own(req).cart ??= 'apples';
    res.send('in');
  });
  app.post('/out', (req, res) => {
    delete own(req).userId;
    res.send('out');
  });
  app.post('/out-and-in', (req, res, next) => {
    req.session.reload((error: unknown) => {
      if (error) return next(error);
      delete own(req).userId;
      req.session.save((failure: unknown) => {
        if (failure) return next(failure);
        own(req).userId = 'user1';
        res.send('in');
      });
    });
  });
  app.get('/public', (req, res) => void res.send(own(req).cart ?? 'empty'));
}

journeys('a session that is kept over a logout', (world) => {
  let policy: PolicyInput;
  let app: Express;
  let browser: Browser;
  let key: string;

  async function start(options: HostOptions = BELOW) {
    policy = TOTP_ONLY;
    ({ app } = await world().host({ ...options, policy: () => policy }));
    browser = new Browser(app);
  }

  const logIn = (one = browser, as = 'user1') => one.post(`/in?as=${as}`);

  async function activate(one = browser): Promise<void> {
    const { key: shown, enrollment, _csrf } = await one.totpForm();
    key = shown;
    const code = codeAt(key, world().clock.now());
    await one.post('/two-factor/activate/totp', { code, enrollment, _csrf });
    assert.equal((await one.get('/reports')).status, 200);
  }

  it('goes on with the host’s data, and has to prove itself again', async () => {
    await start();
    await logIn();
    await activate();
    const id = sessionIdOf(browser);
    await browser.post('/out');
    assert.equal((await browser.get('/reports')).headers.location, '/login');
    await logIn();
    assert.equal(sessionIdOf(browser), id, 'the session is the same');
    assert.equal((await browser.get('/public')).text, 'apples');
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    world().clock.advance(30_000);
    await browser.answerChallenge(codeAt(key, world().clock.now()));
    assert.equal((await browser.get('/reports')).status, 200);
  });

  it('has to do so where nothing was asked for in between', async () => {
    await start();
    await logIn();
    await activate();
    await browser.post('/out');
    await logIn();
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
    for (const path of ['/api/me', '/two-factor/profile']) {
      assert.equal((await browser.json('get', path)).status, 401);
    }
  });

  it('has to do so where the host reads it anew before its logout, and signs the same one in at once', async () => {
    await start();
    await logIn();
    await activate();
    await browser.post('/out-and-in');
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
  });

  it('has to do so where the one who comes is the same, on another process', async () => {
    await start();
    const there = await world().host({ ...BELOW, policy: () => policy });
    await logIn();
    await activate();
    const elsewhere = browser.copy(there.app);
    await elsewhere.post('/out');
    await logIn();
    for (const one of [browser, elsewhere]) {
      assert.equal((await one.get('/reports')).headers.location, '/two-factor/challenge');
    }
  });

  it('lets a request that was under way at the logout bring nothing back', async () => {
    await start();
    await logIn();
    await activate();
    const { sessions } = world();
    const id = sessionIdOf(browser);
    const before = await new Promise<SessionData>((resolve, reject) =>
      sessions.get(id, (error, data) => (data ? resolve(structuredClone(data)) : reject(error))),
    );
    await browser.post('/out');
    await new Promise<void>((resolve, reject) =>
      sessions.set(id, before, (error) => (error ? reject(error) : resolve())),
    );
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
  });

  it('takes nothing of ours to the next person: no postponing, no token, no way back, no demand', async () => {
    await start();
    policy = { ...TOTP_ONLY, graceUntil: new Date(world().clock.now() + DAY) };
    await logIn();
    await browser.get('/reports');
    const _csrf = await browser.csrf();
    await browser.post('/two-factor/postpone', { _csrf });
    const token = await browser.csrf();
    assert.equal((await browser.get('/reports')).status, 200);
    await browser.post('/out');
    await logIn(browser, 'user2');
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    assert.notEqual(await browser.csrf(), token);
    const answer = await browser.post('/two-factor/postpone', { _csrf: token });
    assert.equal(answer.status, 403);
  });

  for (const keepSessionInfo of [false, true]) {
    const kept = keepSessionInfo ? ' with keepSessionInfo' : '';
    it(`takes nothing of ours to the next person who signs in by Passport${kept}`, async () => {
      await start({ login: { keepSessionInfo } });
      policy = { ...TOTP_ONLY, graceUntil: new Date(world().clock.now() + DAY) };
      await browser.login('user1@acme');
      await browser.post('/two-factor/postpone', { _csrf: await browser.csrf() });
      const token = await browser.csrf();
      assert.equal((await browser.get('/reports')).status, 200);
      await browser.login('user2@acme');
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
      assert.notEqual(await browser.csrf(), token);
      const answer = await browser.post('/two-factor/postpone', { _csrf: token });
      assert.equal(answer.status, 403);
      // Nor to the same person at another login: what was put off is asked for once more.
      await browser.post('/two-factor/postpone', { _csrf: await browser.csrf() });
      await browser.login('user2@acme');
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    });
  }

  it('is void also where another person comes without a logout, and when the first one is back', async () => {
    await start();
    await logIn();
    await activate();
    await logIn(browser, 'user2');
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    await logIn();
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
  });

  it('is as it was for who is asked for nothing, and whose requests the host fails to tell', async () => {
    let fails = false;
    await start({
      ...BELOW,
      options: {
        subject: (req) => {
          if (fails) throw new Error('the host cannot tell');
          return HOME_MADE.options?.subject?.(req);
        },
      },
    });
    await logIn();
    await activate();
    fails = true;
    assert.equal((await browser.get('/public')).status, 200);
    assert.equal((await browser.get('/reports')).status, 503);
    fails = false;
    assert.equal((await browser.get('/reports')).status, 200);
  });
});
