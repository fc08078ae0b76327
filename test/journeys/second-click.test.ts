import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SessionData } from 'express-session';
import type { Response } from 'supertest';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt, recoveryCodesOn, wrongCode } from '../support/browser.js';
import { journeys, sessionIdOf } from '../support/worlds.js';

const WITH_CODES = () => ({ mode: 'required' }) as const;
const CHALLENGE = '/two-factor/challenge/totp';
const ACTIVATE = '/two-factor/activate/totp';

/**
 * Two clicks on one button: both requests carry the cookies of the page. The browser keeps the cookies of both
 * answers in the order in which these come, and shows the second.
 */
async function doubleClick(
  browser: Browser,
  path: string,
  fields: Readonly<Record<string, string>>,
  second = browser.copy(),
): Promise<{ answers: readonly [Response, Response]; shown: Response }> {
  const jar = second;
  const answers = await Promise.all([
    browser.post(path, fields).then((response) => response),
    jar.post(path, fields).then((response) => response),
  ]);
  // Whichever of the two got the new session: the browser has both answers' cookies.
  for (const [name, value] of jar.cookies) {
    if (name !== 'connect.sid') browser.cookies.set(name, value);
  }
  const got = answers.findIndex((answer) =>
    /connect\.sid=/.test(String(answer.headers['set-cookie'])),
  );
  if (got === 1) browser.cookies.set('connect.sid', jar.cookies.get('connect.sid') ?? '');
  return { answers, shown: answers[1] };
}

/** Goes where a page leads, by a redirect or by itself, until something else comes; at most five times. */
async function follow(browser: Browser, answer: Response): Promise<Response> {
  let at = answer;
  for (let hop = 0; hop < 5; hop += 1) {
    const refresh = /url=(.*)$/.exec(String(at.headers.refresh ?? ''))?.[1];
    const next = at.headers.location ?? refresh;
    if (next === undefined) return at;
    at = await browser.get(next);
  }
  throw new Error(`no end: ${at.status} ${at.headers.location ?? at.headers.refresh}`);
}

journeys('the second of two clicks', (world) => {
  const now = () => world().clock.now();

  for (const where of ['on one process', 'on another process'] as const) {
    it(`at the challenge leads where the first one leads (${where})`, async () => {
      const one = await world().host();
      const two = where === 'on one process' ? one : await world().host();
      const key = await new Browser(one.app).activate('user1@acme', now());
      for (const first of [0, 1]) {
        world().clock.advance(30_000);
        const browser = new Browser(one.app);
        await browser.login('user1@acme');
        await browser.get('/reports/7');
        const fields = { code: codeAt(key, now()), _csrf: await browser.csrf() };
        const { answers } = await doubleClick(browser, CHALLENGE, fields, browser.copy(two.app));
        for (const { status, headers } of answers) {
          assert.ok(status === 303 || status === 409 || status === 422, `${status}`);
          assert.notEqual(headers.location, '/login');
        }
        const again = answers.find(({ status }) => status === 409);
        if (where === 'on one process') {
          assert.ok(again, 'leads on, whichever was the first');
          assert.equal((await follow(browser, again)).text, 'inside GET /reports/7', `${first}`);
        }
        assert.equal((await browser.get('/reports/7')).text, 'inside GET /reports/7');
      }
    });
  }

  it('at the challenge, with the session that the first one has got, leads there too', async () => {
    const { app } = await world().host();
    const key = await new Browser(app).activate('user1@acme', now());
    world().clock.advance(30_000);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.get('/reports/7');
    const fields = { code: codeAt(key, now()), _csrf: await browser.csrf() };
    assert.equal((await browser.post(CHALLENGE, fields)).headers.location, '/reports/7');
    assert.equal((await browser.post(CHALLENGE, fields)).headers.location, '/reports/7');
    assert.equal((await browser.json('post', CHALLENGE, fields)).body.url, '/reports/7');
  });

  it('after a wrong code counts as the same answer while the first one is looked at', async () => {
    const { app } = await world().host();
    const key = await new Browser(app).activate('user1@acme', now());
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const fields = { code: wrongCode(key, now()), _csrf: await browser.csrf() };
    const { answers } = await doubleClick(browser, CHALLENGE, fields);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [422, 422],
    );
    const failures = async () => (await world().store.readSubject('user1@acme')).failures;
    const counted = await failures();
    assert.ok(counted === 1 || counted === 2);
    await browser.post(CHALLENGE, fields);
    assert.equal(await failures(), counted + 1, 'sent again afterwards, it is another attempt');
  });

  it('on Activate shows the recovery codes, or leads to them', async () => {
    const { app } = await world().host({ policy: WITH_CODES });
    const browser = new Browser(app);
    await browser.get('/reports/7');
    await browser.login('user1@acme');
    await browser.get('/');
    const { key, enrollment, _csrf } = await browser.totpForm();
    const fields = { code: codeAt(key, now()), enrollment, _csrf };
    const { answers } = await doubleClick(browser, ACTIVATE, fields);
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409]);
    const first = answers.find(({ status }) => status === 200);
    const second = answers.find(({ status }) => status === 409);
    assert.ok(first && second);
    const shown = recoveryCodesOn((await follow(browser, second)).text);
    assert.equal(shown.length, 10);
    assert.deepEqual(shown, recoveryCodesOn(first.text), 'the ones that count');
    // With the token of the form as it was, and the session that the first click got.
    const third = await follow(browser, await browser.post(ACTIVATE, fields));
    assert.deepEqual(recoveryCodesOn(third.text), shown);
    assert.equal((await browser.keepCodes()).headers.location, '/reports/7');
    assert.equal((await browser.keepCodes()).headers.location, '/reports/7', 'pressed twice');
  });

  it('on "Not now" leads where the first one leads', async () => {
    const graceUntil = new Date(now() + 86_400_000);
    const { app } = await world().host({
      policy: () => ({ mode: 'required', methods: ['totp'], graceUntil }),
    });
    const browser = new Browser(app);
    await browser.login('user1@acme');
    await browser.get('/reports/7');
    const fields = { _csrf: await browser.csrf() };
    const { answers } = await doubleClick(browser, '/two-factor/postpone', fields);
    const again = answers.find(({ status }) => status === 409);
    assert.ok(again);
    assert.equal((await follow(browser, again)).text, 'inside GET /reports/7');
    assert.equal(
      (await browser.post('/two-factor/postpone', fields)).headers.location,
      '/reports/7',
    );
  });

  it('in JSON is told to send it again, and not that it is signed out', async () => {
    const { app } = await world().host();
    const key = await new Browser(app).activate('user1@acme', now());
    world().clock.advance(30_000);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const old = browser.copy();
    await browser.answerChallenge(codeAt(key, now()));
    for (const path of ['/api/me', '/two-factor', CHALLENGE]) {
      const answer = await old.json('get', path);
      assert.equal(answer.status, 409, path);
      assert.equal(answer.body.error, 'session_renewed', path);
      assert.equal(answer.headers['retry-after'], '1');
    }
    world().clock.advance(61_000);
    assert.equal((await old.json('get', '/api/me')).body.error, 'authentication_required');
  });

  it('in JSON is told so on a process as well that has not heard of the new session', async () => {
    const here = await world().host();
    const there = await world().host((store) => {
      const known = new Map<string, ReturnType<typeof store.readAssurance>>();
      return {
        store: {
          ...store,
          readAssurance(session) {
            const found = known.get(session) ?? store.readAssurance(session);
            known.set(session, found);
            return found;
          },
        },
      };
    });
    const browser = new Browser(here.app);
    await browser.activate('user1@acme', now());
    const program = browser.copy(there.app);
    assert.equal((await program.json('get', '/api/me')).status, 200);
    await browser.post('/two-factor/profile/sign-out-others', { _csrf: await browser.csrf() });
    const answer = await program.json('get', '/api/me');
    assert.deepEqual([answer.status, answer.body.error], [409, 'session_renewed']);
  });

  it('of which the browser has given the first up opens the door by itself', async () => {
    let reached: () => void = () => {};
    let goOn: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const first = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let holding = false;
    const { app } = await world().host((store) => ({
      store: {
        ...store,
        async judgeAttempt(...given) {
          const judged = await store.judgeAttempt(...given);
          if (holding) {
            holding = false;
            reached();
            await held;
          }
          return judged;
        },
      },
    }));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const browser = new Browser(`http://127.0.0.1:${port}`);
    const key = await browser.activate('user1@acme', now());
    world().clock.advance(30_000);
    await browser.login('user1@acme');
    const before = sessionIdOf(browser);
    const fields = { code: codeAt(key, now()), _csrf: await browser.csrf() };
    holding = true;
    const body = new URLSearchParams(fields).toString();
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const given = request({
      ...{ host: '127.0.0.1', port, method: 'POST', path: CHALLENGE, agent: false },
      headers: {
        ...{ cookie, accept: 'text/html', 'content-length': String(body.length) },
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
    const gone = new Promise<void>((resolve) => {
      server.once('request', (_req, res) => res.once('close', resolve));
    });
    given.on('error', () => {});
    given.end(body);
    await first;
    given.destroy();
    await gone;
    goOn();
    const answer = await browser.post(CHALLENGE, fields);
    assert.equal(answer.status, 303);
    assert.notEqual(sessionIdOf(browser), before);
    assert.equal((await browser.get('/reports')).text, 'inside GET /reports');
    const replay = new Browser(`http://127.0.0.1:${port}`);
    await replay.login('user1@acme');
    assert.equal((await replay.answerChallenge(fields.code)).status, 422, 'once');
    server.close();
    server.closeAllConnections();
  });
});

journeys('tabs that are opened at once', (world) => {
  const now = () => world().clock.now();
  const DAY = 86_400;

  for (const where of ['on one process', 'on two'] as const) {
    it(`with a remembered device open one after the other, and none shows the login (${where})`, async () => {
      let waiting: (() => void)[] | null = null;
      const options: HostOptions = {
        policy: () => ({ mode: 'required', methods: ['totp'], rememberDeviceSeconds: 7 * DAY }),
        above: (app) =>
          app.use('/tabs', (_req, _res, next) => {
            if (!waiting) return next();
            waiting.push(next);
            if (waiting.length < 5) return;
            const all = waiting;
            waiting = null;
            for (const go of all) go();
          }),
      };
      const one = await world().host(options);
      const two = where === 'on two' ? await world().host(options) : one;
      const browser = new Browser(one.app);
      const key = await browser.activate('user1@acme', now());
      await browser.post('/logout');
      world().clock.advance(30_000);
      await browser.login('user1@acme');
      const code = codeAt(key, now());
      await browser.post(CHALLENGE, { code, remember: '1', _csrf: await browser.csrf() });
      world().clock.advance(13 * 3_600_000);

      waiting = [];
      const tabs = Array.from({ length: 4 }, (_, n) => browser.copy(n % 2 ? two.app : one.app));
      const program = browser.copy(two.app);
      const answers = await Promise.all([
        ...tabs.map((tab, n) => tab.get(`/tabs/${n}`).then((answer) => answer)),
        program.json('get', '/tabs/data').then((answer) => answer),
      ]);
      const told = answers.map(({ status, headers }) => `${status} ${headers.location ?? ''}`);
      assert.ok(!told.some((one) => /login|expired/.test(one)), told.join());
      assert.equal(answers[4]?.status, 409, 'a program is told to send it again');
      const opened = [...tabs, program].filter((_tab, n) =>
        /connect\.sid=/.test(String(answers[n]?.headers['set-cookie'])),
      );
      assert.equal(opened.length, 1, 'one new session');
      for (const [n, tab] of tabs.entries()) {
        tab.cookies.set('connect.sid', opened[0]?.cookies.get('connect.sid') ?? '');
        const answer = answers[n];
        assert.ok(answer);
        assert.equal((await follow(tab, answer)).text, `inside GET /tabs/${n}`);
      }
    });
  }

  it('with an id that has gone on try once more, and then are nobody’s', async () => {
    const { app } = await world().host();
    const key = await new Browser(app).activate('user1@acme', now());
    world().clock.advance(30_000);
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const tab = browser.copy();
    const other = browser.copy();
    await browser.answerChallenge(codeAt(key, now()));
    assert.equal((await tab.get('/reports')).headers.refresh, '1; url=/reports');
    assert.equal((await tab.get('/reports')).headers.location, '/login', 'never a loop');
    assert.equal((await other.get('/reports')).status, 409, 'each by itself');
    assert.equal((await other.login('user1@acme')).headers.location, '/', 'and may sign in');
    assert.equal((await other.get('/reports')).headers.location, '/two-factor/challenge');
    await browser.post('/logout');
    assert.equal(
      (await browser.copy().get('/reports')).headers.location,
      '/login',
      'a logout is one',
    );
  });
});

journeys('recovery codes that nobody has kept', (world) => {
  const now = () => world().clock.now();

  async function activated() {
    const { app } = await world().host({ policy: WITH_CODES });
    const browser = new Browser(app);
    const key = await browser.activate('user1@acme', now());
    return { app, browser, key };
  }
  const profileOf = async (browser: Browser) =>
    (await browser.json('get', '/two-factor/profile')).body;

  it('are shown again to the session that made them, and claimed by no page', async () => {
    const { app, browser, key } = await activated();
    for (const _ of [1, 2]) {
      const again = await browser.get('/two-factor/recovery-codes');
      assert.deepEqual(recoveryCodesOn(again.text), browser.recoveryCodes);
      assert.equal(again.headers['cache-control'], 'no-store');
    }
    const profile = await browser.get('/two-factor/profile');
    assert.doesNotMatch(profile.text, /codes left/);
    assert.match(profile.text, /have not said that you have kept them/);
    assert.match(profile.text, /href="\/two-factor\/recovery-codes"/);
    assert.deepEqual((await profileOf(browser)).recoveryCodesLeft, null);

    world().clock.advance(30_000);
    const other = new Browser(app);
    await other.login('user1@acme');
    await other.answerChallenge(codeAt(key, now()));
    assert.equal(
      (await other.get('/two-factor/recovery-codes')).headers.location,
      '/two-factor/profile',
    );
    const elsewhere = await other.get('/two-factor/profile');
    assert.match(elsewhere.text, /have not said that you have kept them/);
    assert.doesNotMatch(elsewhere.text, /href="\/two-factor\/recovery-codes"/);
  });

  it('are shown no more once one was used in another session, whose page is not wrong then', async () => {
    const { app, browser } = await activated();
    const other = new Browser(app);
    await other.login('user1@acme');
    const [code = ''] = browser.recoveryCodes;
    const url = '/two-factor/challenge/recovery-code';
    assert.equal((await other.post(url, { code, _csrf: await other.csrf() })).status, 200);
    const again = await browser.get('/two-factor/recovery-codes');
    assert.equal(again.headers.location, '/two-factor/profile');
    const profile = await browser.get('/two-factor/profile');
    assert.match(profile.text, /<strong>9<\/strong> codes left/);
    assert.doesNotMatch(profile.text, /href="\/two-factor\/recovery-codes"/);
    assert.equal((await browser.keepCodes()).status, 303, 'the button of before leads on');
  });

  it('count once they are kept, and are shown no more', async () => {
    const { browser } = await activated();
    assert.equal((await browser.post('/two-factor/recovery-codes')).status, 403);
    assert.equal((await profileOf(browser)).recoveryCodesLeft, null);
    assert.equal((await browser.keepCodes()).status, 303);
    assert.match(
      (await browser.get('/two-factor/profile')).text,
      /<strong>10<\/strong> codes left/,
    );
    assert.equal((await profileOf(browser)).recoveryCodesLeft, 10);
    assert.equal(
      (await browser.get('/two-factor/recovery-codes')).headers.location,
      '/two-factor/profile',
    );
  });

  it('are shown for ten minutes, and work for whoever has written them down after all', async () => {
    const { app, browser } = await activated();
    world().clock.advance(10 * 60_000);
    const late = await browser.get('/two-factor/recovery-codes');
    assert.equal(late.headers.location, '/two-factor/profile');
    const other = new Browser(app);
    await other.login('user1@acme');
    const answer = await other.post('/two-factor/challenge/recovery-code', {
      code: browser.recoveryCodes[3] ?? '',
      _csrf: await other.csrf(),
    });
    assert.match(answer.text, /<strong>9<\/strong> codes left/);
    assert.equal((await profileOf(other)).recoveryCodesLeft, 9, 'used, so they were kept');
  });

  it('are not kept by a page of codes that are void', async () => {
    const { app, browser, key } = await activated();
    world().clock.advance(30_000);
    const other = new Browser(app);
    await other.login('user1@acme');
    await other.answerChallenge(codeAt(key, now()));
    const renewed = await other.post('/two-factor/profile/recovery-codes', {
      _csrf: await other.csrf(),
    });
    assert.equal(recoveryCodesOn(renewed.text).length, 10);
    const void_ = await browser.keepCodes();
    assert.equal(void_.status, 409);
    assert.match(void_.text, /void/);
    assert.equal((await profileOf(other)).recoveryCodesLeft, null);
    assert.equal((await other.keepCodes()).headers.location, '/two-factor/profile');
    assert.equal((await profileOf(other)).recoveryCodesLeft, 10);
  });

  it('are in the session for nobody to read, and of no use in another one', async () => {
    const { app, browser } = await activated();
    const { sessions } = world();
    type Kept = { sallyport?: { unkept?: string } };
    const read = (who: Browser) =>
      new Promise<SessionData & Kept>((resolve, reject) =>
        sessions.get(sessionIdOf(who), (error, found) => (found ? resolve(found) : reject(error))),
      );
    const data = await read(browser);
    const text = JSON.stringify(data);
    for (const code of browser.recoveryCodes) {
      assert.ok(!text.includes(code) && !text.includes(code.replaceAll('-', '')));
    }
    const { unkept } = data.sallyport ?? {};
    assert.ok(unkept);
    const thief = new Browser(app);
    await thief.activate('user2@acme', now());
    await thief.keepCodes();
    const own = await read(thief);
    const planted = { ...own, sallyport: { ...own.sallyport, unkept } };
    await new Promise<void>((resolve, reject) =>
      sessions.set(sessionIdOf(thief), planted, (error) => (error ? reject(error) : resolve())),
    );
    const answer = await thief.get('/two-factor/recovery-codes');
    assert.equal(answer.headers.location, '/two-factor/profile');
  });

  it('in JSON are kept with a POST', async () => {
    const { browser } = await activated();
    const csrfToken = await browser.csrf();
    const shown = await browser.json('get', '/two-factor/recovery-codes');
    assert.deepEqual(shown.body.recoveryCodes, browser.recoveryCodes);
    const kept = await browser.json('post', shown.body.keptUrl, {}).set('x-csrf-token', csrfToken);
    assert.deepEqual(kept.body, { next: 'done', url: '/' });
    assert.equal((await profileOf(browser)).recoveryCodesLeft, 10);
  });
});
