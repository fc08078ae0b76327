import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import express from 'express';
import session, { MemoryStore } from 'express-session';
import { memoryStore } from 'sallyport';
import request from 'supertest';
import type { Factor, SecondFactorStore } from '../../src/contracts.js';
import { FALLBACK } from '../../src/contracts.js';
import { RequestError, UnavailableError } from '../../src/errors.js';
import { sessionDigest } from '../../src/session/assurance.js';
import { elevation, type Proof, renewSession } from '../../src/session/elevate.js';
import { type SessionEnds, sessionEnds } from '../../src/session/session-ends.js';
import { host, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { sessionIdOf } from '../support/worlds.js';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);
const USER1 = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const factor = (method: string, hoursAgo: number, enrollmentId = `${method}-1`): Factor => ({
  method,
  enrollmentId,
  at: NOW - hoursAgo * HOUR,
});
const TOTP = factor('totp', 0);
const PROOF: Proof = { subject: USER1, epoch: 3, factor: TOTP };

const FOR = { endedForMs: 60_000 };
const loginOf = (sid: string) => ({
  ...{ id: 'login', session: sessionDigest(sid), subject: 'user1', epoch: 3, until: null },
});

describe('an elevation', () => {
  let inner: SecondFactorStore;
  let ends: SessionEnds;
  /** Replaces operations of the store for one test. */
  let changed: Partial<SecondFactorStore>;

  beforeEach(() => {
    inner = memoryStore({ now: () => NOW });
    ends = sessionEnds(inner, FOR);
    changed = {};
  });

  /** Runs one request inside a new session that `before` has prepared; what is then said of the session. */
  async function elevate(
    proof: Proof = PROOF,
    {
      before = async (_id: string, _req: express.Request) => {},
      run = undefined as ((req: express.Request) => Promise<void>) | undefined,
      cookie = {} as session.CookieOptions,
    } = {},
  ) {
    const sessions = new MemoryStore();
    const app = express();
    app.use(
      session({ secret: 'x', resave: false, saveUninitialized: false, store: sessions, cookie }),
    );
    let old = '';
    let fresh = '';
    let failure: unknown = null;
    app.post('/', async (req, res) => {
      old = req.sessionID;
      req.session.sallyport = { login: loginOf(old) };
      await before(old, req);
      const store = { ...inner, ...changed };
      const make = elevation({ store, ends, maxAgeMs: 12 * HOUR, now: () => NOW });
      try {
        await (run ? run(req) : make(req, proof));
      } catch (error) {
        failure = error;
      }
      fresh = req.sessionID;
      res.end();
    });
    const answer = await request(app).post('/');
    const read = (id: string) => inner.readAssurance(sessionDigest(id));
    const data = await new Promise<session.SessionData | null | undefined>((resolve, reject) =>
      sessions.get(fresh, (error, found) => (error ? reject(error) : resolve(found))),
    );
    return {
      old: await read(old),
      now: await read(fresh),
      data,
      failure,
      changedId: old !== fresh,
      cookies: String(answer.headers['set-cookie']),
    };
  }

  const proven =
    (factors: Factor[], more: Partial<{ subjectId: string; epoch: number }> = {}) =>
    async (id: string) => {
      const record = { subjectId: 'user1', epoch: 3, login: 'login', factors, lifetimeMs: HOUR };
      await inner.prove(sessionDigest(id), { ...record, ...more });
    };

  it('knows a session by SHA-256 of its id, so that no cookie can be made from the store', () => {
    const digest = createHash('sha256').update('the session’s id').digest('base64url');
    assert.equal(sessionDigest('the session’s id'), digest);
  });

  it('stamps the new id with the proof, and ends the old one', async () => {
    const { old, now, changedId, data } = await elevate();
    assert.equal(changedId, true);
    assert.equal(old?.state, 'ended');
    assert.deepEqual(now, {
      state: 'proven',
      subjectId: 'user1',
      epoch: 3,
      login: data?.sallyport?.login?.id,
      factors: [TOTP],
      expiresAt: NOW + 12 * HOUR,
    });
    assert.ok(data, 'is saved');
  });

  it('lasts as long as the proof is worth, and never longer than a session may', async () => {
    const short = await elevate({ ...PROOF, lifetimeMs: HOUR });
    assert.equal(short.now?.expiresAt, NOW + HOUR);
    const long = await elevate({ ...PROOF, lifetimeMs: 100 * HOUR });
    assert.equal(long.now?.expiresAt, NOW + 12 * HOUR);
  });

  it('keeps what was proven by other methods before, as long as that counts', async () => {
    const before = proven([
      factor('duo', 11.9),
      factor('security-key', 12),
      factor('totp', 1, 'totp-0'),
      factor('recovery-code', 1, FALLBACK),
    ]);
    const { now } = await elevate(PROOF, { before });
    assert.deepEqual(now?.factors, [factor('duo', 11.9), TOTP]);
  });

  it('keeps a proof by Duo that was given in another organization’s name, beside this one', async () => {
    const duo = (via: string, hoursAgo: number): Factor => ({ ...factor('duo', hoursAgo), via });
    const before = proven([duo('globex', 1), duo('acme', 2), factor('totp', 3)]);
    const { now } = await elevate({ ...PROOF, factor: duo('acme', 0) }, { before });
    assert.deepEqual(now?.factors, [duo('globex', 1), factor('totp', 3), duo('acme', 0)]);
  });

  for (const [what, before] of [
    ['of somebody else', proven([factor('duo', 1)], { subjectId: 'user2' })],
    ['of an older epoch', proven([factor('duo', 1)], { epoch: 2 })],
    [
      'of a session that was only between the doors',
      async (id: string) => {
        await inner.openPending(sessionDigest(id), {
          ...{ subjectId: 'user1', epoch: 3, login: 'login', lifetimeMs: HOUR, keepMs: HOUR },
        });
      },
    ],
  ] as const) {
    it(`keeps nothing ${what}`, async () => {
      assert.deepEqual((await elevate(PROOF, { before })).now?.factors, [TOTP]);
    });
  }

  it('keeps nothing of a record that claims proofs and is not one of a proven session', async () => {
    changed.readAssurance = () => ({
      ...{ state: 'pending', subjectId: 'user1', epoch: 3, login: 'login', expiresAt: NOW + HOUR },
      factors: [factor('duo', 1)],
    });
    assert.deepEqual((await elevate()).now?.factors, [TOTP]);
  });

  it('carries the host’s data and the way back over, and nothing else of ours', async () => {
    const { data } = await elevate(PROOF, {
      async before(_id, req) {
        Object.assign(req.session, { cart: 'apples' });
        req.session.sallyport = {
          ...req.session.sallyport,
          ...{ returnTo: '/reports', csrf: 'token', postponedUntil: 7 },
          ...{ stepUp: { maxAgeMs: 1, methods: null }, duo: { url: '/x', replaces: null } },
        };
      },
    });
    const { cookie: _, sallyport, ...rest } = data as session.SessionData;
    assert.deepEqual(rest, { cart: 'apples' });
    const { login, ...ours } = sallyport ?? {};
    assert.deepEqual(ours, { returnTo: '/reports' });
    assert.deepEqual([login?.subject, login?.epoch, login?.until], ['user1', 3, null]);
  });

  it('notes whose login the new id is of, and as of which epoch, with a proof or without', async () => {
    const { data, now, changedId } = await elevate(PROOF, {
      run: (req) => renewSession(req, ends, { subjectId: 'user1', epoch: 5 }),
    });
    assert.equal(changedId, true);
    assert.equal(now, null);
    const { login } = data?.sallyport ?? {};
    assert.deepEqual(Object.keys(data ?? {}), ['cookie', 'sallyport']);
    assert.deepEqual([login?.subject, login?.epoch, login?.until], ['user1', 5, null]);
    const proven = await elevate();
    assert.equal(proven.now?.login, proven.data?.sallyport?.login?.id);
    assert.notEqual(proven.now?.login, login?.id);
  });

  it('keeps how long the cookie lives, where the host has made it another than all others', async () => {
    const remembered = await elevate(PROOF, {
      cookie: { maxAge: HOUR },
      async before(_id, req) {
        req.session.cookie.maxAge = 5 * HOUR;
      },
    });
    assert.equal(remembered.data?.cookie.originalMaxAge, 5 * HOUR);
    const forgotten = await elevate(PROOF, {
      cookie: { maxAge: HOUR },
      async before(_id, req) {
        req.session.cookie.originalMaxAge = null;
        req.session.cookie.expires = null;
      },
    });
    assert.equal(forgotten.data?.cookie.originalMaxAge, null);
    assert.equal(forgotten.data?.cookie.expires ?? null, null);
  });

  it('keeps when the cookie ends, which is no later for having proven something', async () => {
    const end = new Date(Date.now() + HOUR);
    const { data, cookies } = await elevate(PROOF, {
      cookie: { maxAge: 8 * HOUR },
      async before(_id, req) {
        req.session.cookie.expires = end;
        req.session.cookie.originalMaxAge = 8 * HOUR;
      },
    });
    assert.equal(new Date(data?.cookie.expires ?? 0).getTime(), end.getTime());
    assert.equal(data?.cookie.originalMaxAge, 8 * HOUR, 'from where a rolling one goes on');
    assert.match(cookies, new RegExp(`Expires=${end.toUTCString()}`));
  });

  it('begins anew the lifetime of a cookie whose end is not known to be later', async () => {
    const { data } = await elevate(PROOF, {
      cookie: { maxAge: 8 * HOUR },
      async before(_id, req) {
        req.session.cookie.expires = new Date(Date.now() - HOUR);
        req.session.cookie.originalMaxAge = 8 * HOUR;
      },
    });
    const left = new Date(data?.cookie.expires ?? 0).getTime() - Date.now();
    assert.ok(left > 7 * HOUR, `${left} ms`);
  });

  it('is refused for a session that has ended, and says that one has to sign in again', async () => {
    const { failure, now, changedId } = await elevate(PROOF, {
      before: async (id) => void (await inner.end(sessionDigest(id), HOUR)),
    });
    assert.ok(failure instanceof RequestError);
    assert.deepEqual([failure.status, failure.error], [409, 'session_ended']);
    assert.equal(failure.message, 'This session has ended. Please sign in again.');
    assert.equal(changedId, false);
    assert.equal(now?.state, 'ended');
  });

  it('fails, and saves nothing, where the new id cannot be stamped', async () => {
    changed.prove = async () => false;
    const { failure } = await elevate();
    assert.ok(failure instanceof UnavailableError);
    assert.equal(failure.code, 'ERR_CONFLICT');
    assert.equal(failure.message, 'the new session id was already ended');
  });
});

describe('an elevation and a logout at the same moment', () => {
  it('end with the logout, when that ended the session first', async () => {
    const clock = testClock();
    const inner = memoryStore({ now: clock.now });
    let logout: () => Promise<unknown> = async () => {};
    let proofs = 0;
    const store: SecondFactorStore = {
      ...inner,
      // The code was right; before the session is elevated, another process logs it out.
      async judgeAttempt(...attempt) {
        const judged = await inner.judgeAttempt(...attempt);
        await logout();
        return judged;
      },
      prove(...proof) {
        proofs += 1;
        return inner.prove(...proof);
      },
    };
    const { app } = await host({ store, policy: () => ({ mode: 'required', methods: ['totp'] }) });
    const key = await new Browser(app).activate('user1@acme', clock.now());
    clock.advance(30_000);
    proofs = 0;

    const browser = new Browser(app);
    await browser.login('user1@acme');
    const _csrf = await browser.csrf();
    const id = sessionIdOf(browser);
    logout = () => inner.end(sessionDigest(id), 60_000);
    const code = codeAt(key, clock.now());
    const answer = await browser.post('/two-factor/challenge/totp', { code, _csrf });

    assert.equal(answer.status, 409);
    assert.equal(proofs, 0);
    assert.equal(sessionIdOf(browser), id, 'no new session was given out');
    assert.equal((await browser.get('/x')).headers.location, '/login');
  });
});
