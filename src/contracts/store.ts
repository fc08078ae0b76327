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
    EventStore,
    HolderStore {
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
  /** What there is, whatever this process has at hand, which it believes no longer if it is something else. */
  refreshSubject(subjectId: string): Promise<SubjectRecord>;
  readAssurance(session: SessionDigest): Awaitable<AssuranceRecord | null>;

  /**
   * Starts the short life of a session between the doors; one that has begun is left as it is, whatever the
   * epoch now. What another login or another subject left under the same id is void and gives way; a session
   * that has ended stays so. The record is kept for `keepMs` beyond its end, so that it cannot be begun anew.
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
   * Ends a session for good; the mark is kept for `keepMs`. True for the one call that ended it. `renewed`: what
   * it was goes on under another id, and the mark says so.
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
   * The same, and what comes of the attempt in the same step: no answer of `judge` is told before the attempt is
   * counted. What it throws is counted and thrown.
   */
  judgeAttempt<T>(
    subjectId: string,
    limits: AttemptLimits,
    attempt: AttemptOf,
    judge: Judge<T>,
  ): Promise<JudgedAttempt<T>>;
  /**
   * Accepts an answer and clears the count of failures. The step must be later than the last accepted one;
   * null for a method without steps, whose transaction is single use already. `keep` is kept in the place of
   * what was. `ended`, and nothing is changed, when the epoch is not `epoch` any longer: the session that answers
   * has ended meanwhile.
   */
  commitAttempt(subjectId: string, accepted: AcceptedAnswer): Promise<Commit>;

  /**
   * Begins an enrollment. One that this session has begun for the same method and basis, and that has not
   * expired, is returned as it is, unless `restart`; any other is voided. On the basis `activation-key` it
   * must be given the digest of the subject's key, or have this session's pending enrollment on that basis to
   * go on from; null when it has neither, and nothing changes. The right digest clears the count of failures,
   * needed or not.
   */
  beginEnrollment(
    subjectId: string,
    proposal: EnrollmentProposal,
    options: BeginEnrollment,
  ): Promise<PendingEnrollment | null>;
  /**
   * Adds enrollments that were made elsewhere, each once, and recovery codes where the subject has a factor and has
   * had none of them here. The epoch stays as it is, so that nobody is signed out. Null, and nothing is added, for
   * whoever has had an enrollment removed, replaced or reset here, or was deleted.
   */
  importEnrollments(
    subjectId: string,
    enrollments: readonly EnrollmentImport[],
    codes?: ImportedCodes | null,
  ): Promise<ImportedFactors | null>;
  /**
   * The same, once for a subject of whom `legacyDue` is true, who then is not asked for again, whatever was given. Changes
   * nothing for anybody else, and says what there is.
   */
  importOnce(
    subjectId: string,
    enrollments: readonly EnrollmentImport[],
    codes: ImportedCodes | null,
  ): Promise<ImportedOnce>;
  /** The pending enrollment that this session may go on with: its own, or one handed over; in time. */
  resumeEnrollment(subjectId: string, session: SessionDigest): Promise<PendingEnrollment | null>;
  /**
   * Makes the pending enrollment active: once, by the session that began it (any of the subject's for
   * `handover`), in time, with its first step accepted and the count of failures cleared. `replaces` is
   * removed in the same step, and the epoch rises. On the basis `activation-key` the key must still be there,
   * and is spent; on every basis but `proven` there must be no active enrollment, but for those in `besides`. `ended`, and nothing is
   * changed, when the epoch is not `epoch` any longer: the session that confirms has ended meanwhile.
   */
  confirmEnrollment(subjectId: string, confirmation: EnrollmentConfirmation): Promise<Confirmation>;
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
  /** Gives an active enrollment another label. True when there is such an enrollment. */
  renameEnrollment(subjectId: string, enrollmentId: string, label: string): Promise<boolean>;
  /**
   * Removes one active enrollment and raises the epoch; the recovery codes go with the last one. Null when
   * there is no such enrollment, or when the epoch is not `epoch` any longer: whoever asks has decided on a
   * record that no longer holds.
   */
  unenroll(
    subjectId: string,
    enrollmentId: string,
    epoch: number,
  ): Promise<{ readonly epoch: number } | null>;
  /**
   * Removes all factors, the pending enrollment, recovery codes, the activation key and the count of failures,
   * and raises the epoch. The user's setting stays.
   */
  reset(subjectId: string): Promise<{ readonly epoch: number }>;
  /** Voids the pending enrollment, whoever began it, and changes nothing else. */
  voidPending(subjectId: string): Promise<void>;
  /**
   * Raises the epoch alone: every assurance of the subject is void. Null, and nothing is changed, when the
   * epoch is not `epoch` any longer: whoever goes on with what is returned has proven a factor before a reset.
   */
  raiseEpoch(subjectId: string, epoch?: number): Promise<{ readonly epoch: number } | null>;
  /** Keeps which proof at sign-in has opened the door last, in the place of the one before. */
  noteSignIn(subjectId: string, signIn: SignIn): Promise<void>;
  /** Clears the count of failures. */
  unlock(subjectId: string): Promise<void>;
  /** Forgets everything of the subject but the epoch, which rises: an id might come back after all. */
  deleteSubject(subjectId: string): Promise<void>;
}
