import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request } from 'express';
import type { Door, PolicyInput, ProofRule, SignInAgainFunction, SignInProof } from 'sallyport';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { firstHeard, SlowSessions } from '../support/slow-sessions.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const MFA: ProofRule = {
  ...{ by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 8 * 3600, phishingResistant: false },
};
const HARDWARE: ProofRule = { ...MFA, amr: ['mfa', 'hwk'], phishingResistant: true };
const AGAIN = '/two-factor/sign-in-again?by=okta';

const oktaAgain: SignInAgainFunction<Request> = (_req, { by }) =>
  by === 'okta' ? { name: 'Okta', url: '/login/okta?again' } : null;

/** What the identity provider says next, the app keeps: a new login in a new session, as Passport makes one. */
journeys('a sign-in that is made again where it came from', (world) => {
  const now = () => world().clock.now();
  let policy: PolicyInput;
  let signInAgain: SignInAgainFunction<Request>;

  beforeEach(() => {
    policy = { mode: 'required', methods: ['totp'], proofs: [MFA, HARDWARE] };
    signInAgain = oktaAgain;
  });

  const mfa = (more: Partial<SignInProof> = {}): SignInProof => ({
    ...{ by: 'okta', at: now(), amr: ['pwd', 'mfa'] },
    ...more,
  });

  function above(app: Express) {
    app.post('/proofs', express.json(), (req, res, next) => {
      req.session.proofs = req.body;
      req.session.save((error) => (error ? next(error) : res.send('kept')));
    });
  }

  function routes(app: Express, door: Door) {
    app.get('/pay', door.require({ maxAge: '5m' }), (_req, res) => res.send('the form'));
    app.post('/pay', door.require({ maxAge: '5m' }), (_req, res) => res.send('paid'));
    app.get('/totp', door.require({ methods: ['totp'] }), (_req, res) => res.send('by totp'));
    app.get('/resistant', door.require({ phishingResistant: true }), (_req, res) =>
      res.send('resistant'),
    );
  }

  async function start(more: HostOptions = {}) {
    return world().host({
      policy: () => policy,
      above,
      routes,
      ...more,
      options: {
        proofs: (req) => req.session.proofs,
        signInAgain: (...asked) => signInAgain(...asked),
        ...more.options,
      },
    });
  }

  /** The app's own callback: a new session, with what was proven at the provider. */
  async function signIn(browser: Browser, given: readonly SignInProof[], user = USER) {
    await browser.login(user);
    return browser.json('post', '/proofs', given as unknown as object);
  }

  /** Where the browser is led to from a page of the app, at last. */
  async function follow(browser: Browser, path: string) {
    let answer = await browser.get(path);
    for (let hops = 0; answer.status === 303; hops += 1) {
      assert.ok(hops < 5, 'it leads on without an end');
      answer = await browser.get(String(answer.headers.location));
    }
    return answer;
  }

  const primary = (text: string) =>
    /<a class="([^"]*)" href="([^"]*)" data-sp="sign-in-again">([^<]*)</.exec(text)?.slice(1);

  async function stale(app: Express, age = 9 * HOUR) {
    const browser = new Browser(app);
    await signIn(browser, [mfa()]);
    world().clock.advance(age);
    return browser;
  }

  describe('for whoever has nothing else to prove', () => {
    it('is the way on, says why, and leads back to the page that was asked for', async () => {
      const { app, errors } = await start();
      const browser = await stale(app);
      const page = await follow(browser, '/reports');
      assert.equal(page.status, 200);
      const [look, href, label] = primary(page.text) ?? [];
      assert.match(String(look), /sp-button-primary/);
      assert.equal(href, AGAIN);
      assert.equal(label, 'Sign in again with Okta');
      assert.match(
        page.text,
        /Your sign-in with Okta was more than 9 hours ago\. Your organization accepts it for 8 hours\./,
      );
      assert.match(page.text, /href="\/two-factor\/activate\/totp"/);
      const left = await browser.get(AGAIN);
      assert.equal(left.status, 303);
      assert.equal(left.headers.location, '/login/okta?again');
      await signIn(browser, [mfa()]);
      assert.equal((await browser.get('/two-factor/challenge')).headers.location, '/reports');
      assert.equal((await browser.get('/reports')).text, 'inside GET /reports');
      assert.deepEqual(errors, []);
    });

    it('begins no activation before they choose one', async () => {
      const { app } = await start();
      const browser = await stale(app);
      await follow(browser, '/reports');
      assert.deepEqual((await world().store.readSubject(USER)).enrollments, []);
      const form = await browser.get('/two-factor/activate/totp');
      assert.match(form.text, /data-sp="totp-key"/);
      assert.match(form.text, /Sign in again with Okta/);
    });

    it('says so where it was not enough, leads nowhere by itself, and offers the rest', async () => {
      const { app } = await start();
      const browser = await stale(app);
      const old = mfa({ at: now() - 9 * HOUR });
      await follow(browser, '/reports');
      await browser.get(AGAIN);
      await signIn(browser, [old]);
      const page = await follow(browser, '/two-factor/challenge');
      assert.equal(page.status, 200);
      assert.match(page.text, /<h1>Signing in again was not enough<\/h1>/);
      assert.match(page.text, /more than 9 hours ago/);
      assert.doesNotMatch(String(primary(page.text)?.[0]), /sp-button-primary/);
      // Whoever activates something instead still comes to the page that they asked for.
      const { key, enrollment, _csrf } = await browser.totpForm();
      const answer = await browser.post('/two-factor/activate/totp', {
        ...{ code: codeAt(key, now()), enrollment, _csrf },
      });
      assert.equal(answer.headers.location, '/reports');
    });

    it('is not told to have been in vain when they turned round, or when it counted for a while', async () => {
      const { app } = await start();
      const browser = await stale(app);
      await follow(browser, '/reports');
      await browser.get(AGAIN);
      assert.match((await follow(browser, '/reports')).text, /<h1>Please sign in again</);
      await signIn(browser, [mfa()]);
      world().clock.advance(6 * MINUTE);
      const page = await follow(browser, '/pay');
      assert.match(page.text, /<h1>Please sign in again</);
    });

    it('is the way on after a reset, and one of several for a proof that says too little', async () => {
      const { app, door } = await start();
      const browser = new Browser(app);
      await signIn(browser, [mfa({ amr: ['pwd'] })]);
      const little = await follow(browser, '/reports');
      assert.match(little.text, /Your sign-in with Okta is no second factor here\./);
      assert.match(little.text, /data-sp="totp-key"/);
      assert.equal(primary(little.text), undefined);
      policy = { ...policy, methods: ['totp', 'security-key'] };
      const { text } = await browser.get('/two-factor/activate');
      assert.match(text, /activate\/security-key/);
      assert.match(text, /is no second factor here/);
      const other = new Browser(app);
      await signIn(other, [mfa()]);
      await door.subjects.reset({ id: USER, tenantId: 'acme' });
      const again = new Browser(app);
      await signIn(again, [mfa({ at: now() - MINUTE })]);
      const ended = await follow(again, '/reports');
      assert.ok(primary(ended.text));
      assert.match(ended.text, /Your sign-in with Okta no longer counts\./);
    });

    it('is not offered to whoever has not signed in there, nor for a proof of somebody else’s', async () => {
      const { app } = await start();
      const browser = new Browser(app);
      await browser.login(USER);
      assert.doesNotMatch((await follow(browser, '/reports')).text, /Sign in again/);
      assert.equal((await browser.get(AGAIN)).status, 404);
      await signIn(browser, [mfa({ subjectId: 'user2@acme', at: now() - 9 * HOUR })]);
      assert.doesNotMatch((await follow(browser, '/reports')).text, /Sign in again/);
      await signIn(browser, [mfa({ by: 'entra', at: now() - 9 * HOUR })]);
      assert.doesNotMatch((await follow(browser, '/reports')).text, /Sign in again/);
    });

    it('is beside the way to postpone', async () => {
      const { app } = await start();
      const graceUntil = new Date(now() + 24 * HOUR);
      policy = { ...policy, graceUntil };
      const browser = await stale(app);
      const page = await follow(browser, '/reports');
      assert.ok(primary(page.text));
      assert.match(page.text, /action="\/two-factor\/postpone"/);
    });
  });

  describe('beside a factor of ours', () => {
    async function enrolled(more: HostOptions = {}) {
      const { app, ...host } = await start(more);
      const browser = new Browser(app);
      const key = await browser.activate(USER, now());
      return { app, key, ...host };
    }

    it('is one of the other ways, with the reason', async () => {
      const { app, key } = await enrolled();
      const browser = await stale(app);
      const page = await follow(browser, '/reports');
      assert.match(page.text, /name="code"/);
      assert.match(page.text, /<a href="\/two-factor\/sign-in-again\?by=okta">Sign in again with/);
      assert.match(page.text, /more than 9 hours ago/);
      assert.match(page.text, /accepts it for 8 hours/);
      const answer = await browser.answerChallenge(codeAt(key, now()));
      assert.equal(answer.headers.location, '/reports');
    });

    it('counts for a step-up, and comes back to what it was for', async () => {
      const { app } = await enrolled();
      const browser = await stale(app, 6 * MINUTE);
      const page = await follow(browser, '/pay');
      assert.match(page.text, /Confirm that it is you/);
      assert.match(
        page.text,
        /more than 6 minutes ago\. What you are about to do needs one of the last 5 minutes\./,
      );
      assert.equal((await browser.get(AGAIN)).headers.location, '/login/okta?again');
      await signIn(browser, [mfa()]);
      assert.equal((await follow(browser, '/two-factor/challenge')).text, 'the form');
    });

    it('leads back to the form of what was sent, which is not sent again', async () => {
      const { app } = await enrolled();
      const browser = await stale(app, 6 * MINUTE);
      const refused = await browser.post('/pay').set('Referer', 'http://localhost:3000/pay');
      assert.equal(refused.status, 401);
      await browser.get(AGAIN);
      await signIn(browser, [mfa()]);
      assert.equal((await follow(browser, '/two-factor/challenge')).text, 'the form');
    });

    it('is not offered where only a factor of ours does', async () => {
      const { app, key } = await enrolled();
      const browser = await stale(app, 6 * MINUTE);
      assert.doesNotMatch((await follow(browser, '/totp')).text, /Sign in again/);
      await browser.answerChallenge(codeAt(key, now()));
      world().clock.advance(6 * MINUTE);
      const profile = await browser.get('/two-factor/profile/sign-out-others');
      const confirm = await follow(browser, String(profile.headers.location ?? '/'));
      assert.doesNotMatch(confirm.text, /Sign in again/);
    });

    it('is the way on where no method of theirs is accepted, by a rule that does', async () => {
      const { app } = await enrolled();
      const browser = await stale(app, MINUTE);
      const page = await follow(browser, '/resistant');
      assert.equal(page.status, 403);
      assert.ok(primary(page.text));
      const { body } = await browser.json('get', '/two-factor/challenge');
      assert.equal(body.error, 'no_method');
      assert.equal(body.signInAgain[0].by, 'okta');
      policy = { ...policy, proofs: [MFA] };
      assert.equal(primary((await browser.get('/two-factor/challenge')).text), undefined);
    });
  });

  describe('for a program', () => {
    it('is in the 401, and on the pages, with the age that is asked for', async () => {
      const { app } = await start();
      const browser = await stale(app);
      const { status, body } = await browser.json('get', '/reports');
      const provenAt = new Date(now() - 9 * HOUR).toISOString();
      const offers = [
        {
          ...{ by: 'okta', name: 'Okta', url: AGAIN, provenAt, maxAgeSeconds: 8 * 3600 },
          message:
            'Your sign-in with Okta was more than 9 hours ago. Your organization accepts it for 8 hours.',
        },
      ];
      assert.equal(status, 401);
      assert.deepEqual(body.signInAgain, offers);
      const choice = (await browser.json('get', '/two-factor/activate')).body;
      assert.deepEqual(choice.signInAgain, offers);
      assert.deepEqual(
        choice.methods.map(({ name }: { name: string }) => name),
        ['totp'],
      );
    });

    it('brings the browser back to the page that it names, and to no other site', async () => {
      const { app } = await start();
      for (const [returnTo, expected] of [
        ['/reports?of=may', '/reports?of=may'],
        ['//evil.example/', '/'],
        ['https://evil.example/', '/'],
        ['/\\evil.example', '/'],
        ['/two-factor/sign-in-again?by=okta', '/'],
      ] as const) {
        const browser = await stale(app);
        await browser.json('get', '/reports');
        const left = await browser.get(`${AGAIN}&${new URLSearchParams({ returnTo })}`);
        assert.equal(left.headers.location, '/login/okta?again');
        await signIn(browser, [mfa()]);
        const back = await browser.get('/two-factor/challenge');
        assert.equal(back.headers.location, expected, returnTo);
      }
    });

    it('says nothing of it where there is nothing', async () => {
      const { app } = await start();
      const browser = new Browser(app);
      await browser.login(USER);
      assert.equal((await browser.json('get', '/reports')).body.signInAgain, undefined);
    });
  });

  describe('as the host says', () => {
    it('is asked with the provider, the way back and the age', async () => {
      const asked: unknown[] = [];
      signInAgain = (req, question) => {
        asked.push(question);
        return oktaAgain(req, question);
      };
      const { app } = await start();
      const browser = await stale(app);
      await browser.get('/reports');
      await browser.get('/two-factor/activate');
      assert.deepEqual(asked, [{ by: 'okta', returnTo: '/reports', maxAgeSeconds: 8 * 3600 }]);
    });

    it('is not offered by nonsense, a throw or silence, of which the host is told', async () => {
      const { app, errors } = await start({ options: { policyTimeout: '50ms' } });
      const nonsense = (url: string) => () => ({ name: 'Okta', url });
      for (const answer of [
        nonsense('https://evil.example/'),
        nonsense('//evil.example/'),
        nonsense('/two-factor/challenge'),
        nonsense('login/okta'),
        () => ({ name: '', url: '/login/okta' }),
        () => 'okta' as never,
        () => Promise.reject(new Error('broken')),
        () => new Promise<null>(() => {}),
        () => {
          throw new Error('broken');
        },
      ]) {
        signInAgain = answer;
        errors.length = 0;
        const browser = await stale(app);
        const page = await follow(browser, '/reports');
        assert.equal(page.status, 200);
        assert.match(page.text, /data-sp="totp-key"/);
        assert.ok(errors.length > 0, String(answer));
        assert.equal((await browser.get(AGAIN)).status, 404);
      }
    });

    it('goes with proofs only', async () => {
      await assert.rejects(
        start({ options: { proofs: undefined as never } }),
        /signInAgain must come with proofs/,
      );
    });
  });

  it('stays at the address, and below the path, at which it was asked for', async () => {
    const NORTH = 'https://north.example';
    const { app } = await start({
      options: { origin: [NORTH, 'https://acme.example'], baseUrl: '/console' },
      before: (made) => made.set('trust proxy', true),
    });
    class BrowserAt extends Browser {
      override send(...asked: Parameters<Browser['send']>) {
        return super
          .send(...asked)
          .set('Host', 'acme.example')
          .set('X-Forwarded-Proto', 'https');
      }
    }
    const browser = new BrowserAt(app);
    await signIn(browser, [mfa()]);
    world().clock.advance(9 * HOUR);
    await browser.get('/reports');
    const page = await browser.get('/two-factor/activate');
    assert.equal(primary(page.text)?.[1], `/console${AGAIN}`);
    const left = await browser.get(AGAIN);
    assert.equal(left.headers.location, '/console/login/okta?again');
    assert.match(
      String(left.headers['set-cookie']),
      /sallyport\.return=[^;]+; Max-Age=600; Path=\/console; [^;]+; HttpOnly; Secure; SameSite=Lax/,
    );
    await signIn(browser, [mfa()]);
    assert.equal((await browser.get('/two-factor/challenge')).headers.location, '/console/reports');
  });

  it('leads on only once the wanted page is saved: a browser follows at once', async () => {
    const sessions = new SlowSessions();
    const { app } = await start({ sessions });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const browser = await stale(app);
      const answer = await firstHeard(
        browser,
        new URL(`${AGAIN}&returnTo=/reports`, `http://127.0.0.1:${port}`),
      );
      assert.deepEqual(
        [answer.statusCode, answer.headers.location, sessions.saving],
        [303, '/login/okta?again', 0],
      );
      const other = new Browser(app);
      await other.get('/reports');
      await other.login(USER);
      const challenge = new URL('/two-factor/challenge', `http://127.0.0.1:${port}`);
      const asked = await firstHeard(other, challenge);
      assert.deepEqual([asked.statusCode, sessions.saving], [303, 0]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('is led on from its address where there is nothing to ask', async () => {
    const { app } = await start();
    const browser = new Browser(app);
    await signIn(browser, [mfa()]);
    assert.equal((await browser.get(AGAIN)).headers.location, '/');
    assert.equal((await new Browser(app).get(AGAIN)).headers.location, '/login');
  });
});
