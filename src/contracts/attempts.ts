import type { Findable } from './holders.js';
import type { Digest, Sealed } from './keyring.js';
import type {
  Authenticator,
  Enrollment,
  PendingEnrollment,
  SealedKept,
  SessionDigest,
} from './records.js';
import type { MethodName } from './subject.js';

/** How many wrong answers are free, how long the waits after them are, and where evaluation stops. */
export interface AttemptLimits {
  /** Failures before the first wait. */
  readonly free: number;
  /** Waits in milliseconds after the failure number `free`, `free` + 1, …; the last one repeats. */
  readonly waits: readonly number[];
  /** Consecutive failures after which guessable methods stop until somebody helps. */
  readonly stop: number;
}

/** The method of an attempt, and how it is limited. */
export interface AttemptOf {
  readonly method: MethodName;
  /** The method stops at `limits.stop`, not only waits. */
  readonly stoppable: boolean;
  /** False for a method that cannot be guessed: it neither counts nor waits. Default true. */
  readonly counted?: boolean;
}

export interface ReservedAttempt {
  readonly kind: 'reserved';
  /** The store's time of the reservation, at which every process compares codes. */
  readonly at: number;
  readonly epoch: number;
  readonly authenticators: readonly Authenticator[];
  readonly pending: PendingEnrollment | null;
  /** Consecutive failures including this attempt; 0 when it is not counted. */
  readonly failures: number;
  /** As in `ImportedCodes`. */
  readonly foreignCodes: Sealed | null;
  /** The digest of the activation key that is valid now. */
  readonly activationKey: Digest | null;
}

export interface LockedAttempt {
  readonly kind: 'locked';
  /** null: until somebody helps. */
  readonly retryAt: number | null;
}

export type Reservation = ReservedAttempt | LockedAttempt;

/** How a right answer is committed. */
export interface AcceptedAnswer {
  readonly enrollmentId: string;
  /** Must be later than the last accepted one; null for a method without steps. */
  readonly step: number | null;
  readonly epoch: number;
  /** Replaces what was kept. */
  readonly keep?: SealedKept | undefined;
}

export type Commit =
  | { readonly kind: 'committed'; readonly epoch: number }
  /** The step was already accepted, here or on another process. */
  | { readonly kind: 'replayed' }
  /** The enrollment was removed meanwhile. */
  | { readonly kind: 'gone' }
  /** The epoch has risen meanwhile. */
  | { readonly kind: 'ended' };

export type SpentCode =
  | { readonly kind: 'spent'; readonly left: number; readonly epoch: number }
  | { readonly kind: 'unknown' }
  /** The epoch has risen meanwhile. */
  | { readonly kind: 'ended' };

export interface EnrollmentProposal extends Omit<PendingEnrollment, 'expiresAt'> {
  readonly lifetimeMs: number;
}

export interface BeginEnrollment {
  readonly restart: boolean;
  readonly activationKey?: Digest | null;
  /** Voids no other pending enrollment: gives null and changes nothing while one is in time. */
  readonly unlessPending?: boolean;
}

export interface EnrollmentConfirmation extends Findable {
  readonly id: string;
  readonly session: SessionDigest;
  readonly step: number;
  readonly replaces: string | null;
  readonly epoch: number;
  /** Ids of enrollments that the subject could not have been asked to prove. */
  readonly besides?: readonly string[] | undefined;
  /** Replaces the label that it was begun with. */
  readonly label?: string | undefined;
  /** Replaces what it was begun with. */
  readonly keep?: SealedKept | undefined;
}

export type Confirmation =
  | { readonly kind: 'confirmed'; readonly epoch: number; readonly enrollment: Enrollment }
  /** A newer attempt, another session, a reset, or an enrollment made meanwhile has voided this one. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'expired' }
  /** The epoch has risen meanwhile. */
  | { readonly kind: 'ended' };

/** The operations of `SecondFactorStore` for a right answer, within the step that has counted it. */
export interface SubjectInStep {
  commitAttempt(accepted: AcceptedAnswer): Commit;
  spendRecoveryCode(candidates: readonly Digest[], epoch: number): SpentCode;
  beginEnrollment(proposal: EnrollmentProposal, options: BeginEnrollment): PendingEnrollment | null;
  confirmEnrollment(confirmation: EnrollmentConfirmation): Confirmation;
}

/**
 * Judges an attempt. It is synchronous and depends on its arguments alone: it may be run several times, and only the
 * run whose write wins counts.
 */
export type Judge<T> = (reserved: ReservedAttempt, subject: SubjectInStep) => T;

export type JudgedAttempt<T> = { readonly kind: 'judged'; readonly result: T } | LockedAttempt;
