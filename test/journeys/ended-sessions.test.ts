import assert from 'node:assert/strict';
import type { Check, Decision, PolicyInput, SecondFactorStore } from 'sallyport';
import type { Host, HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { journeysOnAllStores, sessionIdOf, TOTP_ONLY } from '../support/worlds.js';

const USER = 'user1@acme';
const SUBJECT = { id: USER, tenantId: 'acme' };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Where whoever's session is over is led. */
const OVER = /^\/(login|two-factor\/expired)$/;

/** What ends every session of a subject, on whichever process it is done. */
const ENDS: Readonly<Record<string, (host: Host) => Promise<void>>> = {
  'a reset': ({ door }) => door.subjects.reset(SUBJECT),
  'the end of all sessions': ({ door }) => door.subjects.endSessions(SUBJECT),
  'a changed password': ({ door }) => door.subjects.passwordChanged(SUBJECT),
  'a move to another tenant': ({ door }) =>
    door.subjects.setTenant({ id: USER, tenantId: 'globex' }, { tenantId: 'acme' }),
  'the removal of the user': ({ door }) => door.subjects.delete(SUBJECT),
};

journeysOnAllStores('a session of before', (world) => {
  let here: Host;
  let there: Host;
  let policy: PolicyInput;
  let checks: Check[];

  beforeEach(async () => {
    policy = TOTP_ONLY;
    checks = [];
    const options = (): HostOptions => ({
      policy: () => policy,
      gate: { exempt: ['GET /socket', 'POST /slow'] },
      routes(app, door) {
        app.get('/socket', async (req, res) => {
          checks.push(await door.check(req));
          res.end();
        });
        app.post('/password', async (req, res) => {
          const as =
            req.query.as === undefined ? SUBJECT : { ...SUBJECT, id: String(req.query.as) };
          try {
            await door.subjects.passwordChanged(as, { except: req, actorId: 'user1' });
            res.send('changed');
          } catch (error) {
            res.status(500).send(String(error));
          }
        });
        app.get('/fresh', door.require({ maxAge: '5m' }), (_req, res) => void res.send('fresh'));
      },
    });
    [here, there] = [await world().host(options()), await world().host(options())];
  });

  const enrolled = () => new Browser(here.app).activate(USER, world().clock.now());

  function nextCode(key: string): string {
    world().clock.advance(30_000);
    return codeAt(key, world().clock.now());
  }

  async function passwordOnly(): Promise<Browser> {
    const browser = new Browser(here.app);
    await browser.login(USER);
    return browser;
  }

  async function proven(key: string, remember = ''): Promise<Browser> {
    const browser = await passwordOnly();
    const _csrf = await browser.csrf();
    const answer = { code: nextCode(key), remember, _csrf };
    assert.equal((await browser.post('/two-factor/challenge/totp', answer)).status, 303);
    return browser;
  }

  async function letIn(mode: PolicyInput): Promise<Browser> {
    policy = mode;
    const browser = await passwordOnly();
    assert.equal((await browser.get('/reports')).status, 200);
    return browser;
  }

  /** The session is over for good; on the way it opens nothing, and shows no key that could be activated. */
  async function isOver(browser: Browser): Promise<void> {
    for (const path of ['/two-factor/activate/totp', '/two-factor/challenge/totp', '/reports']) {
      const copy = browser.copy();
      // A session between the doors is redirected as well: it is the end that this process has to hear of.
      await eventually(async () =>
        OVER.test(String((await copy.get('/reports')).headers.location)),
      );
      const page = await copy.get(path);
      assert.doesNotMatch(page.text, /data-sp="totp-key"/);
      assert.match(String(page.headers.location), OVER);
    }
    const program = await browser.json('get', '/reports');
    assert.equal(program.status, 401);
    assert.equal(program.body.error, 'authentication_required');
    assert.equal((await browser.get('/reports')).headers.location, '/login');
  }

  const ENROLLED: Readonly<Record<string, (key: string) => Promise<Browser>>> = {
    'was proven': proven,
    'had passed the password only, and was never seen since': passwordOnly,
    'stood between the doors': async () => {
      const browser = await passwordOnly();
      await browser.get('/reports');
      return browser;
    },
    'had its proof end long ago': async (key) => {
      const browser = await proven(key);
      world().clock.advance(20 * DAY);
      return browser;
    },
    'was let in while the policy was off': () => letIn({ ...TOTP_ONLY, mode: 'off' }),
    'had been asked for a fresh proof': async (key) => {
      const browser = await proven(key);
      world().clock.advance(10 * MINUTE);
      assert.equal((await browser.get('/fresh')).headers.location, '/two-factor/challenge');
      return browser;
    },
    'was let in by a remembered device': async (key) => {
      policy = { ...TOTP_ONLY, rememberDeviceSeconds: 3600 };
      const first = await proven(key, '1');
      const browser = await passwordOnly();
      browser.cookies.set('sallyport.device', first.cookies.get('sallyport.device') ?? '');
      await browser.get('/reports');
      assert.equal((await browser.get('/reports')).status, 200);
      return browser;
    },
  };

  const NOT_ENROLLED: Readonly<Record<string, () => Promise<Browser>>> = {
    'was let in where nothing is required': () => letIn({ ...TOTP_ONLY, mode: 'optional' }),
    'was let in while the policy was off, with nothing activated': () =>
      letIn({ ...TOTP_ONLY, mode: 'off' }),
    'had been told that activation can wait': async () => {
      policy = { ...TOTP_ONLY, graceUntil: new Date(world().clock.now() + DAY) };
      const browser = await passwordOnly();
      await browser.post('/two-factor/postpone', { _csrf: await browser.csrf() });
      assert.equal((await browser.get('/reports')).status, 200);
      return browser;
    },
    'had an activation page open': async () => {
      const browser = await passwordOnly();
      await browser.totpForm();
      return browser;
    },
  };

  for (const [what, end] of Object.entries(ENDS)) {
    describe(`ends with ${what}, done by another process`, () => {
      for (const [form, open] of Object.entries(ENROLLED)) {
        it(`where it ${form}`, async () => {
          const browser = await open(await enrolled());
          await end(there);
          await isOver(browser);
        });
      }
      for (const [form, open] of Object.entries(NOT_ENROLLED)) {
        it(`where it ${form}`, async () => {
          const browser = await open();
          await end(there);
          await isOver(browser);
        });
      }
    });
  }

  it('tells whoever watches it, and a program why', async () => {
    const browser = await letIn({ ...TOTP_ONLY, mode: 'optional' });
    await browser.get('/socket');
    const heard: (Decision | null)[] = [];
    checks[0]?.onRevoked((decision) => void heard.push(decision));
    await here.door.subjects.endSessions(SUBJECT);
    await eventually(() => heard.length === 1);
    assert.deepEqual(heard, [{ kind: 'deny', why: 'session-ended' }]);
    const program = await browser.json('get', '/reports');
    assert.deepEqual(program.body, {
      error: 'authentication_required',
      why: 'session-ended',
      url: '/login',
    });
    assert.equal((await browser.json('get', '/reports')).body.why, 'no-subject');
  });

  it('tells a person, on a page that leads to the login', async () => {
    const key = await enrolled();
    const browser = await proven(key);
    await here.door.subjects.endSessions(SUBJECT);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/expired');
    const page = await browser.get('/two-factor/expired');
    assert.match(page.text, /Please sign in again/);
    assert.match(page.text, /href="\/login"/);
    await browser.login(USER);
    await browser.get('/');
    assert.equal((await browser.answerChallenge(nextCode(key))).headers.location, '/reports');
  });

  it('has no answer accepted that comes while its end is under way', async () => {
    const key = await enrolled();
    const { store } = world();
    const ending = {
      ...store,
      async judgeAttempt(...attempt) {
        await store.raiseEpoch(USER);
        return store.judgeAttempt(...attempt);
      },
    } satisfies SecondFactorStore;
    const process = await world().host({ store: ending });
    const browser = new Browser(process.app);
    await browser.login(USER);
    const answer = await browser.answerChallenge(nextCode(key));
    assert.equal(answer.status, 409);
    assert.match(answer.text, /Please sign in again/);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/expired');
    assert.equal((await browser.get('/reports')).headers.location, '/login');
  });

  it('is not one of a later epoch because a slow request has saved it as it was', async () => {
    const browser = await passwordOnly();
    const { sessions } = world();
    const id = sessionIdOf(browser);
    await browser.get('/reports');
    // As it was before its login was noted, saved back by a process that had it from then.
    await new Promise<void>((resolve, reject) =>
      sessions.get(id, (error, data) => {
        if (error || !data) return reject(error);
        const { sallyport: _, ...before } = data;
        sessions.set(id, before as typeof data, (failed) => (failed ? reject(failed) : resolve()));
      }),
    );
    await there.door.subjects.endSessions(SUBJECT);
    await isOver(browser);
  });

  describe('when its own user changes the password', () => {
    const change = async (browser: Browser, query = '') =>
      (await browser.post(`/password${query}`)).text;

    it('goes on under a new id with what it has proven, and all others end', async () => {
      const key = await enrolled();
      const other = await proven(key);
      const browser = await proven(key);
      const old = browser.copy();
      world().clock.advance(MINUTE);
      assert.equal(await change(browser), 'changed');
      assert.notEqual(sessionIdOf(browser), sessionIdOf(old));
      for (const path of ['/reports', '/fresh'])
        assert.equal((await browser.get(path)).status, 200);
      world().clock.advance(4 * MINUTE);
      assert.equal((await browser.get('/fresh')).status, 303, 'and is no younger than it was');
      for (const one of [other, old]) await isOver(one);
      const event = here.events.find(({ type }) => type === 'password.changed');
      assert.deepEqual(
        [event?.subjectId, event?.tenantId, event?.actorId],
        [USER, 'acme', 'user1'],
      );
    });

    for (const mode of ['off', 'optional'] as const) {
      it(`goes on where the policy is ${mode} and it has proven nothing`, async () => {
        const browser = await letIn({ ...TOTP_ONLY, mode });
        const other = await letIn({ ...TOTP_ONLY, mode });
        assert.equal(await change(browser), 'changed');
        assert.equal((await browser.get('/reports')).status, 200);
        await isOver(other);
      });
    }

    it('goes on where activation can wait', async () => {
      const browser = await NOT_ENROLLED['had been told that activation can wait']?.();
      assert.ok(browser);
      assert.equal(await change(browser), 'changed');
      assert.equal((await browser.get('/reports')).status, 200);
    });

    it('must be the user’s own to go on: nothing is changed otherwise', async () => {
      const browser = await letIn({ ...TOTP_ONLY, mode: 'optional' });
      assert.match(
        await change(browser, '?as=user2@acme'),
        /except must be a request of the session of user2@acme, got one of user1@acme/,
      );
      assert.equal((await world().store.readSubject('user2@acme')).epoch, 0);
      assert.equal((await browser.get('/reports')).status, 200);
    });

    it('has to sign in again where a reset comes at the same moment', async () => {
      const { store } = world();
      const resetting = {
        ...store,
        async raiseEpoch(...raise: Parameters<SecondFactorStore['raiseEpoch']>) {
          if (raise[1] !== undefined) await store.reset(USER);
          return store.raiseEpoch(...raise);
        },
      };
      const { app } = await world().host({
        store: resetting,
        policy: () => ({ ...TOTP_ONLY, mode: 'optional' }),
        routes(app, door) {
          app.post('/password', async (req, res) => {
            await door.subjects.passwordChanged(SUBJECT, { except: req });
            res.send('changed');
          });
        },
      });
      const browser = new Browser(app);
      await browser.login(USER);
      assert.equal(await change(browser), 'changed');
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/expired');
    });
  });
});
