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
  /** For how long, in seconds, a person may have a device remembered; null: not at all. At most 30 days. */
  readonly rememberDeviceSeconds: number | null;
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
  /** What an administrator set for this user. */
  readonly setting: StoredSetting | null;
  /** When the activation key that was handed out ends; null when there is none. It may be past. */
  readonly activationKeyEndsAt: number | null;
  /** null: none were ever made, or they went with a reset. */
  readonly recoveryCodesLeft: number | null;
  /** Consecutive failures, as counted by `reserveAttempt`. */
  readonly failures: number;
}

export const emptySubject: SubjectRecord = Object.freeze({
  epoch: 0,
  enrollments: Object.freeze([]),
  setting: null,
  activationKeyEndsAt: null,
  recoveryCodesLeft: null,
  failures: 0,
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
  readonly basis: EnrollmentBasis;
}

/**
 * What a pending enrollment rests on.
 * `first`: begun by a subject without any factor, and void as soon as there is one.
 * `activation-key`: the same, by somebody who also knew the activation key; confirming it spends the key.
 * `handover`: the same, begun by an administrator for the subject; bound to no session (`session` is empty)
 *   and confirmed at the subject's next login.
 * `proven`: begun by a subject who had just proven an existing factor.
 */
export type EnrollmentBasis = 'first' | 'activation-key' | 'handover' | 'proven';

/** SHA-256 of a session id, base64url. Session ids themselves never reach the store. */
export type SessionDigest = string & { readonly __digest?: 'session' };

/** The `enrollmentId` of a factor that nobody proved: its tenant lets people in while Duo is out of reach. */
export const FALLBACK = 'fallback';

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
      /** The digest of the activation key that is good now. */
      readonly activationKey: Digest | null;
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
export interface SecondFactorStore
  extends SettingStore,
    ActivationKeyStore,
    RecoveryCodeStore,
    TransactionStore,
    DeviceStore,
    EventStore {
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
  /**
   * Accepts an answer and clears the count of failures. The step must be later than the last accepted one;
   * null for a method without steps (Duo), whose transaction is single use already.
   */
  commitAttempt(
    subjectId: string,
    accepted: { readonly enrollmentId: string; readonly step: number | null },
  ): Promise<Commit>;

  /**
   * Begins an enrollment. One that this session has begun for the same method and basis, and that has not
   * expired, is returned as it is, unless `restart`; any other is voided. On the basis `activation-key` it
   * must be given the digest of the subject's key (which clears the count of failures), or have this
   * session's pending enrollment on that basis to go on from; null when it has neither, and nothing changes.
   */
  beginEnrollment(
    subjectId: string,
    proposal: Omit<PendingEnrollment, 'expiresAt'> & { readonly lifetimeMs: number },
    options: { readonly restart: boolean; readonly activationKey?: Digest | null },
  ): Promise<PendingEnrollment | null>;
  /** The pending enrollment that this session may go on with: its own, or one handed over; in time. */
  resumeEnrollment(subjectId: string, session: SessionDigest): Promise<PendingEnrollment | null>;
  /**
   * Makes the pending enrollment active: once, by the session that began it (any of the subject's for
   * `handover`), in time, with its first step accepted and the count of failures cleared. `replaces` is
   * removed in the same step, and the epoch rises. On the basis `activation-key` the key must still be there,
   * and is spent; on every basis but `proven` there must be no active enrollment.
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
  /**
   * Puts other sealed bytes in the place of those of an enrollment, active or pending, if these still are
   * `expected`: the same secret under a newer key. Changes nothing else. True when it was done.
   */
  reseal(
    subjectId: string,
    enrollmentId: string,
    expected: Sealed,
    resealed: Sealed,
  ): Promise<boolean>;
  /** Removes one active enrollment and raises the epoch; null when there is no such enrollment. */
  unenroll(subjectId: string, enrollmentId: string): Promise<{ readonly epoch: number } | null>;
  /**
   * Removes all factors, the pending enrollment, recovery codes, the activation key and the count of failures,
   * and raises the epoch. The user's setting stays.
   */
  reset(subjectId: string): Promise<{ readonly epoch: number }>;
  /** Raises the epoch alone: every assurance of the subject is void. */
  raiseEpoch(subjectId: string): Promise<{ readonly epoch: number }>;
  /** Clears the count of failures. */
  unlock(subjectId: string): Promise<void>;
  /** Forgets everything of the subject but the epoch, which rises: an id might come back after all. */
  deleteSubject(subjectId: string): Promise<void>;
}

// ---- settings, activation keys, recovery codes, transactions, events ------------------------------------

/** A JSON value that the store keeps as it is given, with who changed it last. The policy knows its shape. */
export interface StoredSetting {
  /** 1 for the first one saved; rises with each change. */
  readonly version: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly changedBy: string;
  readonly changedAt: number;
}

export interface SettingChange {
  /** null removes the setting; its version goes on rising. */
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly changedBy: string;
  /** The version the change was made from, 0 for none; null overwrites whatever there is. */
  readonly expectedVersion: number | null;
}

export type SettingWrite =
  | { readonly kind: 'saved'; readonly version: number }
  /** Somebody else was faster; nothing was written. */
  | { readonly kind: 'conflict'; readonly current: StoredSetting | null };

/**
 * What administrators set, per organization and per user. Reads are tracked like those of subjects; a user's
 * setting comes with `SubjectRecord`. Changing an organization's setting touches no user's record.
 */
export interface SettingStore {
  readSetting(organizationId: string): Awaitable<StoredSetting | null>;
  writeSetting(organizationId: string, change: SettingChange): Promise<SettingWrite>;
  writeUserSetting(subjectId: string, change: SettingChange): Promise<SettingWrite>;
}

/** A keyed digest, with the id of the key that made it. */
export interface Digest {
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  /** 10 bytes. */
  readonly bytes: Uint8Array;
}

/** Single-use codes that an administrator hands out of band; a subject has at most one. */
export interface ActivationKeyStore {
  /** Replaces the one before, and voids a pending enrollment that rests on it. Resolves to when it ends. */
  putActivationKey(
    subjectId: string,
    key: { readonly digest: Digest; readonly lifetimeMs: number },
  ): Promise<number>;
  /** True when there was one. A pending enrollment that rests on it is void. */
  revokeActivationKey(subjectId: string): Promise<boolean>;
}

/** Single-use codes for the day the phone is gone. */
export interface RecoveryCodeStore {
  /** Voids the old ones. */
  replaceRecoveryCodes(subjectId: string, digests: readonly Digest[]): Promise<void>;
  /**
   * Spends the code that one of the digests (one per key of the keyring) stands for, and clears the count of
   * failures: once, whoever asks at the same time.
   */
  spendRecoveryCode(
    subjectId: string,
    candidates: readonly Digest[],
  ): Promise<
    | { readonly kind: 'spent'; readonly left: number; readonly epoch: number }
    | { readonly kind: 'unknown' }
  >;
}

/** Values for one use within a short time, e.g. what a redirect to Duo comes back to. */
export interface TransactionStore {
  /** `id` is a digest of what the other side brings back. */
  putTransaction(id: string, value: Sealed, lifetimeMs: number): Promise<void>;
  /** The value, for the first one who asks in time; null for everybody else. */
  takeTransaction(id: string): Promise<Sealed | null>;
}

/** The method of a factor that a remembered device stands for. */
export const REMEMBERED_DEVICE = 'remembered-device';

/** A device on which a person need not prove a method again for a while. */
export interface RememberedDevice {
  readonly id: string;
  /** What the browser says it is; at most 80 characters. */
  readonly label: string;
  /** The method that was proven when it was remembered. */
  readonly method: MethodName;
  /** Of the subject, at that time: a factor changed since voids it. */
  readonly epoch: number;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly endsAt: number;
}

export type DeviceUse =
  /** The token was right, and `next` is in its place now. */
  | { readonly kind: 'rotated'; readonly device: RememberedDevice }
  /** The token before, moments after its rotation: another tab of the same browser. Nothing is rotated. */
  | { readonly kind: 'just-rotated'; readonly device: RememberedDevice }
  /** A token from earlier: somebody has a copy. The device is forgotten. */
  | { readonly kind: 'stolen' }
  | { readonly kind: 'unknown' };

/** Remembered devices. Tokens are digests; each use replaces the token. */
export interface DeviceStore {
  putDevice(
    subjectId: string,
    device: Pick<RememberedDevice, 'id' | 'label' | 'method' | 'epoch'> & {
      readonly token: string;
      readonly lifetimeMs: number;
    },
  ): Promise<void>;
  /** `graceMs`: how long after a rotation the token before is still taken. */
  useDevice(
    subjectId: string,
    use: {
      readonly id: string;
      readonly token: string;
      readonly next: string;
      readonly graceMs: number;
    },
  ): Promise<DeviceUse>;
  /** Those that have not ended, the newest first. */
  readDevices(subjectId: string): Promise<readonly RememberedDevice[]>;
  /** True when there was one. */
  removeDevice(subjectId: string, id: string): Promise<boolean>;
}

/** An event as the trail keeps it. */
export interface StoredEvent extends AuditEvent {
  /** Where it stands in its organization's trail; later ones sort after it. */
  readonly id: string;
}

/** The audit trail, per organization and capped. */
export interface EventStore {
  /** `keep`: about how many events an organization keeps; the oldest go first. */
  appendEvent(organizationId: string, event: AuditEvent, keep: number): Promise<void>;
  /** The newest first; `before` is the id of the last one of the page before. */
  readEvents(
    organizationId: string,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<readonly StoredEvent[]>;
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
        | 'malformed';
      /** For the event, beyond the reason; never shown. */
      readonly detail?: string;
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

export interface BeginOptions {
  readonly basis: EnrollmentBasis;
  /** Voids what this session has begun. */
  readonly restart: boolean;
  readonly activationKey?: Digest | null;
  /** Milliseconds; by default the method's own. */
  readonly lifetimeMs?: number;
}

/** A method that a person can activate. */
export interface EnrollableMethod extends SecondFactorMethod {
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

// ---- crypto and events ----------------------------------------------------------------------------------

export interface Keyring {
  /** Seals `plain` so that it opens under the same `context` only. */
  seal(plain: Uint8Array, context: string): Sealed;
  /** Throws `SallyportError` (ERR_SEALED) for anything that this keyring did not seal under `context`. */
  open(sealed: Sealed, context: string): Uint8Array;
  /** Whether the first key sealed it; otherwise it should be sealed again. */
  isCurrent(sealed: Sealed): boolean;
  /** A keyed digest of a random code under the first key, for storing. */
  digest(code: string, context: string): Digest;
  /** The digests of a code under each key, for comparing. */
  digests(code: string, context: string): readonly Digest[];
}

export type AuditEventType =
  | 'verification.succeeded'
  | 'verification.failed'
  | 'verification.locked'
  | 'activation-key.issued'
  | 'activation-key.revoked'
  | 'recovery-codes.made'
  | 'setting.changed'
  | 'subject.deleted'
  | 'subject.moved'
  | 'subject.unlocked'
  | 'sessions.ended'
  | 'fallback.used'
  | 'device.remembered'
  | 'device.forgotten'
  | 'device.stolen'
  | 'enrollment.handed-over'
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

// ---- the host's directory -------------------------------------------------------------------------------

/** An organization as the administrator's pages show it. */
export interface DirectoryOrganization {
  readonly id: string;
  readonly name: string;
  readonly kind: 'partner' | 'client';
  /** The partner of a client; null for a partner, and for a client without one. */
  readonly partnerId: string | null;
}

export interface DirectoryUser {
  /** The same as `Subject.id`. */
  readonly id: string;
  /** The same as `Subject.label`. */
  readonly label: string;
  readonly name?: string | undefined;
}

export interface DirectoryQuery {
  /** What was typed into the search field, trimmed; empty for all. */
  readonly search: string;
  /** `next` of the page before; null for the first page. It comes from a link, so check it. */
  readonly cursor: string | null;
  /** The most items to return, 1 to 200. */
  readonly limit: number;
}

export interface DirectoryPage<T> {
  readonly items: readonly T[];
  /** What leads to the next page, at most 512 characters; null on the last one. */
  readonly next: string | null;
  /** How many there are in all; null where counting is not worth it. */
  readonly total: number | null;
}

/**
 * The host's organizations and users, for the administrator's pages. Never assumed small: it is only asked
 * page by page. Ids match exactly or not at all. Answer null for what does not exist, and for a user of
 * another organization than the one named; a rejection is answered with a 503.
 */
export interface Directory {
  organization(id: string): Awaitable<DirectoryOrganization | null | undefined>;
  clients(
    partnerId: string,
    query: DirectoryQuery,
  ): Awaitable<DirectoryPage<DirectoryOrganization>>;
  users(organizationId: string, query: DirectoryQuery): Awaitable<DirectoryPage<DirectoryUser>>;
  user(organizationId: string, userId: string): Awaitable<DirectoryUser | null | undefined>;
}
