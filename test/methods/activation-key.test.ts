import assert from 'node:assert/strict';
import { type MethodEnrollment, memoryStore } from 'sallyport';
import type { EventFacts } from '../../src/audit/events.js';
import type { Attempt, SecondFactorStore } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import {
  activationKeyDigest,
  activationKeyDigests,
  newActivationKey,
} from '../../src/methods/activation-key.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { activationKeyRedeemer } from '../../src/methods/redeem-activation-key.js';
import { emailCode } from '../journeys/email-code.js';
import { boundEnrollable } from '../support/methods.js';
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
const HOUR = 60 * 60 * 1000;
const email = emailCode({ addressOf: ({ label }) => label, send: async () => {} });

/** An event with its detail as the trail has it. */
const inWords = (type: string, facts: EventFacts) => {
  const { detail } = facts;
  return {
    type,
    ...facts,
    ...(typeof detail === 'object' && detail && { detail: String(detail) }),
  };
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
    let now: number;
    let store: SecondFactorStore;
    let events: object[];
    let proposed: number;

    beforeEach(async () => {
      now = NOW;
      store = memoryStore({ now: () => now });
      events = [];
      proposed = 0;
      const digest = activationKeyDigest(keys, subject, made);
      await store.putActivationKey('user1', { digest, lifetimeMs: HOUR });
    });

    /** With a store that does something of its own in the place of what it has. */
    function redeem(typed: string, ring = keys, changed: Partial<SecondFactorStore> = {}) {
      const under = { ...store, ...changed };
      const begin = () => {
        proposed += 1;
        return {};
      };
      const enrollment = { ...email.enrollment, begin } as MethodEnrollment<never>;
      const redeemed = activationKeyRedeemer({
        ...{ keyring: ring, limits: ATTEMPT_LIMITS },
        audit: {
          record: (type: string, facts: EventFacts) => void events.push(inWords(type, facts)),
        } as never,
      });
      const method = boundEnrollable({ ...email, enrollment }, { store: under, keyring: ring });
      return redeemed(attempt(), method, typed, '192.0.2.7');
    }
    const told = (type: string, detail: string) => [
      { type, subject, method: 'activation-key', from: '192.0.2.7', detail },
    ];
    const failures = async () => (await store.readSubject('user1')).failures;
    const wrong = { kind: 'rejected', reason: 'wrong-code' };
    const pending = () => store.resumeEnrollment('user1', 'session-1');

    it('by beginning an enrollment on that basis, in one step, which counts for nothing', async () => {
      let steps = 0;
      const answer = await redeem(made, keys, {
        judgeAttempt(...given) {
          steps += 1;
          return store.judgeAttempt(...given);
        },
        beginEnrollment: () => assert.fail('is begun within that step'),
      });
      assert.equal(answer.kind, 'begun');
      assert.equal(answer.kind === 'begun' && answer.begun.id, (await pending())?.id);
      assert.equal((await pending())?.basis, 'activation-key');
      assert.deepEqual([steps, await failures(), events], [1, 0, []]);
    });

    it('also when an older key of ours made the digest', async () => {
      assert.equal((await redeem(made, rotated)).kind, 'begun');
    });

    it('by no other key, and begin nothing then', async () => {
      const right = activationKeyDigest(keys, subject, made);
      for (const digest of [
        right,
        { keyId: new Uint8Array(4), bytes: new Uint8Array(10) },
        { ...right, bytes: right.bytes.subarray(0, 9) },
        { ...right, keyId: new Uint8Array(4) },
      ]) {
        await store.putActivationKey('user1', { digest, lifetimeMs: HOUR });
        const typed = digest === right ? newActivationKey() : made;
        assert.deepEqual(await redeem(typed), wrong);
        assert.deepEqual(events.splice(0), told('verification.failed', 'wrong-code'));
        assert.equal(await pending(), null);
      }
      assert.equal(await failures(), 4);
    });

    it('not after its end, nor where there is none', async () => {
      now += HOUR;
      assert.deepEqual(await redeem(made), wrong);
      await store.revokeActivationKey('user1');
      assert.deepEqual(await redeem(made), wrong);
    });

    it('not while attempts are locked, when nothing is made for whoever guesses on', async () => {
      for (let n = 0; n < 5; n += 1) await redeem(newActivationKey());
      events = [];
      proposed = 0;
      const retryAt = new Date(NOW + 30_000);
      assert.deepEqual(await redeem(made), { kind: 'locked', retryAt });
      assert.equal(proposed, 0);
      assert.deepEqual(events, told('verification.locked', 'until 2026-01-01T00:00:30.000Z'));
      // Also where this process has not heard of it yet.
      const { failures: _, ...late } = await store.readSubject('user1');
      const readSubject = () => ({ ...late, failures: 0, retryAt: null });
      assert.deepEqual(await redeem(made, keys, { readSubject }), { kind: 'locked', retryAt });
      assert.equal(await pending(), null);
      now += 30_000;
      assert.equal((await redeem(made)).kind, 'begun');
    });

    it('not in a form that no key has, which counts for nothing', async () => {
      assert.deepEqual(await redeem('junk'), { kind: 'rejected', reason: 'malformed' });
      assert.deepEqual([await failures(), events], [0, []]);
    });

    it('not while the store is broken, which is no failure of the person', async () => {
      const cause = new Error('down');
      const judgeAttempt = () => Promise.reject(cause);
      assert.deepEqual(await redeem(made, keys, { judgeAttempt }), { kind: 'unavailable', cause });
      assert.deepEqual(events, []);
    });
  });
});
