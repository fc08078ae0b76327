import type { Reservation } from './attempts.js';
import type { Digest } from './keyring.js';
import type { Policy } from './policy.js';
import type { Enrollment, EnrollmentBasis, SessionDigest } from './records.js';
import type { MethodName, Subject } from './subject.js';

/** One answer of one person to one method, with everything the method may use. */
export interface Attempt {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly session: SessionDigest;
  /** Of the subject, as this session knows it: what is verified under another one does not count. */
  readonly epoch: number;
  /**
   * More is asked than at login: a step-up, or the proof before another method is activated. What counts at
   * login only is not enough.
   */
  readonly stepUp?: boolean;
  /** A refusal is no event: nobody has begun what would have failed. */
  readonly unrecorded?: boolean;
  /** Enrollments that the subject cannot be asked to prove here: a first activation may stand beside them. */
  readonly besides?: readonly string[];
  /** The names under which an authenticator app lists the account; `account` is by default the subject's label. */
  readonly issuer: string;
  readonly account?: string;
  /** What the subject has activated, as far as it is known already: what is asked for can then fit to it. */
  readonly enrollments?: readonly Enrollment[];
  /** Form fields or JSON body, as they came; each method takes from it only what it knows. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a person is asked for. `data` is for the page; it holds a secret only at enrollment. */
export interface Challenge {
  readonly method: MethodName;
  readonly kind: 'form' | 'redirect';
  readonly data: Readonly<Record<string, unknown>>;
}

export type Verdict =
  | {
      readonly kind: 'verified';
      readonly enrollmentId: string;
      readonly epoch: number;
      readonly at: number;
      /** As in `Factor`. */
      readonly via?: string;
      /** As in `Factor`. */
      readonly loginOnly?: boolean;
      /** The person wants this device remembered, and said so on the page that asked for the answer. */
      readonly remember?: boolean;
      /** For the event, e.g. what Duo says of it. */
      readonly detail?: string;
    }
  | {
      readonly kind: 'rejected';
      readonly reason:
        | 'wrong-code'
        | 'replayed'
        | 'expired'
        | 'superseded'
        | 'denied'
        | 'ended'
        | 'not-accepted'
        | 'malformed';
      /** Of a code that is right at another time: by how many milliseconds the clock it comes from is fast. */
      readonly clockOffMs?: number;
      /** For the event, beyond the reason; never shown. */
      readonly detail?: string;
    }
  | { readonly kind: 'locked'; readonly retryAt: Date | null }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** Why an answer was refused. One of a session that has ended (`ended`) is not told why: it signs in again. */
export type RefusalReason = Exclude<Extract<Verdict, { kind: 'rejected' }>['reason'], 'ended'>;

/** What a person is told about an answer to one method, as whole sentences: they fit what was asked for. */
export interface MethodWords {
  readonly refused: Readonly<Record<RefusalReason, string>>;
  /** Too many wrong answers; `wait` is how long it is until the next one is heard: `30 seconds`. */
  readonly locked: (wait: string) => string;
  /** The same where it takes somebody's help. */
  readonly stopped: string;
  /** Of a code that is right at another time, by a clock that is so many milliseconds fast (negative: slow). */
  readonly clockOff?: (ms: number) => string;
}

export interface EnrollableWords extends MethodWords {
  /** On the page before an activation that a person has to begin: what it is about, and the button. */
  readonly begin: { readonly heading: string; readonly text: string; readonly button: string };
}

/** Verifies answers. `challenge` shows what to do; `verify` redeems one answer. */
export interface SecondFactorMethod {
  readonly name: MethodName;
  /** How the page names it, e.g. `Authenticator app`. */
  readonly title: string;
  readonly words: MethodWords;
  /**
   * Whose proof it is. `organization`: it rests on somebody else's word, e.g. Duo's, and counts only in the
   * organization whose keys it came by. Default `subject`: its secret is ours, and it counts everywhere.
   */
  readonly scope?: 'subject' | 'organization';
  /** Guessable methods are counted, and stop at the limit; `waits` are counted and wait only. */
  readonly counting: 'stops' | 'waits' | 'none';
  /** Whether the input has the form of an answer; what has not is refused before anything is counted. */
  wellFormed(input: Attempt['input']): boolean;
  challenge(attempt: Attempt): Promise<Challenge>;
  verify(attempt: Attempt, reservation: ReservedAttempt): Promise<Verdict>;
}

export type ReservedAttempt = Extract<Reservation, { kind: 'reserved' }>;

export interface BeginOptions {
  readonly basis: EnrollmentBasis;
  /** Voids what this session has begun. */
  readonly restart: boolean;
  /** Voids nothing: null where another enrollment is pending. */
  readonly unlessPending?: boolean;
  readonly activationKey?: Digest | null;
  /** Milliseconds; by default the method's own. */
  readonly lifetimeMs?: number;
}

/** A method that a person can activate. */
export interface EnrollableMethod extends SecondFactorMethod {
  /** How many of it a person may have: each of them is one more that a guess may hit. */
  readonly atMost: number;
  readonly words: EnrollableWords;
  /** null when the basis does not hold; see `SecondFactorStore.beginEnrollment`. */
  beginEnrollment(attempt: Attempt, options: BeginOptions): Promise<Challenge | null>;
  /** What this session has begun, or what an administrator has handed over; null when there is neither. */
  resumeEnrollment(attempt: Attempt): Promise<Challenge | null>;
  confirmEnrollment(
    attempt: Attempt,
    reservation: ReservedAttempt,
    options: { readonly replaces: string | null },
  ): Promise<Verdict>;
}
