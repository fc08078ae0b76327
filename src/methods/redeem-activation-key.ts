import type { Audit, From } from '../audit/events.js';
import { lockedUntil } from '../audit/lock.js';
import type { Attempt, AttemptLimits, Keyring, Verdict } from '../contracts.js';
import { activationKeyDigests } from './activation-key.js';
import type { Begun, EnrollableMethod } from './bound-method.js';

export type RedeemVerdict =
  | { readonly kind: 'begun'; readonly begun: Begun }
  | Exclude<Verdict, { kind: 'verified' }>;

export type RedeemActivationKey = (
  attempt: Attempt,
  method: EnrollableMethod,
  typed: string,
  from: From,
) => Promise<RedeemVerdict>;

/**
 * Begins a first enrollment with an activation key. The key is spent when the enrollment is confirmed, so that a
 * closed tab does not cost the key. Guesses are counted like those of codes.
 */
export function activationKeyRedeemer({
  keyring,
  limits,
  audit,
}: {
  readonly keyring: Keyring;
  readonly limits: AttemptLimits;
  readonly audit: Audit;
}): RedeemActivationKey {
  return async function redeemActivationKey(attempt, { enrollment }, typed, from) {
    const { subject } = attempt;
    const candidates = activationKeyDigests(keyring, subject, typed);
    if (!candidates) return { kind: 'rejected', reason: 'malformed' };
    const facts = { subject, method: 'activation-key', from };
    try {
      const begun = await enrollment.beginByKey(attempt, limits, candidates);
      if (!begun) {
        audit.record('verification.failed', { ...facts, detail: 'wrong-code' });
        return { kind: 'rejected', reason: 'wrong-code' };
      }
      if (!('kind' in begun)) return { kind: 'begun', begun };
      audit.record('verification.locked', { ...facts, detail: lockedUntil(begun.retryAt) });
      return begun;
    } catch (cause) {
      return { kind: 'unavailable', cause };
    }
  };
}
