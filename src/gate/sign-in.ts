import type { ProofRule, SignIn } from '../contracts.js';
import { isYounger } from '../session/age.js';

/** A sign-in proof under the rules of a policy. */
export interface CountingSignIn {
  readonly signIn: SignIn;
  readonly phishingResistant: boolean;
  /** When it stops counting (ms). */
  readonly endsAt: number;
}

export interface SignInLimits {
  readonly now: number;
  /** How long any proof counts here. */
  readonly limitMs: number;
  /** Proofs until then (ms) do not count. */
  readonly after: number;
}

/** The proofs that count, the best first: phishing-resistant ones, then the youngest. Pure. */
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
  // A proof of the same millisecond may have been before.
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
    // A rule that names nothing would accept a password as a second factor.
    rule.amr.length + rule.acr.length > 0 &&
    rule.amr.every((value) => amr.includes(value)) &&
    (rule.acr.length === 0 || (acr !== null && rule.acr.includes(acr)))
  );
}
