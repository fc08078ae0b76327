import { timingSafeEqual } from 'node:crypto';
import type { Audit } from '../audit/events.js';
import { lockedUntil } from '../audit/lock.js';
import type {
  Attempt,
  AttemptLimits,
  Digest,
  Keyring,
  SecondFactorStore,
  Verdict,
} from '../contracts.js';
import { activationKeyDigests } from './activation-key.js';
import type { EnrollableMethod } from './bound.js';
import type { Begun } from './bound-enrollment.js';

export type RedeemVerdict =
  | { readonly kind: 'begun'; readonly begun: Begun }
  | Exclude<Verdict, { kind: 'verified' }>;

export type RedeemActivationKey = (
  attempt: Attempt,
  method: EnrollableMethod,
  typed: string,
  from: string | null,
) => Promise<RedeemVerdict>;

/**
 * An activation key lets a first enrollment begin; it is spent when that is confirmed, so that a closed tab
 * costs nobody their key. Guesses count like those of codes.
 */
export function activationKeyRedeemer({
  store,
  keyring,
  limits,
  audit,
}: {
  readonly store: Pick<SecondFactorStore, 'reserveAttempt'>;
  readonly keyring: Keyring;
  readonly limits: AttemptLimits;
  readonly audit: Audit;
}): RedeemActivationKey {
  return async function redeemActivationKey(attempt, method, typed, from) {
    const { subject } = attempt;
    const candidates = activationKeyDigests(keyring, subject, typed);
    if (!candidates) return { kind: 'rejected', reason: 'malformed' };
    try {
      const reservation = await store.reserveAttempt(subject.id, limits, {
        method: 'activation-key',
        stoppable: true,
      });
      if (reservation.kind === 'locked') {
        const { retryAt } = reservation;
        const detail = lockedUntil(retryAt);
        audit.record('verification.locked', { subject, method: 'activation-key', from, detail });
        return { kind: 'locked', retryAt: retryAt === null ? null : new Date(retryAt) };
      }
      const digest = candidates.find((one) => sameDigest(one, reservation.activationKey));
      const begun =
        digest &&
        (await method.enrollment.begin(attempt, {
          basis: 'activation-key',
          restart: true,
          activationKey: digest,
        }));
      if (!begun) {
        audit.record('verification.failed', {
          subject,
          method: 'activation-key',
          from,
          detail: 'wrong-code',
        });
        return { kind: 'rejected', reason: 'wrong-code' };
      }
      return { kind: 'begun', begun };
    } catch (cause) {
      return { kind: 'unavailable', cause };
    }
  };
}

function sameDigest(one: Digest, other: Digest | null): boolean {
  return (
    other !== null &&
    Buffer.compare(one.keyId, other.keyId) === 0 &&
    one.bytes.length === other.bytes.length &&
    timingSafeEqual(one.bytes, other.bytes)
  );
}
