import {
  type AssuranceRecord,
  authorityOf,
  type Enrollment,
  FALLBACK,
  type Factor,
  type MethodName,
  type Policy,
  REMEMBERED_DEVICE,
} from '../contracts.js';
import { isAccepted, provable } from '../policy/provable.js';
import { isYounger } from '../session/age.js';
import { bindingProof, usableBackups } from './binding-proof.js';
import type { Facts } from './facts.js';
import { type CountingSignIn, countingSignIns } from './sign-in.js';

export type Decision =
  | {
      readonly kind: 'pass';
      readonly why:
        | 'policy-off'
        | 'not-enrolled'
        | 'postponed'
        | 'proven'
        | 'remembered-device'
        | 'sign-in';
    }
  | {
      readonly kind: 'enroll';
      readonly why: 'required' | 'method-not-accepted' | 'step-up';
      readonly methods: readonly MethodName[];
      /** Until when it may be postponed; null for not at all. */
      readonly graceEndsAt: Date | null;
    }
  | {
      readonly kind: 'challenge';
      readonly why: 'not-proven' | 'step-up' | 'to-enroll-another';
      readonly methods: readonly MethodName[];
    }
  | {
      readonly kind: 'deny';
      readonly why: 'no-subject' | 'session-ended' | 'pending-expired';
    };

/** Decides what a person still has to do; the only place that does. Pure: the same facts give the same decision. */
export function decide(facts: Facts): Decision {
  const { assurance, login, record } = facts;
  if (assurance?.state === 'ended') return { kind: 'deny', why: 'session-ended' };
  // A reset, a changed password, and "sign out everywhere" end every session that began before, whatever it
  // has proven and whatever is demanded of it.
  const own = ownAssurance(facts);
  if (login.epoch !== record.epoch || (own && own.epoch !== record.epoch)) {
    return { kind: 'deny', why: 'session-ended' };
  }
  const decision = required(facts);
  if (isInside(decision)) return decision;
  const until = own ? (own.state === 'pending' ? own.expiresAt : null) : login.until;
  if (until !== null && isOver(until, facts)) return { kind: 'deny', why: 'pending-expired' };
  return decision;
}

/** The assurance of this login and subject; null if the record is another login's. */
export function ownAssurance({ assurance, subjectId, login }: Facts): AssuranceRecord | null {
  const own = assurance?.subjectId === subjectId && assurance.login === login.id;
  return own ? assurance : null;
}

function isOver(until: number, { now, pendingMaxAgeMs }: Facts): boolean {
  return until <= now || !isYounger(until - pendingMaxAgeMs, pendingMaxAgeMs, now);
}

/** A person who is asked for more on one route is fully authenticated elsewhere, not between the doors. */
export function isInside({ kind, why }: Decision): boolean {
  return kind === 'pass' || why === 'step-up';
}

function required(facts: Facts): Decision {
  const decision = byEnrollments(facts);
  if (decision.kind === 'pass' || decision.kind === 'deny') return decision;
  const signIns = freshSignIns(facts);
  return signIns.length === 0 ? decision : signedIn(facts, signIns, decision);
}

/** For a person whose sign-in proof was accepted: any further demand is a step-up. */
function signedIn(
  facts: Facts,
  signIns: readonly CountingSignIn[],
  otherwise: Extract<Decision, { kind: 'enroll' | 'challenge' }>,
): Decision {
  const { stepUp, now, record } = facts;
  const enough = signIns.some(
    ({ signIn, phishingResistant }) =>
      stepUp === null ||
      ((stepUp.signIn === 'any' || (stepUp.signIn === 'phishing-resistant' && phishingResistant)) &&
        isYounger(signIn.at, stepUp.maxAgeMs ?? Number.POSITIVE_INFINITY, now)),
  );
  if (enough) return { kind: 'pass', why: 'sign-in' };
  if (record.enrollments.length === 0) return unlessDemanded(facts, 'sign-in');
  if (otherwise.kind === 'enroll') return { ...otherwise, why: 'step-up', graceEndsAt: null };
  // What opens the door is not asked for: it is open, and a proof that the route does not take leads nowhere.
  const methods =
    otherwise.why === 'to-enroll-another'
      ? otherwise.methods
      : otherwise.methods.filter((method) => stepUp?.methods?.includes(method) ?? true);
  return { ...otherwise, why: 'step-up', methods };
}

/** The sign-in proofs that count now: of this login, and after the last rise of the epoch. */
export function freshSignIns(facts: Facts): readonly CountingSignIn[] {
  const { signIns = [], policy, record, login, assurance, now } = facts;
  // Unknown: an earlier login may have left them in this session.
  const leftAt = assurance?.subjectId === '' ? assurance.expiresAt : 0;
  const after = Math.max(record.epochRoseAt ?? 0, login.proofsAfter ?? 0, leftAt);
  return countingSignIns(signIns, policy.proofs, { now, limitMs: limitOf(facts), after });
}

/** How long any proof counts (ms). */
export function limitOf({ maxAgeMs, policy }: Facts): number {
  return Math.min(maxAgeMs, (policy.maxAgeSeconds ?? Number.POSITIVE_INFINITY) * 1000);
}

function byEnrollments(facts: Facts): Decision {
  const { policy, record, now } = facts;
  const { enrollments } = record;
  const own = provable(record, policy);
  if (policy.mode === 'off') return whereOff(facts);

  if (enrollments.length === 0) {
    if (policy.mode === 'optional') return unlessDemanded(facts, 'not-enrolled');
    const { graceUntil } = policy;
    const graceEndsAt = graceUntil && graceUntil.getTime() > now ? graceUntil : null;
    if (graceEndsAt && graceEndsAt.getTime() === facts.postponedUntil)
      return unlessDemanded(facts, 'postponed');
    return { kind: 'enroll', why: 'required', methods: toActivate(facts), graceEndsAt };
  }

  const accepted = own.every((one) => isAccepted(one, policy))
    ? own
    : own.filter((one) => isAccepted(one, policy));
  const activated = policy.methods.filter((method) => isEnrolled(accepted, method));
  const codes = usableBackups(facts);
  if (activated.length === 0) {
    // All enrollments rest on another organization's authority and cannot be asked for here, so this is a first
    // activation.
    if (own.length === 0) {
      return {
        kind: 'enroll',
        why: 'method-not-accepted',
        methods: toActivate(facts),
        graceEndsAt: null,
      };
    }
    // The old factor only proves who is asking: it allows activating a new one, but does not let them in.
    const everywhere = bindingProof(facts) === 'everywhere';
    const binds = (factor: Factor) => isProof(factor) && (!everywhere || isOurs(factor));
    if (freshFactors(facts).some(binds)) {
      return {
        kind: 'enroll',
        why: 'method-not-accepted',
        methods: toActivate(facts),
        graceEndsAt: null,
      };
    }
    const askable = everywhere ? own.filter((one) => authorityOf(one) === null) : own;
    const methods = [...new Set(askable.map(({ method }) => method)), ...codes];
    return { kind: 'challenge', why: 'to-enroll-another', methods };
  }
  const usable = [...activated, ...codes];

  const fresh = freshFactors(facts);
  const proven = fresh.filter(
    ({ method, enrollmentId }) =>
      policy.methods.includes(method) && !isRefused(enrollmentId, own, accepted),
  );
  const remembered = fresh.some(({ method }) => method === REMEMBERED_DEVICE);
  // A remembered device counts as a proof at login, never as a fresh one.
  if (remembered && policy.rememberDeviceSeconds !== null && proven.length === 0) {
    return facts.stepUp ? steppedUp(facts, [], usable) : { kind: 'pass', why: 'remembered-device' };
  }
  if (proven.length === 0) return { kind: 'challenge', why: 'not-proven', methods: usable };
  return steppedUp(facts, proven, usable);
}

function steppedUp(
  facts: Facts,
  inPolicy: readonly Factor[],
  usableByPolicy: readonly MethodName[],
): Decision {
  const { stepUp, now } = facts;
  if (!stepUp) return { kind: 'pass', why: 'proven' };
  const { maxAgeMs, methods, everywhere = false } = stepUp;
  // Also with methods that the policy does not accept, since the step-up comes in addition.
  const proven = everywhere ? freshFactors(facts).filter(isOurs) : inPolicy;
  const usable = everywhere ? lastingMethods(facts) : usableByPolicy;
  const enough = proven.some(
    (factor) =>
      isProof(factor) &&
      (methods === null || methods.includes(factor.method)) &&
      isYounger(factor.at, maxAgeMs ?? Number.POSITIVE_INFINITY, now),
  );
  if (enough) return { kind: 'pass', why: 'proven' };
  const demanded = methods === null ? usable : usable.filter((method) => methods.includes(method));
  return { kind: 'challenge', why: 'step-up', methods: demanded };
}

function lastingMethods(facts: Facts): readonly MethodName[] {
  const lasting = facts.record.enrollments.filter((one) => authorityOf(one) === null);
  return [...new Set(lasting.map(({ method }) => method)), ...usableBackups(facts)];
}

/** For a person without a factor, of whom the policy demands nothing now. */
function unlessDemanded(
  facts: Facts,
  why: 'policy-off' | 'not-enrolled' | 'postponed' | 'sign-in',
): Decision {
  return facts.stepUp?.enroll
    ? { kind: 'enroll', why: 'step-up', methods: toStepUp(facts), graceEndsAt: null }
    : { kind: 'pass', why };
}

/** Even if the policy requires nothing, a route's demand applies to a person with a factor. */
function whereOff(facts: Facts): Decision {
  const enrollments = provable(facts.record, facts.policy);
  const askable = enrollments.length > 0 || facts.stepUp?.everywhere === true;
  if (!askable) return unlessDemanded(facts, 'policy-off');
  if (!facts.stepUp) return { kind: 'pass', why: 'policy-off' };
  const usable = [...new Set(enrollments.map(({ method }) => method)), ...usableBackups(facts)];
  return steppedUp(facts, freshFactors(facts), usable);
}

/** The proofs of this session that still count: of this subject, of this epoch, young enough, and for this policy. */
export function freshFactors(facts: Facts): readonly Factor[] {
  const { tenantId, record, policy, now } = facts;
  const own = ownAssurance(facts);
  if (own?.state !== 'proven' || own.epoch !== record.epoch || own.expiresAt <= now) return [];
  const limit = limitOf(facts);
  return own.factors.filter(
    (factor) => isYounger(factor.at, limit, now) && counts(factor, policy, tenantId),
  );
}

/**
 * The owner of an outside service's keys decides whom it accepts. So such a proof counts only in the organization in
 * whose name it was given, since a person who acts for several has one session for all of them.
 */
function counts(
  { method, via, tenantId: standsFor }: Factor,
  { methods }: Policy,
  tenantId: string,
): boolean {
  if (method === REMEMBERED_DEVICE) {
    return standsFor === tenantId && via !== undefined && methods.includes(via);
  }
  return via === undefined || via === tenantId;
}

/** The methods that may be activated and that the route accepts, if there are any. */
function toStepUp(facts: Facts): readonly MethodName[] {
  const methods = toActivate(facts);
  const taken = methods.filter((name) => facts.stepUp?.methods?.includes(name) ?? true);
  return taken.length > 0 ? taken : methods;
}

function toActivate({ policy, backups }: Facts): readonly MethodName[] {
  return policy.methods.filter((method) => !backups.includes(method));
}

/**
 * A fallback lets a person in while an outside service is unavailable, but proves nothing; nor does a proof that
 * counts only at login.
 */
export function isProof({ method, enrollmentId, loginOnly }: Factor): boolean {
  return enrollmentId !== FALLBACK && method !== REMEMBERED_DEVICE && loginOnly !== true;
}

/** Its secret is ours, so it rests on no outside authority. */
function isOurs({ via }: Factor): boolean {
  return via === undefined;
}

/** Proven by an enrollment that exists but does not count. */
function isRefused(
  id: string,
  own: readonly Enrollment[],
  accepted: readonly Enrollment[],
): boolean {
  return (
    own.length > accepted.length && own.some((one) => one.id === id && !accepted.includes(one))
  );
}

function isEnrolled(enrollments: readonly Enrollment[], method: MethodName): boolean {
  return enrollments.some((enrollment) => enrollment.method === method);
}
