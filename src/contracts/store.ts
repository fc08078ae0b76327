import type {
  AcceptedAnswer,
  AttemptLimits,
  AttemptOf,
  BeginEnrollment,
  Commit,
  Confirmation,
  EnrollmentConfirmation,
  EnrollmentProposal,
  Judge,
  JudgedAttempt,
  Reservation,
} from './attempts.js';
import type { ActivationKeyStore, RecoveryCodeStore, TransactionStore } from './codes.js';
import type { DeviceStore } from './devices.js';
import type { EventStore } from './events.js';
import type { HolderStore } from './holders.js';
import type { EnrollmentImport, ImportedCodes, ImportedFactors, ImportedOnce } from './imports.js';
import type { Sealed } from './keyring.js';
import type {
  AssuranceRecord,
  Factor,
  LoginId,
  PendingEnrollment,
  SessionDigest,
  SubjectRecord,
} from './records.js';
import type { SettingStore } from './settings.js';
import type { SignIn } from './sign-in.js';
import type { Awaitable } from './subject.js';

/**
 * Where enrollments, attempts and assurance live. Every method is one atomic operation and safe to retry; a write
 * that timed out may still apply. The store sees sealed bytes and digests only. A broken, late or emptied store
 * rejects (throws) with `UnavailableError`; it never answers as if nothing were stored.
 *
 * `readSubject` and `readAssurance` answer synchronously when they can. Their answers may lag behind a write of
 * another process by at most `stalenessMs`.
 */
export interface SecondFactorStore
  extends SettingStore,
    ActivationKeyStore,
    RecoveryCodeStore,
    TransactionStore,
    DeviceStore,
    EventStore,
    HolderStore {
  readonly name: string;
  readonly stalenessMs: number;
  /** The clock that all processes share, as well as this one knows it. */
  now(): number;
  /** Resolves when the store can serve; rejects with what is wrong. In development and tests it may initialize. */
  ready(): Promise<void>;
  close(): Promise<void>;
  /**
   * Calls back after anything that was read may have changed, here or on another process, and after the
   * store was lost: at the latest `stalenessMs` afterwards. Returns a function that unsubscribes.
   */
  subscribe(onChange: () => void): () => void;

  readSubject(subjectId: string): Awaitable<SubjectRecord>;
  /** The present record, not a cached one; an outdated cached record is dropped. */
  refreshSubject(subjectId: string): Promise<SubjectRecord>;
  readAssurance(session: SessionDigest): Awaitable<AssuranceRecord | null>;
  /** The same as `refreshSubject` does it. */
  refreshAssurance(session: SessionDigest): Promise<AssuranceRecord | null>;

  /**
   * Starts the short life of a session between the doors; one that has begun is left as it is, whatever the epoch
   * now. A record of another login or subject under the same id is void and is replaced; a session that has ended
   * stays so. The record is kept for `keepMs` beyond its end, so that it cannot be opened again.
   */
  openPending(
    session: SessionDigest,
    pending: {
      readonly subjectId: string;
      readonly epoch: number;
      readonly login: LoginId;
      readonly lifetimeMs: number;
      readonly keepMs: number;
    },
  ): Promise<AssuranceRecord>;
  /** Stamps a session proven. False when it has ended: an ended session stays so. */
  prove(
    session: SessionDigest,
    proof: {
      readonly subjectId: string;
      readonly epoch: number;
      readonly login: LoginId;
      readonly factors: readonly Factor[];
      readonly lifetimeMs: number;
    },
  ): Promise<boolean>;
  /**
   * Ends a session for good; the mark is kept for `keepMs`. True for the one call that ended it. `renewed`: the
   * session goes on under another id, which the mark says.
   */
  end(
    session: SessionDigest,
    keepMs: number,
    end?: { readonly renewed: boolean },
  ): Promise<boolean>;

  /**
   * Counts an attempt before anything is compared, and returns what is needed to compare. A refused attempt
   * is not counted.
   */
  reserveAttempt(
    subjectId: string,
    limits: AttemptLimits,
    attempt: AttemptOf,
  ): Promise<Reservation>;
  /**
   * Reserves and judges an attempt in one step: no result of `judge` is returned before the attempt is counted. An
   * error of `judge` is counted and thrown.
   */
  judgeAttempt<T>(
    subjectId: string,
    limits: AttemptLimits,
    attempt: AttemptOf,
    judge: Judge<T>,
  ): Promise<JudgedAttempt<T>>;
  /**
   * Accepts an answer and clears the count of failures. The step must be later than the last accepted one; null for a
   * method without steps, whose transaction is single use already. `keep` replaces what was kept. `ended`, and
   * nothing changes, when the epoch is no longer `epoch`: the session that answers has ended meanwhile.
   */
  commitAttempt(subjectId: string, accepted: AcceptedAnswer): Promise<Commit>;

  /**
   * Begins an enrollment. One that this session has begun for the same method and basis, and that has not expired, is
   * returned as it is, unless `restart`; any other is voided. On the basis `activation-key` it must be given the
   * digest of the subject's key, or this session must have a pending enrollment on that basis; otherwise null, and
   * nothing changes. The right digest clears the count of failures, needed or not.
   */
  beginEnrollment(
    subjectId: string,
    proposal: EnrollmentProposal,
    options: BeginEnrollment,
  ): Promise<PendingEnrollment | null>;
  /**
   * Adds enrollments that were made elsewhere, each once, and recovery codes if the subject has a factor and no codes
   * yet. The epoch stays, so that nobody is signed out. Null, and nothing is added, for a subject who has had an
   * enrollment removed, replaced or reset here, or was deleted.
   */
  importEnrollments(
    subjectId: string,
    enrollments: readonly EnrollmentImport[],
    codes?: ImportedCodes | null,
  ): Promise<ImportedFactors | null>;
  /**
   * The same, once for a subject whose `legacyDue` is true, and makes it false, whatever was given. Changes nothing
   * for anybody else, and resolves to the present record.
   */
  importOnce(
    subjectId: string,
    enrollments: readonly EnrollmentImport[],
    codes: ImportedCodes | null,
  ): Promise<ImportedOnce>;
  /** The pending enrollment that this session may continue: its own, or one handed over; in time. */
  resumeEnrollment(subjectId: string, session: SessionDigest): Promise<PendingEnrollment | null>;
  /**
   * Makes the pending enrollment active: once, by the session that began it (any of the subject's for `handover`), in
   * time, with its first step accepted and the count of failures cleared. `replaces` is removed in the same step, and
   * that session raises the epoch and continues. On the basis `activation-key` the key must still be there, and is
   * spent; on every basis but `proven` there must be no active enrollment outside `besides`. `ended`, and nothing
   * changes, when the epoch is no longer `epoch`: the session that confirms has ended meanwhile.
   */
  confirmEnrollment(subjectId: string, confirmation: EnrollmentConfirmation): Promise<Confirmation>;
  /**
   * Replaces the sealed bytes of an enrollment, active or pending, if they still are `expected`, by the same secret
   * under a newer key. Changes nothing else. True when it was done.
   */
  reseal(
    subjectId: string,
    enrollmentId: string,
    expected: Sealed,
    resealed: Sealed,
  ): Promise<boolean>;
  /** Gives an active enrollment another label. True when there is such an enrollment. */
  renameEnrollment(subjectId: string, enrollmentId: string, label: string): Promise<boolean>;
  /**
   * Removes one active enrollment and raises the epoch; the recovery codes go with the last one. Null when there is
   * no such enrollment, or when the epoch is no longer `epoch`: the caller has decided on an outdated record. `by` is
   * the session that makes the change and continues.
   */
  unenroll(
    subjectId: string,
    enrollmentId: string,
    epoch: number,
    by?: SessionDigest,
  ): Promise<{ readonly epoch: number } | null>;
  /**
   * Removes all factors, the pending enrollment, recovery codes, the activation key and the count of failures,
   * and raises the epoch. The user's setting stays.
   */
  reset(subjectId: string): Promise<{ readonly epoch: number }>;
  /** Voids the pending enrollment, whoever began it, and changes nothing else. */
  voidPending(subjectId: string): Promise<void>;
  /**
   * Raises only the epoch, which voids every assurance of the subject. Null, and nothing changes, when the epoch is
   * no longer `epoch`: a proof from before a reset must not continue under the new epoch. `by` is the session that
   * makes the change and continues.
   */
  raiseEpoch(
    subjectId: string,
    epoch?: number,
    by?: SessionDigest,
  ): Promise<{ readonly epoch: number } | null>;
  /** Stores the sign-in proof that was accepted last, replacing the one before. */
  noteSignIn(subjectId: string, signIn: SignIn): Promise<void>;
  /** Clears the count of failures. */
  unlock(subjectId: string): Promise<void>;
  /** Removes everything of the subject but the epoch, which rises, in case the id is used again. */
  deleteSubject(subjectId: string): Promise<void>;
}
