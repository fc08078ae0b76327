import type { Digest } from './keyring.js';
import type { Authenticator, Enrollment, PendingEnrollment } from './records.js';
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

/** What is attempted. */
export interface AttemptOf {
  readonly method: MethodName;
  /** The method stops at `limits.stop`, not only waits. */
  readonly stoppable: boolean;
  /** False where nothing can be guessed: it neither counts nor waits, whatever the count. Default true. */
  readonly counted?: boolean;
}

export type Reservation =
  | {
      readonly kind: 'reserved';
      /** The store's time of the reservation: what codes are compared against on every process. */
      readonly at: number;
      readonly epoch: number;
      readonly authenticators: readonly Authenticator[];
      readonly pending: PendingEnrollment | null;
      /** The digest of the activation key that is good now. */
      readonly activationKey: Digest | null;
    }
  | { readonly kind: 'locked' /** null: until somebody helps. */; readonly retryAt: number | null };

export type Commit =
  | { readonly kind: 'committed'; readonly epoch: number }
  /** The step was already accepted, here or on another process. */
  | { readonly kind: 'replayed' }
  /** The enrollment was removed meanwhile. */
  | { readonly kind: 'gone' }
  /** The epoch has risen meanwhile. */
  | { readonly kind: 'ended' };

export type Confirmation =
  | { readonly kind: 'confirmed'; readonly epoch: number; readonly enrollment: Enrollment }
  /** A newer attempt, another session, a reset, or an enrollment made meanwhile has voided this one. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'expired' }
  /** The epoch has risen meanwhile. */
  | { readonly kind: 'ended' };
