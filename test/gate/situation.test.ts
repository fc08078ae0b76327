import assert from 'node:assert/strict';
import type { Request } from 'express';
import { Cookie, MemoryStore } from 'express-session';
import { memoryStore } from 'sallyport';
import type {
  AssuranceRecord,
  Awaitable,
  Policy,
  SecondFactorStore,
  SubjectRecord,
} from '../../src/contracts.js';
import { UnavailableError } from '../../src/errors.js';
import { identify } from '../../src/gate/identify.js';
import { inspector, type KnownSituation } from '../../src/gate/situation.js';
import { sessionDigest } from '../../src/session/assurance.js';
import { GuardedStore } from '../../src/session/guarded-store.js';
import type { SallyportSessionData } from '../../src/session/session-data.js';
import { sessionEnds } from '../../src/session/session-ends.js';
import { parsePolicy } from '../support/policy.js';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const USER1 = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const DIGEST = sessionDigest('sid');

describe('an inspection', () => {
  let store: SecondFactorStore;
  let now: number;
  beforeEach(() => {
    now = NOW;
    store = memoryStore({ now: () => now });
  });

  const required = parsePolicy({ mode: 'required' }, ['totp']);

  function set({
    subject = (() => USER1) as () => unknown,
    policy = (() => required) as () => Awaitable<Policy>,
    reads = {} as Partial<Pick<SecondFactorStore, 'readSubject' | 'readAssurance'>>,
  } = {}) {
    return inspector({
      store: { ...store, ...reads },
      resolvePolicy: policy,
      identify: identify(subject),
      maxAgeMs: 60 * MINUTE,
      pendingMaxAgeMs: 10 * MINUTE,
      backups: ['recovery-code'],
      endedForMs: 15 * MINUTE,
    });
  }
  const guard = new GuardedStore(new MemoryStore(), {
    ends: sessionEnds(memoryStore(), { endedForMs: MINUTE }),
    timeoutMs: 1000,
    saving: () => {},
  });
  const LOGIN = { id: 'login', session: DIGEST, subject: 'user1', epoch: 0, until: null };
  /** A request that has brought along its session, with what is ours in it. */
  function request({
    sallyport = { login: LOGIN },
    ...more
  }: { sallyport?: SallyportSessionData } & Partial<
    Record<'session' | 'sessionStore', unknown>
  > = {}) {
    const req = { sessionID: 'sid', sessionStore: guard } as unknown as Request;
    const session = guard.createSession(req, { cookie: new Cookie(), sallyport });
    return Object.assign(req, { session, ...more });
  }

  async function enrolled(): Promise<void> {
    await store.beginEnrollment(
      'user1',
      {
        ...{ id: 'one', method: 'totp', label: 'App', sealed: new Uint8Array(), parameters: '' },
        ...{ session: DIGEST, basis: 'first', lifetimeMs: MINUTE },
      },
      { restart: false },
    );
    await store.confirmEnrollment('user1', {
      ...{ id: 'one', session: DIGEST, step: 1, replaces: null, epoch: 0 },
    });
  }
  const proof = (epoch = 0, subjectId = 'user1') => ({
    ...{ subjectId, epoch, login: 'login', lifetimeMs: 60 * MINUTE },
    factors: [{ method: 'totp', enrollmentId: 'one', at: NOW }],
  });

  it('is synchronous where everything is at hand', async () => {
    await enrolled();
    await store.prove(DIGEST, proof());
    const situation = set().inspect(request()) as KnownSituation;
    assert.equal(situation instanceof Promise, false);
    assert.deepEqual(situation.decision, { kind: 'pass', why: 'proven' });
    assert.deepEqual([situation.subject, situation.session], [USER1, DIGEST]);
    const { policy, ...facts } = situation.facts;
    assert.equal(policy, required);
    assert.deepEqual(facts, {
      subjectId: 'user1',
      tenantId: 'acme',
      record: store.readSubject('user1'),
      assurance: store.readAssurance(DIGEST),
      now: NOW,
      login: LOGIN,
      maxAgeMs: 60 * MINUTE,
      pendingMaxAgeMs: 10 * MINUTE,
      backups: ['recovery-code'],
      postponedUntil: null,
      stepUp: null,
    });
  });

  it('waits for whichever of the three has to be fetched', async () => {
    await enrolled();
    await store.prove(DIGEST, proof());
    const late = async <T>(value: Awaitable<T>): Promise<T> => value;
    for (const cold of [
      { policy: () => late(required) },
      { reads: { readSubject: (id: string) => late<SubjectRecord>(store.readSubject(id)) } },
      {
        reads: {
          readAssurance: (id: string) => late<AssuranceRecord | null>(store.readAssurance(id)),
        },
      },
    ]) {
      const situation = set(cold).inspect(request());
      assert.ok(situation instanceof Promise);
      assert.deepEqual((await situation).decision, { kind: 'pass', why: 'proven' });
    }
  });

  it('rejects when one read fails at once while another is under way, and leaves none unheard', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => unheard.push(error);
    process.on('unhandledRejection', hear);
    try {
      const inspecting = set({
        policy: () => Promise.reject(new Error('slow')),
        reads: {
          readSubject() {
            throw new Error('fast');
          },
        },
      });
      await assert.rejects(async () => inspecting.inspect(request()), /slow|fast/);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(unheard, []);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });

  it('knows nobody where the host knows nobody, and asks no store', () => {
    const reads = { readSubject: () => assert.fail(), readAssurance: () => assert.fail() };
    for (const subject of [null, undefined, false]) {
      assert.deepEqual(set({ subject: () => subject, reads }).inspect(request({ sallyport: {} })), {
        kind: 'anonymous',
        decision: { kind: 'deny', why: 'no-subject' },
      });
    }
  });

  it('takes what the session was told of a grace period, and what a route demands', async () => {
    const policy = () =>
      parsePolicy({ mode: 'required', graceUntil: new Date(NOW + MINUTE) }, ['totp']);
    const sallyport = { login: LOGIN, postponedUntil: NOW + MINUTE };
    const inspecting = set({ policy });
    const put = inspecting.inspect(request({ sallyport })) as KnownSituation;
    assert.deepEqual(put.decision, { kind: 'pass', why: 'postponed' });
    await enrolled();
    await store.prove(DIGEST, proof());
    const stepUp = { maxAgeMs: MINUTE, methods: null };
    now += MINUTE;
    const old = set().inspect(request(), stepUp) as KnownSituation;
    assert.equal(old.facts.stepUp, stepUp);
    assert.equal(old.decision.why, 'step-up');
    const again = set().inspectAgain(old) as KnownSituation;
    assert.equal(again.decision.why, 'step-up');
  });

  describe('refuses, with what to do about it,', () => {
    const isUnavailable = (code: string, message: string) => (error: unknown) =>
      error instanceof UnavailableError && error.code === code && error.message === message;

    it('a request without a session', () => {
      assert.throws(
        () => set().inspect(request({ session: undefined })),
        isUnavailable(
          'ERR_SESSION_MISSING',
          'the request has no session: put app.use(session({ … })) above app.use(door.pages()) and app.use(door.gate())',
        ),
      );
    });

    it('a session store that is not guarded', () => {
      for (const sessionStore of [undefined, new MemoryStore()]) {
        assert.throws(
          () => set().inspect(request({ sessionStore })),
          isUnavailable(
            'ERR_SESSION_STORE',
            'the session store is not guarded: use session({ store: door.sessions(store) })',
          ),
        );
      }
    });

    for (const [what, subject, message] of [
      [
        'a promise',
        () => Promise.reject(new Error('unheard')),
        'subject(req) must be synchronous, got a promise',
      ],
      [
        'no id',
        () => ({ ...USER1, id: undefined }),
        'subject(req) is no subject: id must be a non-empty text, got undefined',
      ],
      [
        'an empty id',
        () => ({ ...USER1, id: '' }),
        "subject(req) is no subject: id must be a non-empty text, got ''",
      ],
      [
        'a number',
        () => ({ ...USER1, id: 7 }),
        'subject(req) is no subject: id must be a non-empty text, got a number: write String(…)',
      ],
      [
        'no tenant',
        () => ({ ...USER1, tenantId: null }),
        'subject(req) is no subject: tenantId must be a non-empty text, got null',
      ],
      [
        'an undefined tenant',
        () => ({ ...USER1, tenantId: undefined }),
        'subject(req) is no subject: tenantId must be a non-empty text, got undefined: leave the field out where there is one organization',
      ],
      [
        'an empty label',
        () => ({ ...USER1, label: '' }),
        "subject(req) is no subject: label must be a non-empty text, got ''",
      ],
      ['true', () => true, 'subject(req) must give { id, tenantId, label } or null, got a boolean'],
    ] as const) {
      it(`a subject that is ${what}`, () => {
        assert.throws(
          () => set({ subject }).inspect(request()),
          isUnavailable('ERR_SUBJECT', message),
        );
      });
    }
  });

  describe('of whoever is sent between the doors', () => {
    async function enter(options: Parameters<typeof set>[0] = {}) {
      const inspecting = set(options);
      const req = request();
      const situation = await inspecting.inspect(req);
      return {
        before: situation,
        after: await inspecting.startPendingSession(req, situation),
        req,
      };
    }

    it('begins their short life, once', async () => {
      const { before, after } = await enter();
      assert.equal(before.decision.kind, 'enroll');
      assert.equal(after.decision.kind, 'enroll');
      const opened = store.readAssurance(DIGEST) as AssuranceRecord;
      assert.deepEqual([opened.state, opened.expiresAt], ['pending', NOW + 10 * MINUTE]);
      assert.equal((after as KnownSituation).facts.assurance, opened);
      now += 5 * MINUTE;
      const again = await enter();
      assert.equal(again.after, again.before, 'nothing is asked of the store');
      assert.equal(store.readAssurance(DIGEST), opened);
    });

    it('decides anew: it may have been over for long', async () => {
      await store.openPending(DIGEST, {
        ...{ subjectId: 'user1', epoch: 0, login: 'login', lifetimeMs: MINUTE, keepMs: MINUTE },
      });
      now += MINUTE;
      // A process that had not heard of it yet.
      const { before, after } = await enter({ reads: { readAssurance: () => null } });
      assert.equal(before.decision.kind, 'enroll');
      assert.deepEqual(after.decision, { kind: 'deny', why: 'pending-expired' });
      assert.equal((after as KnownSituation).facts.now, now);
    });

    it('begins it where a proof is void, and nowhere else', async () => {
      await enrolled();
      const policy = () => parsePolicy({ mode: 'required', maxAgeSeconds: 1 }, ['totp']);
      now += MINUTE;
      for (const [epoch, subjectId, state] of [
        [0, 'user1', 'proven'],
        [1, 'user1', 'proven'],
        [-1, 'user1', 'proven'],
        [0, 'user2', 'pending'],
      ] as const) {
        await store.prove(DIGEST, proof(epoch, subjectId));
        await enter({ policy });
        assert.equal((store.readAssurance(DIGEST) as AssuranceRecord).state, state, `${epoch}`);
      }
    });

    it('begins nothing for nobody, or for who passes or has ended', async () => {
      const asked = { openPending: () => assert.fail('is not between the doors') };
      store = { ...store, ...asked };
      assert.equal((await enter({ subject: () => null })).after.kind, 'anonymous');
      const off = await enter({ policy: () => parsePolicy({ mode: 'off' }, ['totp']) });
      assert.equal(off.after, off.before);
      await store.end(DIGEST, MINUTE);
      const gone = await enter();
      assert.equal(gone.after.decision.why, 'session-ended');
    });
  });
});
