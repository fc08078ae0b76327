import type { Authenticator, PendingEnrollment, Sealed, StoredSetting } from '../contracts.js';
import type { StoredSubject } from './records.js';

/** What a subject's record holds that depends on a key of the keyring. */
export interface ScannedSubject {
  readonly id: string;
  /** What is wrong with the record, which then holds nothing; null when it is sound. */
  readonly fault: string | null;
  readonly held: {
    readonly enrollments: readonly Authenticator[];
    readonly pending: PendingEnrollment | null;
    /** Sealed beside imported recovery codes; left out where nothing is. */
    readonly foreignCodes?: Sealed;
    /** The activation key, and when it ends. */
    readonly activationKey: { readonly keyId: string; readonly endsAt: number } | null;
    /** How many unspent recovery codes there are under each key id (hexadecimal). */
    readonly recoveryCodes: ReadonlyMap<string, number>;
  } | null;
}

export interface ScannedOrganization {
  readonly id: string;
  readonly setting: StoredSetting | null;
  readonly fault: string | null;
  /** Replaces the setting's value if the record is unchanged. Version, time and author stay. */
  replace(value: StoredSetting['value']): Promise<boolean>;
}

/**
 * Walks through everything stored, for maintenance. A record that exists throughout comes at least once,
 * perhaps twice; one that changes meanwhile comes as it was before or after.
 */
export interface StoreScan {
  subjects(): AsyncGenerator<readonly ScannedSubject[]>;
  organizations(): AsyncGenerator<readonly ScannedOrganization[]>;
  /**
   * The records that are gone: the ledger listed them when the walk began, and neither walk has found them.
   * To be called after both. `unnamed` counts those that the ledger lists by digest only.
   */
  missing(): Promise<{
    readonly subjects: readonly string[];
    readonly organizations: readonly string[];
    readonly unnamed: number;
  }>;
}

/** What of a subject's record depends on a key of the keyring. */
export function heldBy(record: StoredSubject): ScannedSubject['held'] {
  const { enrollments, pending, activationKey, recoveryCodes, foreignCodes } = record;
  const codes = new Map<string, number>();
  for (const { keyId } of recoveryCodes ?? []) {
    codes.set(hex(keyId), (codes.get(hex(keyId)) ?? 0) + 1);
  }
  return {
    enrollments,
    pending,
    ...(foreignCodes?.length && { foreignCodes }),
    activationKey: activationKey && {
      keyId: hex(activationKey.digest.keyId),
      endsAt: activationKey.endsAt,
    },
    recoveryCodes: codes,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
