import type {
  AssuranceRecord,
  Authenticator,
  Digest,
  Holder,
  PendingEnrollment,
  RememberedDevice,
  Sealed,
  SessionDigest,
  SignIn,
  StoredSetting,
} from '../contracts.js';

export interface StoredEnrollment extends Authenticator {
  readonly label: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** All that is kept of a subject, but for its remembered devices. */
export interface StoredSubject {
  readonly epoch: number;
  readonly epochRoseAt: number | null;
  readonly epochRaisedBy: SessionDigest | null;
  readonly signIn: SignIn | null;
  readonly failures: number;
  /** No attempt before this time; 0 for none. */
  readonly retryAt: number;
  /** In the order in which they were confirmed. */
  readonly enrollments: readonly StoredEnrollment[];
  readonly pending: PendingEnrollment | null;
  readonly activationKey: { readonly digest: Digest; readonly endsAt: number } | null;
  readonly recoveryCodes: readonly Digest[] | null;
  readonly recoveryCodesKept: boolean;
  /**
   * The sealed part of recovery codes that were imported in another form than ours; empty where they need
   * none.
   */
  readonly foreignCodes: Sealed | null;
  /** A factor of theirs was removed here, so none is imported again. */
  readonly removed: boolean;
  /** The host was asked for the factors that they had elsewhere, or must not be asked any more. */
  readonly legacyAsked: boolean;
  readonly setting: StoredSetting | null;
  /** Also rises when the setting is removed. */
  readonly settingVersion: number;
}

export interface StoredOrganization {
  readonly setting: StoredSetting | null;
  readonly settingVersion: number;
}

export interface StoredDevice extends RememberedDevice {
  readonly token: string;
  /** The token before it was rotated last. */
  readonly before: string | null;
  readonly rotatedAt: number;
}

export interface StoredDevices {
  readonly devices: readonly StoredDevice[];
}

export interface StoredTransaction {
  readonly value: Sealed;
  readonly endsAt: number;
}

/** The subjects with an enrollment that one digest finds. */
export interface StoredHolders {
  readonly holders: readonly Holder[];
}

/** What a store keeps, by kind; each record has a key of its own. */
export interface Records {
  readonly subject: StoredSubject;
  readonly organization: StoredOrganization;
  readonly session: AssuranceRecord;
  readonly devices: StoredDevices;
  readonly transaction: StoredTransaction;
  readonly holders: StoredHolders;
}

export type Kind = keyof Records;

export const blankSubject: StoredSubject = Object.freeze({
  epoch: 0,
  epochRoseAt: null,
  epochRaisedBy: null,
  signIn: null,
  failures: 0,
  retryAt: 0,
  enrollments: Object.freeze([]),
  pending: null,
  activationKey: null,
  recoveryCodes: null,
  recoveryCodesKept: false,
  foreignCodes: null,
  removed: false,
  legacyAsked: false,
  setting: null,
  settingVersion: 0,
});

export const blankOrganization: StoredOrganization = Object.freeze({
  setting: null,
  settingVersion: 0,
});

interface KindOfRecord {
  /**
   * Whether its loss could open access. A store that can lose data in parts must then tell a lost or outdated
   * record from one that never existed.
   */
  readonly counted: boolean;
  /** Whether gates read it with every request. */
  readonly watched: boolean;
}

export const KINDS: { readonly [K in Kind]: KindOfRecord } = {
  subject: { counted: true, watched: true },
  organization: { counted: true, watched: true },
  session: { counted: false, watched: true },
  // Counted, or a device that was forgotten could come back.
  devices: { counted: true, watched: false },
  transaction: { counted: false, watched: false },
  // A hint: whoever reads it checks the subject.
  holders: { counted: false, watched: false },
};
