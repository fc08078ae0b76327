import type { ProofRule, SignIn } from '../contracts.js';
import { isYounger } from '../session/age.js';

/** What a proof at sign-in comes to under the rules of a policy. */
export interface CountingSignIn {
  readonly signIn: SignIn;
  readonly phishingResistant: boolean;
  /** When it stops to count (ms). */
  readonly endsAt: number;
}

export interface SignInLimits {
  readonly now: number;
  /** How long any proof counts here. */
  readonly limitMs: number;
  /** What was proven until then (ms) does not count. */
  readonly after: number;
}

/** The proofs that count, the best first: from which a look-alike page got nothing, then the youngest. Pure. */
export function countingSignIns(
  signIns: readonly SignIn[],
  rules: readonly ProofRule[],
  limits: SignInLimits,
): readonly CountingSignIn[] {
  return signIns
    .map((signIn) => counted(signIn, rules, limits))
    .filter((found) => found !== null)
    .sort(
      (one, other) =>
        Number(other.phishingResistant) - Number(one.phishingResistant) ||
        other.signIn.at - one.signIn.at,
    );
}

function counted(
  signIn: SignIn,
  rules: readonly ProofRule[],
  { now, limitMs, after }: SignInLimits,
): CountingSignIn | null {
  // At the very same time it may have been before.
  if (signIn.at <= after) return null;
  const agesMs = new Map<ProofRule, number>();
  for (const rule of rules) {
    const ageMs = Math.min(limitMs, rule.maxAgeSeconds * 1000);
    if (matches(signIn, rule) && isYounger(signIn.at, ageMs, now)) agesMs.set(rule, ageMs);
  }
  if (agesMs.size === 0) return null;
  return {
    signIn,
    phishingResistant: [...agesMs.keys()].some((rule) => rule.phishingResistant),
    endsAt: signIn.at + Math.max(...agesMs.values()),
  };
}

/** Whether it is all that a rule asks for, but for its age. */
export function matches({ by, amr, acr }: SignIn, rule: ProofRule): boolean {
  return (
    by === rule.by &&
    // A rule that asks for nothing would take a password for a second factor.
    rule.amr.length + rule.acr.length > 0 &&
    rule.amr.every((value) => amr.includes(value)) &&
    (rule.acr.length === 0 || (acr !== null && rule.acr.includes(acr)))
  );
}
