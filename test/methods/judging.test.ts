import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Answered, type Method, memoryStore, type SecondFactorStore, totp } from 'sallyport';
import { authenticator } from 'sallyport/testing';
import type { Attempt, Keyring } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { emailCode } from '../journeys/email-code.js';
import { KEY, testClock } from '../support/app.js';
import { boundEnrollable } from '../support/methods.js';
import { parsePolicy } from '../support/policy.js';

const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const { words } = emailCode({ addressOf: () => null, send: async () => {} });
const secret = randomBytes(20);

/** A method whose code is its secret, as one of a host's may be. */
const own = {
  ...{ name: 'own', title: 'Own', words, answer: { code: { maxLength: 80 } } },
  ...({ throttle: 'lockout' } as const),
  prompt: () => ({ kind: 'form', title: 'Enter it' }),
  verify({ enrollments }, { code }) {
    const right = enrollments.find((one) => Buffer.from(one.secret()).toString('hex') === code);
    return right ? { kind: 'accepted', enrollmentId: right.id } : WRONG;
  },
  enrollment: {
    begin: () => ({ secret }),
    prompt: () => ({ kind: 'form', title: 'Enter it' }),
    confirm: ({ pending }, { code }) =>
      Buffer.from(pending.secret()).toString('hex') === code ? { kind: 'accepted' } : WRONG,
  },
} satisfies Method;
const WRONG: Answered = { kind: 'rejected', reason: 'wrong-code' };

/** Counted, compared and accepted: in one step where it is pure, in several where it is not. */
for (const pure of [true, false]) {
  describe(`an answer to a method that is ${pure ? '' : 'not '}pure`, () => {
    let clock: ReturnType<typeof testClock>;
    let store: SecondFactorStore;
    let changed: Partial<SecondFactorStore>;
    let keys: Keyring;

    beforeEach(() => {
      clock = testClock();
      store = memoryStore({ now: clock.now });
      changed = {};
      keys = keyring([KEY]);
    });

    const right = secret.toString('hex');
    const bound = (more: Partial<Method> = {}) =>
      boundEnrollable(
        { ...own, pure, ...more },
        { store: { ...store, ...changed }, keyring: keys, timeoutMs: 20 },
      );
    const attempt = async (input: Attempt['input']): Promise<Attempt> => {
      const { epoch, enrollments } = await store.readSubject('user1');
      const policy = parsePolicy({ mode: 'required' }, ['own']);
      return {
        ...{ subject, policy, epoch, enrollments, input, issuer: 'Console' },
        session: 'session-1',
      };
    };
    const verify = async (code: string, more: Partial<Method> = {}) =>
      bound(more).verify(await attempt({ code }), ATTEMPT_LIMITS);
    const confirm = async (code: string, enrollment: string, more: Partial<Method> = {}) =>
      bound(more).enrollment.confirm(await attempt({ code, enrollment }), ATTEMPT_LIMITS, null);
    const begin = async () => {
      const begun = await bound().enrollment.begin(await attempt({}), {
        ...{ basis: 'first', restart: true },
      });
      return begun?.id ?? '';
    };
    const enrolled = async () => {
      const id = await begin();
      assert.equal((await confirm(right, id)).kind, 'verified');
      return id;
    };
    const failures = async () => (await store.readSubject('user1')).failures;
    const LOCKED = () => ({ kind: 'locked', retryAt: new Date(clock.now() + 30_000) });

    it('is compared five times and no more, at the store’s time, until the wait is over', async () => {
      const enrollmentId = await enrolled();
      let compared = 0;
      const counting: Pick<Method, 'verify'> = {
        verify(context, answer) {
          compared += 1;
          assert.equal(context.now, clock.now());
          return own.verify(context, answer);
        },
      };
      const guesses = Array.from({ length: 20 }, () => verify('wrong', counting));
      const verdicts = await Promise.all(guesses);
      assert.equal(verdicts.filter(({ kind }) => kind === 'rejected').length, 5);
      assert.equal(compared, 5);
      assert.deepEqual(await verify(right, counting), LOCKED());
      clock.advance(30_000);
      assert.deepEqual(await verify(right, counting), {
        ...{ kind: 'verified', enrollmentId, epoch: 0, at: clock.now() },
      });
      assert.equal(await failures(), 0);
    });

    it('is confirmed five times and no more', async () => {
      const id = await begin();
      for (let n = 0; n < 5; n += 1) assert.equal((await confirm('wrong', id)).kind, 'rejected');
      assert.deepEqual(await confirm(right, id), LOCKED());
      assert.equal((await store.readSubject('user1')).enrollments.length, 0);
    });

    it('of which the method throws, or says nothing that is an answer, is counted', async () => {
      const id = await enrolled();
      const waiting = async () => ({ kind: 'accepted', enrollmentId: id }) as const;
      for (const [n, bad] of [
        () => {
          throw new TypeError('a bug with wrong codes');
        },
        () => ({ kind: 'accepted', enrollmentId: 'of-somebody-else' }) as const,
        () => ({ kind: 'accepted', enrollmentId: id, step: -1 }) as const,
        ...(pure ? [waiting] : []),
      ].entries()) {
        await assert.rejects(verify('wrong', { verify: bad }), { code: 'ERR_METHOD', status: 503 });
        assert.equal(await failures(), n + 1);
      }
      assert.equal((await verify(right)).kind, 'verified');
    });

    it('is told only when the store has it', async () => {
      await enrolled();
      const down = new Error('down');
      const late = (): never => {
        throw down;
      };
      changed = pure
        ? {
            async judgeAttempt(...given) {
              await store.judgeAttempt(...given);
              return late();
            },
          }
        : {
            async commitAttempt(...given) {
              await store.commitAttempt(...given);
              return late();
            },
          };
      await assert.rejects(verify(right), down);
    });

    it('is of a session that has ended meanwhile', async () => {
      await enrolled();
      const of = await attempt({ code: right });
      await store.raiseEpoch('user1');
      const verdict = await bound().verify(of, ATTEMPT_LIMITS);
      assert.deepEqual(verdict, { kind: 'rejected', reason: 'ended' });
      assert.equal(await failures(), 1);
    });

    it('counts for nothing where a first factor takes an activation key by now', async () => {
      const id = await begin();
      const policy = parsePolicy({ mode: 'required', enrollment: 'activation-key' }, ['own']);
      const of = { ...(await attempt({ code: right, enrollment: id })), policy };
      let compared = 0;
      const enrollment = {
        ...own.enrollment,
        confirm: () => {
          compared += 1;
          return { kind: 'accepted' } as const;
        },
      };
      const verdict = await bound({ enrollment }).enrollment.confirm(of, ATTEMPT_LIMITS, null);
      assert.deepEqual(verdict, { kind: 'rejected', reason: 'superseded' });
      assert.equal(compared, 0);
    });

    it('takes secrets that its method wipes after use', async () => {
      await enrolled();
      const wiping: Pick<Method, 'verify'> = {
        verify({ enrollments }, { code }) {
          for (const { id, secret: open } of enrollments) {
            const opened = open();
            const same = Buffer.from(opened).toString('hex') === code;
            opened.fill(0);
            // Whoever asks once more gets it whole.
            assert.ok(open().some((byte) => byte !== 0));
            if (same) return { kind: 'accepted', enrollmentId: id };
          }
          return WRONG;
        },
      };
      for (let n = 0; n < 2; n += 1) {
        assert.equal((await verify(right, wiping)).kind, 'verified');
      }
    });
  });
}

describe('an answer to a pure method', () => {
  it('is one step of the store, in which its secret is opened once, however often it is judged', async () => {
    const clock = testClock();
    const inner = memoryStore({ now: clock.now });
    const keys = keyring([KEY]);
    let opened = 0;
    const steps: string[] = [];
    const store = new Proxy(inner, {
      get(target, name, self) {
        const found: unknown = Reflect.get(target, name, self);
        if (typeof found !== 'function' || name === 'now') return found;
        return (...given: unknown[]) => {
          steps.push(String(name));
          return Reflect.apply(found, target, given);
        };
      },
    });
    // A store whose write loses twice before it wins: the last judgment counts.
    const racing: SecondFactorStore = {
      ...inner,
      judgeAttempt: (id, limits, attempt, judge) =>
        store.judgeAttempt(id, limits, attempt, (reserved, on) => {
          const nowhere = {
            commitAttempt: () => ({ kind: 'replayed' }) as const,
            spendRecoveryCode: () => ({ kind: 'unknown' }) as const,
            beginEnrollment: () => null,
            confirmEnrollment: () => ({ kind: 'superseded' }) as const,
          };
          judge({ ...reserved }, nowhere);
          const authenticators = reserved.authenticators.map((one) => ({
            ...one,
            sealed: Uint8Array.from(one.sealed),
          }));
          judge({ ...reserved, authenticators }, nowhere);
          return judge(reserved, on);
        }),
    };
    const method = boundEnrollable(totp(), {
      store: racing,
      keyring: {
        ...keys,
        open(...given) {
          opened += 1;
          return keys.open(...given);
        },
      },
    });
    const attempt = (input: Attempt['input']): Attempt => ({
      ...{ subject, session: 'session-1', epoch: 0, issuer: 'Console', input },
      policy: parsePolicy({ mode: 'required' }, ['totp']),
    });
    const begun = await method.enrollment.begin(attempt({}), { basis: 'first', restart: false });
    assert.ok(begun);
    const shown = (await begun.handOver()).show();
    assert.ok(shown);
    const { uri } = shown.json as { uri: string };
    const app = authenticator(uri, { now: clock.now });
    const confirming = attempt({ code: app.code(), enrollment: begun.id });
    opened = 0;
    assert.equal(
      (await method.enrollment.confirm(confirming, ATTEMPT_LIMITS, null)).kind,
      'verified',
    );
    assert.deepEqual([steps.splice(0), opened], [['judgeAttempt'], 1]);
    clock.advance(30_000);
    opened = 0;
    const verdict = await method.verify(attempt({ code: app.code() }), ATTEMPT_LIMITS);
    assert.equal(verdict.kind, 'verified');
    assert.deepEqual([steps.splice(0), opened], [['judgeAttempt'], 1]);
  });
});
