import assert from 'node:assert/strict';
import express, { type Express, type Request } from 'express';
import type { Door, PolicyInput, ProofRule, SignInProof } from 'sallyport';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const OTHER = 'user2@acme';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const MFA: ProofRule = {
  ...{ by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 8 * 3600, phishingResistant: false },
};
const HARDWARE: ProofRule = { ...MFA, amr: ['mfa', 'hwk'], phishingResistant: true };

declare module 'express-session' {
  interface SessionData {
    proofs?: SignInProof[];
    who?: string;
    count?: number;
  }
}

journeys('a sign-in that has proven more', (world) => {
  const now = () => world().clock.now();
  let policy: PolicyInput;
  let asked: number;
  let proofs: (req: Request) => unknown;

  beforeEach(() => {
    policy = { mode: 'required', methods: ['totp'], proofs: [MFA, HARDWARE] };
    asked = 0;
    proofs = (req) => req.session.proofs;
  });

  const mfa = (more: Partial<SignInProof> = {}): SignInProof => ({
    ...{ by: 'okta', at: now(), amr: ['pwd', 'mfa'] },
    ...more,
  });

  /** What the host's callback does: it keeps in the session what the identity provider has said. */
  function keepProofs(app: Express) {
    app.post('/proofs', express.json(), (req, res) => {
      req.session.proofs = req.body;
      res.send('kept');
    });
    app.post('/leave', (req, res) => {
      // A host that takes the user out of the session, and keeps the session.
      Object.assign(req.session, { passport: undefined });
      res.send('left');
    });
  }

  function routes(app: Express, door: Door) {
    app.get('/sensitive', door.require(), (_req, res) => res.send('sensitive'));
    app.get('/fresh', door.require({ maxAge: '5m' }), (_req, res) => res.send('fresh'));
    app.get('/totp', door.require({ methods: ['totp'] }), (_req, res) => res.send('by totp'));
    app.get('/lenient', door.require({ unenrolled: 'pass' }), (_req, res) => res.send('lenient'));
    app.get('/resistant', door.require({ phishingResistant: true, maxAge: '5m' }), (_req, res) =>
      res.send('resistant'),
    );
    app.get('/check', async (req, res) => {
      const { decision, assurance, expiresAt } = await door.check(req);
      res.json({ decision, assurance, expiresAt });
    });
  }

  async function start(options: HostOptions = {}) {
    return world().host({
      policy: () => policy,
      above: keepProofs,
      routes,
      ...options,
      options: {
        proofs: (req) => {
          asked += 1;
          return proofs(req) as SignInProof[];
        },
        ...options.options,
      },
    });
  }

  const tell = (browser: Browser, given: unknown) =>
    browser.json('post', '/proofs', given as object);

  async function signedIn(app: Express, given: unknown = [mfa()], user = USER) {
    const browser = new Browser(app);
    await browser.login(user);
    if (given !== null) await tell(browser, given);
    return browser;
  }

  const standing = async (browser: Browser) => {
    const { status, body } = await browser.json('get', '/reports');
    return status === 200 ? 'in' : `${body.next ?? body.why ?? body.code}`;
  };

  async function nextCode(key: string) {
    world().clock.advance(30_000);
    return codeAt(key, now());
  }

  describe('opens the gate', () => {
    it('where the policy has a rule for it, with its name in check and in one event', async () => {
      const { app, events } = await start();
      const at = now();
      const browser = await signedIn(app);
      world().clock.advance(3 * HOUR);
      assert.equal(await standing(browser), 'in');
      assert.equal((await browser.get('/reports')).text, 'inside GET /reports');
      const { body } = await browser.json('get', '/check');
      assert.deepEqual(body, {
        decision: { kind: 'pass', why: 'sign-in' },
        assurance: [
          {
            ...{ method: 'sign-in', enrollmentId: '', at: new Date(at).toISOString() },
            ...{ phishingResistant: false, by: 'okta', name: 'by okta, 3 hours ago' },
          },
        ],
        expiresAt: new Date(at + 8 * HOUR).toISOString(),
      });
      const told = events.filter(({ type }) => type === 'verification.succeeded');
      assert.deepEqual(
        told.map(({ method, subjectId, detail }) => [method, subjectId, detail]),
        [['sign-in', USER, `by okta at ${new Date(at).toISOString()}, amr pwd mfa, acr -`]],
      );
    });

    it('in any order, once or more often, and by acr', async () => {
      const { app } = await start();
      const gold = 'urn:example:loa:gold';
      policy = {
        ...policy,
        proofs: [HARDWARE, { ...MFA, by: 'entra', amr: [], acr: ['x', gold] }],
      };
      for (const given of [
        mfa({ amr: ['hwk', 'pwd', 'mfa'] }),
        mfa({ amr: ['mfa', 'mfa', 'hwk', 'hwk'] }),
        mfa({ by: 'entra', acr: gold, amr: [] }),
        { by: 'entra', at: now(), acr: gold },
      ]) {
        assert.equal(await standing(await signedIn(app, [given])), 'in', JSON.stringify(given));
      }
    });

    it('at whatever form its time has, and with one of several', async () => {
      const { app } = await start();
      const at = now();
      for (const form of [
        at,
        new Date(at),
        new Date(at).toISOString(),
        '2026-01-01T01:00:10+01:00',
      ]) {
        proofs = () => [mfa({ by: 'elsewhere' }), mfa({ at: form })];
        assert.equal(await standing(await signedIn(app)), 'in', String(form));
      }
    });

    it('after a promise, asked once for each request, and told whose it is', async () => {
      const { app } = await start();
      proofs = async (req) => req.session.proofs;
      const browser = await signedIn(app, [mfa({ subjectId: USER })]);
      asked = 0;
      assert.equal((await browser.get('/check')).status, 200);
      assert.equal(asked, 1);
      assert.equal(await standing(browser), 'in');
      assert.equal(asked, 2);
    });
  });

  describe('opens nothing', () => {
    for (const [what, given] of [
      ['without the values that are asked for', () => mfa({ amr: ['pwd'] })],
      ['in another case', () => mfa({ amr: ['MFA'] })],
      ['of a provider in another case', () => mfa({ by: 'Okta' })],
      ['of another provider', () => mfa({ by: 'google' })],
      ['with the value as its acr', () => mfa({ amr: ['pwd'], acr: 'mfa' })],
      ['without anything', () => ({ by: 'okta', at: now() })],
      ['as old as it may be', () => mfa({ at: now() - 8 * HOUR })],
      ['from the future', () => mfa({ at: now() + 5000 })],
      ['of another person', () => mfa({ subjectId: OTHER })],
    ] as const) {
      it(what, async () => {
        const { app } = await start();
        assert.equal(await standing(await signedIn(app, [given()])), 'enroll');
      });
    }

    it('without a rule, and the host is not even asked', async () => {
      const { app } = await start();
      for (const none of [{ proofs: [] }, {}]) {
        policy = { mode: 'required', methods: ['totp'], ...none };
        const browser = await signedIn(app);
        assert.equal(await standing(browser), 'enroll');
        assert.equal((await browser.json('get', '/check')).status, 401);
      }
      assert.equal(asked, 0);
    });

    it('of a rule that names no value: such a policy is none', async () => {
      const { app } = await start();
      policy = { ...policy, proofs: [{ ...MFA, amr: [] }] };
      const browser = await signedIn(app);
      const { status, body } = await browser.json('get', '/reports');
      assert.deepEqual([status, body.code], [503, 'ERR_POLICY']);
    });

    it('once it is older than the rule, the policy or the door has it', async () => {
      const { app } = await start({ options: { maxAge: '6h' } });
      const browser = await signedIn(app);
      world().clock.advance(6 * HOUR - 1);
      assert.equal(await standing(browser), 'in');
      policy = { ...policy, maxAgeSeconds: 3600 };
      assert.equal(await standing(browser), 'enroll');
      policy = { ...policy, maxAgeSeconds: null };
      assert.equal(await standing(browser), 'in');
      world().clock.advance(1);
      assert.equal(await standing(browser), 'enroll');
    });

    it('of before a reset, a new password or an end of all sessions', async () => {
      const { app, door } = await start();
      const subject = { id: USER, tenantId: 'acme' };
      for (const end of [
        () => door.subjects.reset(subject),
        () => door.subjects.passwordChanged(subject),
        () => door.subjects.endSessions(subject),
      ]) {
        world().clock.advance(MINUTE);
        const before = [mfa()];
        const browser = await signedIn(app, before);
        assert.equal(await standing(browser), 'in');
        await end();
        assert.equal(await standing(browser), 'session-ended');
        // The identity provider goes on with its session, and says again what it said before.
        const again = await signedIn(app, before);
        assert.equal(await standing(again), 'enroll');
        world().clock.advance(1000);
        await tell(again, [mfa()]);
        assert.equal(await standing(again), 'in');
      }
    });

    it('of whoever signed in before in the same session', async () => {
      const { app, errors } = await start({ login: { keepSessionInfo: true } });
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      world().clock.advance(MINUTE);
      await browser.login(OTHER);
      assert.equal(await standing(browser), 'enroll');
      assert.match(String(errors[0]), /proofs: a session that is another sign-in’s/);
      world().clock.advance(MINUTE);
      await tell(browser, [mfa()]);
      assert.equal(await standing(browser), 'in');
    });

    it('of an earlier sign-in of the same person, by single sign-on and then by a password alone', async () => {
      const { app } = await start({ login: { keepSessionInfo: true } });
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      await browser.post('/leave');
      await browser.get('/reports');
      world().clock.advance(MINUTE);
      await browser.login(USER);
      assert.equal(await standing(browser), 'enroll');
      // Nor after a second factor of ours, under the new id of the session.
      const key = await browser.activateHere(now());
      assert.equal(await standing(browser), 'in');
      world().clock.advance(6 * MINUTE);
      assert.equal((await browser.json('get', '/fresh')).status, 401);
      await browser.get('/fresh');
      await browser.answerChallenge(await nextCode(key));
      assert.equal((await browser.json('get', '/check')).body.assurance.length, 1);
    });
  });

  describe('of whom it is is never mixed up', () => {
    it('where an administrator acts as somebody else, and goes back', async () => {
      let acting: string | null = null;
      const { app } = await start({
        options: {
          proofs: (req) => req.session.proofs,
          subject: (req) => {
            const user = req.user as { id: string } | undefined;
            const id = acting ?? user?.id;
            return user && id ? { id, tenantId: 'acme', label: id } : null;
          },
        },
      });
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      world().clock.advance(MINUTE);
      // Against the rule that the subject is whoever is at the keyboard.
      acting = OTHER;
      assert.equal(await standing(browser), 'enroll');
      world().clock.advance(MINUTE);
      acting = null;
      assert.equal(await standing(browser), 'enroll');
    });

    it('where the data of a session are copied into another one', async () => {
      const { app } = await start({
        beforeGate(made) {
          made.post('/copied', express.json(), (req, res) => {
            Object.assign(req.session, req.body);
            res.send('copied');
          });
          made.get('/data', (req, res) => {
            const { cookie: _, ...data } = req.session;
            res.json(data);
          });
        },
      });
      const first = await signedIn(app);
      assert.equal(await standing(first), 'in');
      const { body } = await first.json('get', '/data');
      world().clock.advance(MINUTE);
      const second = await signedIn(app, null, OTHER);
      await second.json('post', '/copied', { sallyport: body.sallyport, proofs: body.proofs });
      assert.equal(await standing(second), 'enroll');
    });

    it('where a bearer token is made: it carries none of it', async () => {
      const { app } = await start({
        routes(made, door) {
          made.get('/token', (req, res) => {
            door.token.issue(req).then(
              () => res.send('made'),
              ({ status }) => res.status(status).send('refused'),
            );
          });
        },
      });
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      assert.equal((await browser.json('get', '/token')).status, 401);
    });
  });

  describe('is a 503, and not passed over in silence,', () => {
    for (const [what, give] of [
      ['where it throws', () => assert.fail('no session')],
      ['where it rejects', () => Promise.reject(new Error('no session'))],
      ['where it is a text', () => 'mfa'],
      ['where it is true', () => true],
      ['where it is false', () => false],
      ['where it is one proof and no list', () => mfa()],
      ['of null', () => [null]],
      ['of a list', () => [[]]],
      ['without a provider', () => [{ ...mfa(), by: undefined }]],
      ['with a provider of blanks', () => [mfa({ by: 'my idp' })]],
      ['without a time', () => [{ by: 'okta', amr: ['mfa'] }]],
      ['with a time that is none', () => [mfa({ at: Number.NaN })]],
      ['with a date that is none', () => [mfa({ at: new Date('never') })]],
      ['with a time without a zone', () => [mfa({ at: '2026-01-01T00:00:00' })]],
      ['with a time in words', () => [mfa({ at: 'yesterday' })]],
      ['with a time in seconds', () => [mfa({ at: Math.floor(now() / 1000) })]],
      ['with a time for ever', () => [mfa({ at: Number.POSITIVE_INFINITY })]],
      ['with amr as a text', () => [{ ...mfa(), amr: 'mfa' }]],
      ['with amr of numbers', () => [{ ...mfa(), amr: [1] }]],
      ['with a huge amr', () => [mfa({ amr: Array.from({ length: 33 }, () => 'mfa') })]],
      ['with a huge value', () => [mfa({ amr: ['m'.repeat(201)] })]],
      ['with too many', () => Array.from({ length: 21 }, () => mfa())],
      ['with an acr that is none', () => [{ ...mfa(), acr: 2 }]],
      ['with a field that there is not', () => [{ ...mfa(), arm: ['mfa'] }]],
      [
        'where reading it throws',
        () => [Object.defineProperty(mfa(), 'acr', { get: () => assert.fail('boom') })],
      ],
    ] as const) {
      it(what, async () => {
        const { app, events, errors } = await start();
        proofs = give;
        const browser = await signedIn(app, null);
        const { status, body } = await browser.json('get', '/reports');
        assert.deepEqual([status, body.error, body.code], [503, 'unavailable', 'ERR_PROOFS']);
        assert.match(String(errors.at(-1)), /proofs/);
        assert.deepEqual(
          events.map(({ type, detail }) => [type, detail]),
          [['unavailable', 'ERR_PROOFS']],
        );
      });
    }

    it('where it takes too long', async () => {
      const { app } = await start({ options: { policyTimeout: '30ms' } });
      proofs = () => new Promise(() => {});
      const browser = await signedIn(app, null);
      const { status, body } = await browser.json('get', '/reports');
      assert.deepEqual([status, body.code], [503, 'ERR_PROOFS']);
    });

    it('but hurts nobody of whom it is not asked', async () => {
      const { app } = await start();
      policy = { mode: 'required', methods: ['totp'] };
      const browser = new Browser(app);
      await browser.activate(USER, now());
      policy = { mode: 'required', methods: ['totp'], proofs: [MFA] };
      proofs = () => assert.fail('no session');
      assert.equal(await standing(browser), 'in');
      assert.equal(asked, 0);
    });
  });

  describe('and door.require', () => {
    it('is enough while it is young enough', async () => {
      const { app } = await start();
      const browser = await signedIn(app);
      world().clock.advance(5 * MINUTE - 1);
      assert.equal((await browser.get('/fresh')).text, 'fresh');
      world().clock.advance(1);
      const refused = await browser.json('get', '/fresh');
      assert.deepEqual([refused.status, refused.body.why], [401, 'step-up']);
      assert.equal((await browser.get('/sensitive')).text, 'sensitive');
      assert.equal(await standing(browser), 'in');
    });

    it('is none of the methods that a route names', async () => {
      const { app } = await start();
      const browser = await signedIn(app, [mfa({ amr: ['mfa', 'hwk'] })]);
      assert.equal((await browser.json('get', '/totp')).status, 401);
      assert.equal((await browser.get('/resistant')).text, 'resistant');
      const soft = await signedIn(app);
      assert.equal((await soft.json('get', '/resistant')).status, 401);
    });

    it('has nobody prove a factor of ours that the route does not take', async () => {
      const { app } = await start();
      await new Browser(app).activate(USER, now());
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      const { status, body } = await browser.json('get', '/resistant');
      assert.deepEqual([status, body.why, body.methods], [401, 'step-up', []]);
      assert.deepEqual((await browser.json('get', '/fresh')).status, 200);
    });

    it('asks whoever has a factor of ours for it, and the sign-in stays what it is', async () => {
      const { app } = await start();
      const key = await new Browser(app).activate(USER, now());
      world().clock.advance(MINUTE);
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      world().clock.advance(20 * MINUTE);
      assert.equal((await browser.get('/fresh')).headers.location, '/two-factor/challenge');
      assert.equal(await standing(browser), 'in');
      assert.equal((await browser.answerChallenge(await nextCode(key))).headers.location, '/fresh');
      assert.equal((await browser.get('/fresh')).text, 'fresh');
      const { body } = await browser.json('get', '/check');
      assert.deepEqual(
        body.assurance.map(({ method }: { method: string }) => method),
        ['totp', 'sign-in'],
      );
    });

    it('has whoever has nothing of ours activate it, and come back', async () => {
      const { app } = await start();
      const browser = await signedIn(app);
      world().clock.advance(20 * MINUTE);
      const page = await browser.get('/fresh');
      assert.equal(page.status, 401);
      assert.match(page.text, /This needs a second factor, and you have none yet/);
      assert.equal(await standing(browser), 'in');
      await browser.activateHere(now());
      assert.equal((await browser.get('/fresh')).text, 'fresh');
    });

    it('does not take a policy that is off, or optional, for a proof', async () => {
      const { app } = await start();
      for (const mode of ['off', 'optional'] as const) {
        policy = { mode, methods: ['totp'] };
        const browser = await signedIn(app);
        assert.equal(await standing(browser), 'in');
        const refused = await browser.json('get', '/sensitive');
        assert.deepEqual([refused.status, refused.body.next], [401, 'enroll'], mode);
        assert.equal((await browser.get('/lenient')).text, 'lenient');
        policy = { mode, methods: ['totp'], proofs: [MFA] };
        assert.equal((await browser.get('/sensitive')).text, 'sensitive', mode);
      }
    });
  });

  describe('changes no factors', () => {
    it('of whoever has some, however young it is', async () => {
      const { app } = await start();
      policy = { ...policy, methods: ['totp', 'recovery-code'] };
      const key = await new Browser(app).activate(USER, now());
      policy = { ...policy, mode: 'optional' };
      world().clock.advance(MINUTE);
      const browser = await signedIn(app);
      const profile = await browser.json('get', '/two-factor/profile');
      const [one] = profile.body.enrollments;
      const csrf = { _csrf: profile.body.csrfToken };
      for (const path of [
        `/two-factor/profile/remove/${one.id}`,
        '/two-factor/profile/activate/totp/begin',
        '/two-factor/profile/recovery-codes',
        '/two-factor/profile/sign-out-others',
      ]) {
        const { status } = await browser.json('post', path, csrf);
        assert.equal(status, 401, path);
      }
      assert.equal((await world().store.readSubject(USER)).enrollments.length, 1);
      await browser.get('/two-factor/profile/sign-out-others');
      await browser.answerChallenge(await nextCode(key));
      assert.equal((await browser.json('get', '/check')).body.assurance.length, 2);
    });

    it('and a first one still takes the activation key that the policy demands', async () => {
      const { app } = await start();
      policy = { ...policy, enrollment: 'activation-key' };
      const browser = await signedIn(app);
      const page = await browser.json('get', '/two-factor/profile/activate/totp');
      assert.equal(page.body.next, 'activation-key');
    });
  });

  describe('beside the others', () => {
    it('counts for the organization of the moment, by its own rules', async () => {
      let tenantId = 'acme';
      const { app } = await start({
        policy: (subject) =>
          subject.tenantId === 'acme' ? policy : { mode: 'required', methods: ['totp'] },
        options: {
          proofs: (req) => req.session.proofs as SignInProof[],
          subject: (req) => {
            const user = req.user as { id: string } | undefined;
            return user && { id: user.id, tenantId, label: user.id };
          },
        },
      });
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      tenantId = 'globex';
      assert.equal(await standing(browser), 'enroll');
      tenantId = 'acme';
      assert.equal(await standing(browser), 'in');
    });

    it('closes the door with the session, and with its rule', async () => {
      const { app } = await start();
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      const before = browser.copy();
      await browser.post('/logout');
      assert.notEqual(await standing(before), 'in');
      const again = await signedIn(app);
      assert.equal(await standing(again), 'in');
      policy = { ...policy, proofs: [] };
      assert.equal(await standing(again), 'enroll');
    });

    it('writes and asks the store for nothing once it was told of', async () => {
      const calls: string[] = [];
      const { store } = world();
      const counted = new Proxy(store, {
        get(target, name) {
          const found: unknown = Reflect.get(target, name);
          if (typeof found !== 'function') return found;
          return (...given: unknown[]) => {
            calls.push(String(name));
            return found.apply(target, given);
          };
        },
      });
      const { app } = await start({ store: counted });
      const browser = await signedIn(app);
      assert.equal(await standing(browser), 'in');
      await eventually(async () => (await store.readSubject(USER)).signIn);
      calls.length = 0;
      assert.equal(await standing(browser), 'in');
      assert.deepEqual([...new Set(calls)].toSorted(), ['now', 'readAssurance', 'readSubject']);
    });

    it('stands in the record of the subject, as the one that was used last', async () => {
      const { app } = await start();
      const browser = await signedIn(app);
      const at = now();
      assert.equal(await standing(browser), 'in');
      const signIn = await eventually(async () => (await world().store.readSubject(USER)).signIn);
      assert.deepEqual(signIn, { by: 'okta', at, amr: ['pwd', 'mfa'], acr: null });
    });

    it('lets a standing connection go when it is too old', async () => {
      const revoked: unknown[] = [];
      const { app } = await start({
        routes(routed, door) {
          routed.get('/stream', async (req, res) => {
            const check = await door.check(req);
            check.onRevoked((decision) => void revoked.push(decision?.kind ?? null));
            res.send('open');
          });
        },
      });
      const browser = await signedIn(app);
      await browser.get('/stream');
      await world().store.unlock(USER);
      assert.deepEqual(revoked, []);
      world().clock.advance(8 * HOUR);
      await world().store.raiseEpoch(OTHER);
      await eventually(() => revoked.length > 0);
      assert.deepEqual(revoked, ['enroll']);
    });
  });

  describe('after a logout that keeps the session', () => {
    async function kept() {
      let release = () => {};
      const waiting: (() => void)[] = [];
      const heard: unknown[] = [];
      const { now } = world().clock;
      const { app } = await world().host({
        policy: () => ({
          mode: 'required',
          methods: ['totp'],
          proofs: [
            { by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 43_200, phishingResistant: false },
          ],
        }),
        options: {
          subject: ({ session: { who } }) =>
            who ? { id: who, tenantId: 'acme', label: who } : null,
          proofs: ({ session: { proofs } }) => proofs ?? null,
        },
        above(made) {
          made.post('/in', (req, res) => {
            req.session.who = 'user1@acme';
            req.session.proofs = [{ by: 'okta', at: now(), amr: ['mfa'] }];
            res.send('in');
          });
          made.post('/out', (req, res) => {
            delete req.session.who;
            delete req.session.proofs;
            res.send('out');
          });
        },
        routes(made, door) {
          made.get('/socket', async (req, res) => {
            (await door.check(req)).onRevoked((decision) => void heard.push(decision));
            res.send('watched');
          });
          made.get('/slow', (req, res) => {
            release = () => {
              req.session.count = 1;
              res.send('slow');
            };
            for (const tell of waiting) tell();
          });
        },
      });
      const browser = new Browser(app);
      await browser.post('/in');
      assert.equal((await browser.get('/reports')).text, 'inside GET /reports');
      const started = new Promise<void>((resolve) => waiting.push(resolve));
      return { browser, heard, started, release: () => release() };
    }

    it('nothing that a slow request saves back opens the door, for as long as it could', async () => {
      const { browser, started, release } = await kept();
      const slow = browser
        .copy()
        .get('/slow')
        .then((answer) => answer);
      await started;
      world().clock.advance(1000);
      await browser.post('/out');
      assert.notEqual((await browser.get('/reports')).status, 200);
      release();
      await slow;
      assert.notEqual((await browser.get('/reports')).status, 200);
      world().clock.advance(60 * 60_000);
      assert.notEqual((await browser.get('/reports')).status, 200);
      await browser.post('/in');
      assert.equal(
        (await browser.get('/reports')).text,
        'inside GET /reports',
        'a new sign-in does',
      );
    });

    it('tells whoever watches it', async () => {
      const { browser, heard } = await kept();
      await browser.get('/socket');
      world().clock.advance(1000);
      await browser.post('/out');
      await browser.get('/reports');
      await eventually(() => heard.length > 0, 10_000);
    });
  });
});
