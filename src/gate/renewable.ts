import type { ProofRule, SignIn } from '../contracts.js';
import type { Decision } from './decide.js';
import { limitOf } from './decide.js';
import type { Facts } from './facts.js';
import { matches } from './sign-in.js';

/** A proof at sign-in that does not count, in whose place a new one of the same provider could. */
export interface RenewableSignIn {
  readonly by: string;
  readonly at: number;
  /** Whether it says all that a rule asks for, so that a new one most likely does as well. */
  readonly fits: boolean;
  /** How old it may be (ms), where it is too old; null where it lacks something else. */
  readonly limitMs: number | null;
  /** Whether that is the limit of one route, and not of the organization. */
  readonly ofRoute: boolean;
}

/**
 * The sign-ins of this session that could be renewed to do what a decision asks for: the latest of each provider that
 * a rule names. Those that only are too old come first. Pure.
 */
export function renewableSignIns(facts: Facts, { kind }: Decision): readonly RenewableSignIn[] {
  if (kind !== 'enroll' && kind !== 'challenge') return [];
  const { signIns = [] } = facts;
  const rules = usefulRules(facts);
  const last = new Map<string, SignIn>();
  for (const signIn of signIns) {
    const known = last.get(signIn.by);
    if (!known || known.at < signIn.at) last.set(signIn.by, signIn);
  }
  return [...new Set(rules.map(({ by }) => by))]
    .map((by) => last.get(by))
    .filter((signIn) => signIn !== undefined)
    .map((signIn) => renewable(signIn, rules, facts))
    .sort((one, other) => Number(other.fits) - Number(one.fits));
}

/** The rules by which a sign-in could do it; none for what only a factor of ours does. */
function usefulRules({ policy: { proofs }, stepUp }: Facts): readonly ProofRule[] {
  if (stepUp === null || stepUp.signIn === 'any') return proofs;
  return stepUp.signIn === undefined ? [] : proofs.filter((rule) => rule.phishingResistant);
}

function renewable(signIn: SignIn, rules: readonly ProofRule[], facts: Facts): RenewableSignIn {
  const { by, at } = signIn;
  const fitting = rules.filter((rule) => matches(signIn, rule));
  const byPolicy = Math.min(
    limitOf(facts),
    Math.max(0, ...fitting.map(({ maxAgeSeconds }) => maxAgeSeconds * 1000)),
  );
  const byRoute = facts.stepUp?.maxAgeMs ?? Number.POSITIVE_INFINITY;
  const limitMs = Math.min(byPolicy, byRoute);
  const fits = fitting.length > 0;
  const isTooOld = fits && facts.now - at >= limitMs;
  return {
    ...{ by, at, fits, limitMs: isTooOld ? limitMs : null },
    ofRoute: isTooOld && byRoute < byPolicy,
  };
}
