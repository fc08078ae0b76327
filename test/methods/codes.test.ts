import assert from 'node:assert/strict';
import type { Request } from 'express';
import { Passport } from 'passport';
import { memoryStore } from 'sallyport';
import type {
  Attempt,
  BeginOptions,
  EnrollableMethod,
  Reservation,
  ReservedAttempt,
  SecondFactorMethod,
  SecondFactorStore,
  Verdict,
} from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import {
  activationKeyDigest,
  activationKeyDigests,
  newActivationKey,
} from '../../src/methods/activation-key.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt.js';
import { newRecoveryCodes, recoveryCodeDigests } from '../../src/methods/recovery-code/codes.js';
import { recoveryCode } from '../../src/methods/recovery-code/method.js';
import { activationKeyRedeemer } from '../../src/methods/redeem-activation-key.js';
import { sealingContext } from '../../src/methods/sealing-context.js';
import {
  type StrategyInfo,
  secondFactorStrategy,
  strategyName,
} from '../../src/methods/strategy.js';
import { parsePolicy } from '../../src/policy/resolve.js';

const NOW = Date.UTC(2026, 0, 1);
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const keys = keyring([key(1)]);
const rotated = keyring([key(2), key(1)]);
const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const policy = parsePolicy({ mode: 'required' }, ['totp']);
const attempt = (input: Attempt['input'] = {}): Attempt => ({
  ...{ subject, policy, session: 'session-1', issuer: 'Console', input },
});
const reserved: ReservedAttempt = {
  ...{ kind: 'reserved', at: NOW, epoch: 0, authenticators: [], pending: null },
  activationKey: null,
};

describe('what is sealed', () => {
  it('is bound to method, person and enrollment, however these are written', () => {
    assert.equal(sealingContext('totp', 'a"b', 'one'), '["totp","a\\"b","one"]');
  });
});

describe('recovery codes', () => {
  it('are ten of sixteen characters in groups, none twice, each with its digest', () => {
    const { codes, digests } = newRecoveryCodes(keys, subject);
    assert.equal(new Set(codes).size, 10);
    for (const code of codes)
      assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    for (const [at, code] of codes.entries()) {
      for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ' ')]) {
        assert.deepEqual(recoveryCodeDigests(rotated, subject, typed)?.[1], digests[at]);
      }
      assert.notDeepEqual(recoveryCodeDigests(keys, { id: 'user2' }, code)?.[0], digests[at]);
    }
    for (const junk of ['', 'ABCD', 5, undefined, codes]) {
      assert.equal(recoveryCodeDigests(keys, subject, junk), null);
    }
    const plain = codes[0]?.replaceAll('-', '') ?? '';
    assert.deepEqual(digests[0], keys.digest(plain, '["recovery-code","user1"]'));
  });

  it('are a method that waits and does not stop, and is spent', async () => {
    const store = memoryStore({ now: () => NOW });
    const { codes, digests } = newRecoveryCodes(keys, subject);
    await store.replaceRecoveryCodes('user1', digests);
    const method = recoveryCode({ store, keyring: rotated });
    assert.deepEqual(
      [method.name, method.title, method.counting],
      ['recovery-code', 'Recovery code', 'waits'],
    );
    assert.deepEqual(await method.challenge(), { method: 'recovery-code', kind: 'form', data: {} });
    assert.equal(method.wellFormed({ code: codes[0] }), true);
    assert.equal(method.wellFormed({ code: '123456' }), false);
    const verify = (code: unknown) => method.verify(attempt({ code }), reserved);
    assert.deepEqual(await verify(codes[0]), {
      ...{ kind: 'verified', enrollmentId: 'recovery-code', epoch: 0, at: NOW },
    });
    assert.deepEqual(await verify(codes[0]), { kind: 'rejected', reason: 'wrong-code' });
    assert.deepEqual(await verify('junk'), { kind: 'rejected', reason: 'malformed' });
    assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 9);
  });
});

describe('activation keys', () => {
  it('are twenty characters in groups, read however they are typed, for one person', () => {
    const made = newActivationKey();
    assert.match(made, /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}$/);
    assert.notEqual(made, newActivationKey());
    const stored = activationKeyDigest(keys, subject, made);
    assert.deepEqual(stored, keys.digest(made.replaceAll('-', ''), '["activation-key","user1"]'));
    for (const typed of [made, made.toLowerCase(), ` ${made.replaceAll('-', ' ')} `]) {
      assert.deepEqual(activationKeyDigests(rotated, subject, typed)?.[1], stored);
    }
    assert.notDeepEqual(activationKeyDigests(keys, { id: 'user2' }, made)?.[0], stored);
    assert.equal(activationKeyDigests(keys, subject, made.slice(1)), null);
    assert.throws(() => activationKeyDigest(keys, subject, 'junk'), /not an activation key/);
  });

  describe('are redeemed', () => {
    const made = newActivationKey();
    const challenge = { method: 'totp', kind: 'form', data: {} } as const;

    async function redeem({
      typed = made,
      ring = keys,
      reservation = {
        ...reserved,
        activationKey: activationKeyDigest(keys, subject, made),
      } as Reservation | Error,
      begins = challenge as typeof challenge | null,
    } = {}) {
      const calls: unknown[][] = [];
      const events: unknown[] = [];
      const redeemed = activationKeyRedeemer({
        keyring: ring,
        limits: ATTEMPT_LIMITS,
        audit: {
          record: (type: string, facts: object) => void events.push({ type, ...facts }),
        } as never,
        store: {
          async reserveAttempt(...given: unknown[]) {
            calls.push(given);
            if (reservation instanceof Error) throw reservation;
            return reservation;
          },
        } as Pick<SecondFactorStore, 'reserveAttempt'>,
      });
      const begun: BeginOptions[] = [];
      const method = {
        async beginEnrollment(_attempt: Attempt, options: BeginOptions) {
          begun.push(options);
          return begins;
        },
      } as unknown as EnrollableMethod;
      const answer = await redeemed(attempt(), method, typed, '192.0.2.7');
      return { answer, calls, begun, events };
    }
    const wrong = {
      answer: { kind: 'rejected', reason: 'wrong-code' },
      event: {
        ...{ type: 'verification.failed', subject, method: 'activation-key' },
        ...{ from: '192.0.2.7', detail: 'wrong-code' },
      },
    };

    it('by beginning an enrollment with the digest that is stored', async () => {
      const { answer, calls, begun, events } = await redeem();
      assert.deepEqual(answer, { kind: 'begun', challenge });
      assert.deepEqual(calls, [
        ['user1', ATTEMPT_LIMITS, { method: 'activation-key', stoppable: true }],
      ]);
      const activationKey = activationKeyDigest(keys, subject, made);
      assert.deepEqual(begun, [{ basis: 'activation-key', restart: true, activationKey }]);
      assert.deepEqual(events, []);
    });

    it('also when an older key of ours made the digest', async () => {
      const { answer, begun } = await redeem({ ring: rotated });
      assert.equal(answer.kind, 'begun');
      assert.deepEqual(begun[0]?.activationKey, activationKeyDigest(keys, subject, made));
    });

    it('by no other key, and begin nothing then', async () => {
      for (const given of [
        { typed: newActivationKey() },
        { reservation: reserved },
        {
          reservation: {
            ...reserved,
            activationKey: { keyId: new Uint8Array(4), bytes: new Uint8Array(10) },
          },
        },
        {
          reservation: {
            ...reserved,
            activationKey: {
              ...activationKeyDigest(keys, subject, made),
              bytes: activationKeyDigest(keys, subject, made).bytes.subarray(0, 9),
            },
          },
        },
        {
          reservation: {
            ...reserved,
            activationKey: {
              ...activationKeyDigest(keys, subject, made),
              keyId: new Uint8Array(4),
            },
          },
        },
      ]) {
        const { answer, begun, events } = await redeem(given);
        assert.deepEqual(answer, wrong.answer);
        assert.deepEqual(begun, []);
        assert.deepEqual(events, [wrong.event]);
      }
    });

    it('not when the store knows better by now', async () => {
      const { answer, events } = await redeem({ begins: null });
      assert.deepEqual(answer, wrong.answer);
      assert.deepEqual(events, [wrong.event]);
    });

    it('not while attempts are locked, and not counted where they have no such form', async () => {
      const until = NOW + 1000;
      const locked = await redeem({ reservation: { kind: 'locked', retryAt: until } });
      assert.deepEqual(locked.answer, { kind: 'locked', retryAt: new Date(until) });
      assert.deepEqual(locked.events, [
        {
          ...{ type: 'verification.locked', subject, method: 'activation-key' },
          from: '192.0.2.7',
        },
      ]);
      assert.deepEqual(locked.begun, []);
      const stopped = await redeem({ reservation: { kind: 'locked', retryAt: null } });
      assert.deepEqual(stopped.answer, { kind: 'locked', retryAt: null });
      const junk = await redeem({ typed: 'junk' });
      assert.deepEqual(junk.answer, { kind: 'rejected', reason: 'malformed' });
      assert.deepEqual(junk.calls, []);
    });

    it('not while the store is broken, which is no failure of the person', async () => {
      const cause = new Error('down');
      const { answer, events } = await redeem({ reservation: cause });
      assert.deepEqual(answer, { kind: 'unavailable', cause });
      assert.deepEqual(events, []);
    });
  });
});

describe('a method as a Passport strategy', () => {
  const method = { name: 'totp' } as SecondFactorMethod;

  /** What Passport's callback gets. */
  function authenticate(
    verdict: Verdict | Error,
    { options = {}, attemptOf = async () => attempt() } = {},
  ) {
    const passport = new Passport();
    const runs: unknown[][] = [];
    const strategy = secondFactorStrategy(method, {
      async run(...given) {
        runs.push(given);
        if (verdict instanceof Error) throw verdict;
        return verdict;
      },
      attemptOf,
    });
    passport.use(strategyName('totp'), strategy as never);
    return new Promise<{ error: unknown; user: unknown; info: StrategyInfo; runs: unknown[][] }>(
      (resolve) => {
        passport.authenticate(
          'sallyport-totp',
          options,
          (error: unknown, user: unknown, info: unknown) =>
            resolve({ error, user, info: info as StrategyInfo, runs }),
        )({ ip: '192.0.2.7' } as Request, {}, () => assert.fail('goes by the callback'));
      },
    );
  }

  it('has a name of its own', () => {
    const strategy = secondFactorStrategy(method, {
      run: () => assert.fail(),
      attemptOf: () => assert.fail(),
    });
    assert.equal((strategy as { name?: string }).name, 'sallyport-totp');
  });

  it('hands the verdict on: a success, a failure, or an error', async () => {
    const verified: Verdict = { kind: 'verified', enrollmentId: 'one', epoch: 0, at: NOW };
    const right = await authenticate(verified);
    assert.deepEqual(
      [right.error, right.user, right.info],
      [null, verified, { verdict: verified }],
    );
    for (const verdict of [
      { kind: 'rejected', reason: 'wrong-code' },
      { kind: 'locked', retryAt: null },
    ] as Verdict[]) {
      const { error, user, info } = await authenticate(verdict);
      assert.deepEqual([error, user, info], [null, false, { verdict }]);
    }
    const cause = new Error('down');
    assert.equal((await authenticate({ kind: 'unavailable', cause })).error, cause);
    assert.equal((await authenticate(cause)).error, cause);
    const failing = { attemptOf: () => Promise.reject(cause) };
    assert.equal((await authenticate(verified, failing)).error, cause);
  });

  it('verifies unless it is told otherwise, from the address of the request', async () => {
    const verdict: Verdict = { kind: 'locked', retryAt: null };
    const verify = await authenticate(verdict);
    assert.deepEqual(verify.runs, [[method, { kind: 'verify' }, attempt(), '192.0.2.7']]);
    const operation = { kind: 'confirm', replaces: null };
    const confirm = await authenticate(verdict, { options: { operation } });
    assert.deepEqual(confirm.runs[0]?.[1], operation);
  });
});
