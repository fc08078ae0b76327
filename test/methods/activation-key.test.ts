import assert from 'node:assert/strict';
import type {
  Attempt,
  Reservation,
  ReservedAttempt,
  SecondFactorStore,
} from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import {
  activationKeyDigest,
  activationKeyDigests,
  newActivationKey,
} from '../../src/methods/activation-key.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt.js';
import type { EnrollableMethod } from '../../src/methods/bound.js';
import type { BeginOptions, Begun } from '../../src/methods/bound-enrollment.js';
import { activationKeyRedeemer } from '../../src/methods/redeem-activation-key.js';
import { parsePolicy } from '../support/policy.js';

const NOW = Date.UTC(2026, 0, 1);
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const keys = keyring([key(1)]);
const rotated = keyring([key(2), key(1)]);
const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const policy = parsePolicy({ mode: 'required' }, ['totp']);
const attempt = (input: Attempt['input'] = {}): Attempt => ({
  ...{ subject, policy, session: 'session-1', epoch: 0, issuer: 'Console', input },
});
const reserved: ReservedAttempt = {
  ...{ kind: 'reserved', at: NOW, epoch: 0, authenticators: [], pending: null },
  activationKey: null,
};

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
    assert.throws(() => activationKeyDigest(keys, subject, 'junk'), /no activation key/);
  });

  describe('are redeemed', () => {
    const made = newActivationKey();
    const first = { id: 'one', basis: 'activation-key' } as Begun;

    async function redeem({
      typed = made,
      ring = keys,
      reservation = {
        ...reserved,
        activationKey: activationKeyDigest(keys, subject, made),
      } as Reservation | Error,
      begins = first as Begun | null,
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
        enrollment: {
          async begin(_attempt: Attempt, options: BeginOptions) {
            begun.push(options);
            return begins;
          },
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
      assert.deepEqual(answer, { kind: 'begun', begun: first });
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
          detail: 'until 2026-01-01T00:00:01.000Z',
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
