import type { Sealed } from './keyring.js';
import type { StoredSetting } from './settings.js';
import type { SignIn } from './sign-in.js';
import type { MethodName } from './subject.js';

/** One active authenticator of a subject. */
export interface Enrollment {
  readonly id: string;
  readonly method: MethodName;
  /** Its name: the one that the person gave, or the method's own. */
  readonly label: string;
  /** The method's own settings at enrollment, e.g. `sha1/6/30`; at most 32 characters. */
  readonly parameters: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** What decisions need to know of a subject. A subject that was never written reads as `emptySubject`. */
export interface SubjectRecord {
  /** Rises whenever a factor is removed, reset or replaced, which ends every session that began before. */
  readonly epoch: number;
  /** When it rose last (ms): earlier proofs of a sign-in do not count. null for never. */
  readonly epochRoseAt: number | null;
  /** The session that raised it and continues under a new id; null when every session has ended. */
  readonly epochRaisedBy: SessionDigest | null;
  /** The sign-in proof that was accepted last; shown to administrators, never used to decide. */
  readonly signIn: SignIn | null;
  readonly enrollments: readonly Enrollment[];
  /** What an administrator set for this user. */
  readonly setting: StoredSetting | null;
  /** When the activation key that was handed out ends; null when there is none. It may be past. */
  readonly activationKeyEndsAt: number | null;
  /** null when none were ever made, or a reset removed them. */
  readonly recoveryCodesLeft: number | null;
  /** Whether the subject has confirmed keeping these codes, or has used one. */
  readonly recoveryCodesKept: boolean;
  /**
   * Set for imported recovery codes in another form than ours; `hashed` if some of them are hashes of the host's.
   * null for none, or when newer ones were made.
   */
  readonly foreignCodes: 'plain' | 'hashed' | null;
  /**
   * Whether the host is still to be asked for factors made elsewhere: nothing was activated, removed or asked for
   * here.
   */
  readonly legacyDue: boolean;
  /** Consecutive failures, as counted by `reserveAttempt`. */
  readonly failures: number;
  /** When the wait after these ends, which may be past; null when no wait has begun. */
  readonly retryAt: number | null;
}

/** The record of a subject of whom nothing is stored. */
export const emptySubject: SubjectRecord = Object.freeze({
  epoch: 0,
  epochRoseAt: null,
  epochRaisedBy: null,
  signIn: null,
  enrollments: Object.freeze([]),
  setting: null,
  activationKeyEndsAt: null,
  recoveryCodesLeft: null,
  recoveryCodesKept: false,
  foreignCodes: null,
  legacyDue: true,
  failures: 0,
  retryAt: null,
});

/** An active enrollment with what its method needs to verify an answer. */
export interface Authenticator {
  readonly id: string;
  readonly method: MethodName;
  readonly sealed: Sealed;
  /** The method's own settings at enrollment, e.g. `sha1/6/30`; at most 32 characters. */
  readonly parameters: string;
  /** The last accepted step, e.g. of time; -1 before the first. */
  readonly lastStep: number;
  /** What it is found by (`HolderStore`); left out for nothing. */
  readonly foundBy?: readonly string[];
}

/** What replaces the kept values of an enrollment; a field that is left out stays as it was. */
export type SealedKept = Partial<Pick<Authenticator, 'sealed' | 'parameters'>>;

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

/** Identifies one login within a session: a proof counts only for the login that it followed. */
export type LoginId = string & { readonly __id?: 'login' };

/** The `enrollmentId` of a factor that nobody proved: the tenant lets people in while a method is unavailable. */
export const FALLBACK = 'fallback';

/** One proof: which method, by which enrollment, when. */
export interface Factor {
  readonly method: MethodName;
  readonly enrollmentId: string;
  readonly at: number;
  /**
   * For a proof of an outside authority, the organization in whose name it was given; for a remembered device, the
   * method it stands for.
   */
  readonly via?: string | undefined;
  /** For a remembered device, the organization where it counts. */
  readonly tenantId?: string | undefined;
  /**
   * Counts only at login, not for a step-up: the method says so, e.g. for a device that an outside service remembers.
   */
  readonly loginOnly?: boolean | undefined;
}

/**
 * What a session has proven. Its states are absent → pending → proven → ended, forward only; `pending` is a session
 * between the doors with its own short life.
 */
export interface AssuranceRecord {
  readonly state: 'pending' | 'proven' | 'ended';
  readonly subjectId: string;
  /** The subject's epoch when this began; once it rises the session has ended. */
  readonly epoch: number;
  readonly login: LoginId;
  readonly factors: readonly Factor[];
  readonly expiresAt: number;
  /** For an ended session: it goes on under another id. */
  readonly renewed?: true;
}
