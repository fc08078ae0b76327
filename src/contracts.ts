/**
 * The interfaces at which a host or a third party extends Sallyport: subject, policy, method, store, events.
 * All times are milliseconds since 1970 on the store's clock unless a name says otherwise.
 */

/** A value that a warm read has at hand and a cold one must wait for. */
export type Awaitable<T> = T | Promise<T>;

/** A kind of second factor. The built-in ones are named; a host may add its own. */
export type MethodName = 'totp' | 'duo' | 'recovery-code' | (string & {});

/**
 * The person at the keyboard, never an impersonated user. `id` is stable and never re-used: all records are
 * keyed by it alone, so that a new e-mail address or another tenant un-enrolls nobody.
 */
export interface Subject {
  readonly id: string;
  readonly tenantId: string;
  /** What the authenticator app shows beside the issuer; an e-mail address or a user name. */
  readonly label: string;
}

// ---- policy ---------------------------------------------------------------------------------------------

/** Why a part of a policy is as it is: who decided (`level`, `id`) and by which `rule`. */
export interface PolicyReason {
  readonly level: 'partner' | 'client' | 'user' | 'host' | (string & {});
  readonly id: string;
  readonly rule: string;
}

/** What one subject must prove, resolved. */
export interface Policy {
  readonly mode: 'off' | 'optional' | 'required';
  /** Accepted methods, the preferred one first. */
  readonly methods: readonly MethodName[];
  /** Whose Duo configuration is used, and which version of its keys. Never the keys. */
  readonly duo: { readonly source: string; readonly credentialVersion: string } | null;
  readonly enrollment: 'self' | 'activation-key';
  /** Until then a subject who is not enrolled may postpone it. */
  readonly graceUntil: Date | null;
  /** How long a proof counts, in seconds; null leaves it to the door's `maxAge`. */
  readonly maxAgeSeconds: number | null;
  readonly because: readonly PolicyReason[];
}

/** What a host's policy function may return: a `Policy` of which all but `mode` has a default. */
export type PolicyInput = Pick<Policy, 'mode'> & Partial<Policy>;

export interface PolicyContext {
  /** Aborted when the deadline (`policyTimeout`) has passed. */
  readonly signal: AbortSignal;
}

export type PolicyFunction = (
  subject: Subject,
  context: PolicyContext,
) => Awaitable<Policy | PolicyInput>;

export interface PolicyResolver {
  resolve: PolicyFunction;
}

// ---- what is stored about a subject ---------------------------------------------------------------------

/** One active authenticator of a subject. */
export interface Enrollment {
  readonly id: string;
  readonly method: MethodName;
  readonly label: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** What decisions need to know of a subject. A subject nobody has written yet reads as `emptySubject`. */
export interface SubjectRecord {
  /** Rises whenever a factor is removed, reset or replaced; every older assurance is void from then on. */
  readonly epoch: number;
  readonly enrollments: readonly Enrollment[];
}

export const emptySubject: SubjectRecord = Object.freeze({
  epoch: 0,
  enrollments: Object.freeze([]),
});

/** Bytes that only the keyring can open. */
export type Sealed = Uint8Array;

/** An active enrollment with what its method needs to verify an answer. */
export interface Authenticator {
  readonly id: string;
  readonly method: MethodName;
  readonly sealed: Sealed;
  /** The method's own settings at enrollment, e.g. `SHA1/6/30`; at most 32 characters. */
  readonly parameters: string;
  /** The last accepted time step of TOTP; -1 before the first. */
  readonly lastStep: number;
}

/** An enrollment that has been begun and not confirmed. A subject has at most one. */
export interface PendingEnrollment {
  readonly id: string;
  readonly method: MethodName;
  readonly label: string;
  readonly sealed: Sealed;
  readonly parameters: string;
  /** The session that began it; no other may see or confirm it. */
  readonly session: SessionDigest;
  readonly expiresAt: number;
  /**
   * `first`: begun by a subject without any factor, and void as soon as there is one.
   * `proven`: begun by a subject who had just proven an existing factor.
   */
  readonly basis: 'first' | 'proven';
}

/** SHA-256 of a session id, base64url. Session ids themselves never reach the store. */
export type SessionDigest = string & { readonly __digest?: 'session' };

/** One proof: which method, by which enrollment, when. */
export interface Factor {
  readonly method: MethodName;
  readonly enrollmentId: string;
  readonly at: number;
}

/**
 * What a session has proven. The way is absent → pending → proven → ended, forward only; `pending` is a
 * session between the doors with its own short life.
 */
export interface AssuranceRecord {
  readonly state: 'pending' | 'proven' | 'ended';
  readonly subjectId: string;
  readonly epoch: number;
  readonly factors: readonly Factor[];
  readonly expiresAt: number;
}

// ---- attempts -------------------------------------------------------------------------------------------

/** How many wrong answers are free, how long the waits after them are, and where evaluation stops. */
export interface AttemptLimits {
  /** Failures before the first wait. */
  readonly free: number;
  /** Waits in milliseconds after the failure number `free`, `free` + 1, …; the last one repeats. */
  readonly waits: readonly number[];
  /** Consecutive failures after which guessable methods stop until somebody helps. */
  readonly stop: number;
}

export type Reservation =
  | {
      readonly kind: 'reserved';
      /** The store's time of the reservation: what codes are compared against on every process. */
      readonly at: number;
      readonly epoch: number;
      readonly authenticators: readonly Authenticator[];
      readonly pending: PendingEnrollment | null;
    }
  | { readonly kind: 'locked' /** null: until somebody helps. */; readonly retryAt: number | null };

export type Commit =
  | { readonly kind: 'committed'; readonly epoch: number }
  /** The step was already accepted, here or on another process. */
  | { readonly kind: 'replayed' }
  /** The enrollment was removed meanwhile. */
  | { readonly kind: 'gone' };

export type Confirmation =
  | { readonly kind: 'confirmed'; readonly epoch: number; readonly enrollment: Enrollment }
  /** A newer attempt, another session, a reset, or an enrollment made meanwhile has voided this one. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'expired' };

/**
 * Where enrollments, attempts and assurance live. Every method is one atomic operation and safe to retry; a
 * write that timed out may still apply. The store sees sealed bytes and digests only. A broken, late or
 * emptied store rejects (throws) with `UnavailableError`: it never answers "nothing there" in its place.
 *
 * `readSubject` and `readAssurance` answer synchronously when they can. What they answer may be behind a
 * write of another process by at most `stalenessMs`.
 */
export interface SecondFactorStore {
  readonly name: string;
  readonly stalenessMs: number;
  /** The clock that all processes share, as well as this one knows it. */
  now(): number;
  /** Resolves when the store can serve; rejects with what is wrong. Outside production it may initialize. */
  ready(): Promise<void>;
  close(): Promise<void>;
  /**
   * Calls back after anything that was read may have changed, here or on another process, and after the
   * store was lost: at the latest `stalenessMs` afterwards. Returns a function that unsubscribes.
   */
  subscribe(onChange: () => void): () => void;

  readSubject(subjectId: string): Awaitable<SubjectRecord>;
  readAssurance(session: SessionDigest): Awaitable<AssuranceRecord | null>;

  /** Starts the short life of a session between the doors; one that has begun is left as it is. */
  openPending(
    session: SessionDigest,
    pending: { readonly subjectId: string; readonly lifetimeMs: number },
  ): Promise<AssuranceRecord>;
  /** Stamps a session proven. False when it has ended: an ended session stays so. */
  prove(
    session: SessionDigest,
    proof: {
      readonly subjectId: string;
      readonly epoch: number;
      readonly factors: readonly Factor[];
      readonly lifetimeMs: number;
    },
  ): Promise<boolean>;
  /** Ends a session for good; the mark is kept for `keepMs`. True for the one call that ended it. */
  end(session: SessionDigest, keepMs: number): Promise<boolean>;

  /**
   * Counts an attempt before anything is compared, and returns what is needed to compare. A refused attempt
   * is not counted. `stoppable`: the method stops at `limits.stop`, not only waits.
   */
  reserveAttempt(
    subjectId: string,
    limits: AttemptLimits,
    attempt: { readonly method: MethodName; readonly stoppable: boolean },
  ): Promise<Reservation>;
  /** Accepts an answer: the step must be later than the last accepted one. Clears the count of failures. */
  commitAttempt(
    subjectId: string,
    accepted: { readonly enrollmentId: string; readonly step: number },
  ): Promise<Commit>;

  /**
   * Begins an enrollment. One that this session has begun for the same method, and that has not expired, is
   * returned as it is, unless `restart`; any other is voided.
   */
  beginEnrollment(
    subjectId: string,
    proposal: Omit<PendingEnrollment, 'expiresAt'> & { readonly lifetimeMs: number },
    options: { readonly restart: boolean },
  ): Promise<PendingEnrollment>;
  /**
   * Makes the pending enrollment active: once, by the session that began it, in time, with its first step
   * accepted and the count of failures cleared. `replaces` is removed in the same step, and the epoch rises.
   */
  confirmEnrollment(
    subjectId: string,
    confirmation: {
      readonly id: string;
      readonly session: SessionDigest;
      readonly step: number;
      readonly replaces: string | null;
    },
  ): Promise<Confirmation>;
  /** Removes one active enrollment and raises the epoch; null when there is no such enrollment. */
  unenroll(subjectId: string, enrollmentId: string): Promise<{ readonly epoch: number } | null>;
  /** Removes all factors, the pending enrollment and the count of failures, and raises the epoch. */
  reset(subjectId: string): Promise<{ readonly epoch: number }>;
}

// ---- methods --------------------------------------------------------------------------------------------

/** One answer of one person to one method, with everything the method may use. */
export interface Attempt {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly session: SessionDigest;
  /** The name that the authenticator app shows. */
  readonly issuer: string;
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
    }
  | {
      readonly kind: 'rejected';
      readonly reason:
        | 'wrong-code'
        | 'replayed'
        | 'expired'
        | 'superseded'
        | 'denied'
        | 'malformed';
    }
  | { readonly kind: 'locked'; readonly retryAt: Date | null }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** Verifies answers. `challenge` shows what to do; `verify` redeems one answer. */
export interface SecondFactorMethod {
  readonly name: MethodName;
  /** How the page names it, e.g. `Authenticator app`. */
  readonly title: string;
  /** Guessable methods are counted, and stop at the limit; `waits` are counted and wait only. */
  readonly counting: 'stops' | 'waits' | 'none';
  /** Whether the input has the form of an answer; what has not is refused before anything is counted. */
  wellFormed(input: Attempt['input']): boolean;
  challenge(attempt: Attempt): Promise<Challenge>;
  verify(attempt: Attempt, reservation: ReservedAttempt): Promise<Verdict>;
}

export type ReservedAttempt = Extract<Reservation, { kind: 'reserved' }>;

/** A method that a person can activate. */
export interface EnrollableMethod extends SecondFactorMethod {
  beginEnrollment(
    attempt: Attempt,
    options: { readonly restart: boolean; readonly basis: PendingEnrollment['basis'] },
  ): Promise<Challenge>;
  confirmEnrollment(
    attempt: Attempt,
    reservation: ReservedAttempt,
    options: { readonly replaces: string | null },
  ): Promise<Verdict>;
}

// ---- crypto and events ----------------------------------------------------------------------------------

export interface Keyring {
  /** Seals `plain` so that it opens under the same `context` only. */
  seal(plain: Uint8Array, context: string): Sealed;
  /** Throws `SallyportError` (ERR_SEALED) for anything that this keyring did not seal under `context`. */
  open(sealed: Sealed, context: string): Uint8Array;
  /** Whether the first key sealed it; otherwise it should be sealed again. */
  isCurrent(sealed: Sealed): boolean;
}

export type AuditEventType =
  | 'verification.succeeded'
  | 'verification.failed'
  | 'verification.locked'
  | 'enrollment.confirmed'
  | 'enrollment.failed'
  | 'enrollment.removed'
  | 'enrollment.reset'
  | 'session.ended'
  | 'unavailable';

/** Something that happened, for the audit trail. Never holds a code, a secret or a token. */
export interface AuditEvent {
  readonly type: AuditEventType;
  readonly at: Date;
  readonly subjectId: string | null;
  readonly tenantId: string | null;
  /** Who did it: the subject itself, or an administrator's id. */
  readonly actorId: string | null;
  readonly method: MethodName | null;
  /** The client's address as Express sees it (`req.ip`). */
  readonly from: string | null;
  readonly detail: string | null;
}

export interface AuditSink {
  record(event: AuditEvent): void | Promise<void>;
}
