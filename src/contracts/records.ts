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

/** What decisions need to know of a subject. A subject nobody has written yet reads as `emptySubject`. */
export interface SubjectRecord {
  /** Rises whenever a factor is removed, reset or replaced; every session that began before has ended then. */
  readonly epoch: number;
  /** When it rose last (ms): what a sign-in elsewhere proved until then does not count. null: never. */
  readonly epochRoseAt: number | null;
  /** The proof at sign-in that opened the door last; it says who is covered, and opens nothing. */
  readonly signIn: SignIn | null;
  readonly enrollments: readonly Enrollment[];
  /** What an administrator set for this user. */
  readonly setting: StoredSetting | null;
  /** When the activation key that was handed out ends; null when there is none. It may be past. */
  readonly activationKeyEndsAt: number | null;
  /** null: none were ever made, or they went with a reset. */
  readonly recoveryCodesLeft: number | null;
  /** Whether the subject has said so of these codes, or has used one of them. */
  readonly recoveryCodesKept: boolean;
  /**
   * Recovery codes were imported that have another form than ours: `hashed`, some of them as hashes that their host
   * verifies. null: none, or newer ones were made.
   */
  readonly foreignCodes: 'plain' | 'hashed' | null;
  /** Nothing is activated here, was taken away here, or was asked for that the subject had elsewhere. */
  readonly legacyDue: boolean;
  /** Consecutive failures, as counted by `reserveAttempt`. */
  readonly failures: number;
  /** When the wait after these ends; it may be past. null: no wait has begun. */
  readonly retryAt: number | null;
}

/** Of somebody of whom nothing is stored. */
export const emptySubject: SubjectRecord = Object.freeze({
  epoch: 0,
  epochRoseAt: null,
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
  /** What it is found by (`HolderStore`); left out where it cannot be. */
  readonly foundBy?: readonly string[];
}

/** What is kept of an enrollment from an answer on; of what is left out, that which was kept before. */
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

/** Names one login within a session: what was proven after it counts for no other. */
export type LoginId = string & { readonly __id?: 'login' };

/** The `enrollmentId` of a factor that nobody proved: its tenant lets people in while its method is out of reach. */
export const FALLBACK = 'fallback';

/** One proof: which method, by which enrollment, when. */
export interface Factor {
  readonly method: MethodName;
  readonly enrollmentId: string;
  readonly at: number;
  /** Of somebody else's word, the organization in whose name it was given; of a remembered device, the method it stands for. */
  readonly via?: string | undefined;
  /** Of a remembered device, the organization that it stands for. */
  readonly tenantId?: string | undefined;
  /** Counts at login and never where more is asked: the method said so, e.g. of a device remembered elsewhere. */
  readonly loginOnly?: boolean | undefined;
}

/**
 * What a session has proven. The way is absent → pending → proven → ended, forward only; `pending` is a
 * session between the doors with its own short life.
 */
export interface AssuranceRecord {
  readonly state: 'pending' | 'proven' | 'ended';
  readonly subjectId: string;
  /** Of the subject when this began; once it has risen the session has ended. */
  readonly epoch: number;
  readonly login: LoginId;
  readonly factors: readonly Factor[];
  readonly expiresAt: number;
  /** Of an ended one: it went on under another id. */
  readonly renewed?: true;
}
