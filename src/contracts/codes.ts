import type { SpentCode } from './attempts.js';
import type { Digest, Sealed } from './keyring.js';

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
  /** Voids the old ones; the new ones are not kept yet. False, and nothing is changed, when the epoch is not `epoch` any longer. */
  replaceRecoveryCodes(
    subjectId: string,
    digests: readonly Digest[],
    epoch?: number,
  ): Promise<boolean>;
  /**
   * Marks the codes as kept by the subject, if one of the digests (one per key of the keyring) is one of them.
   * False when it is not: these codes are void.
   */
  keepRecoveryCodes(subjectId: string, candidates: readonly Digest[]): Promise<boolean>;
  /**
   * Spends the code that one of the digests (one per key of the keyring) stands for, and clears the count of
   * failures: once, whoever asks at the same time. `ended`, and nothing is changed, when the epoch is not
   * `epoch` any longer.
   */
  spendRecoveryCode(
    subjectId: string,
    candidates: readonly Digest[],
    epoch: number,
  ): Promise<SpentCode>;
}

/** Values for one use within a short time, e.g. what a visit to somebody else's page comes back to. */
export interface TransactionStore {
  /** `id` is a digest of what the other side brings back. */
  putTransaction(id: string, value: Sealed, lifetimeMs: number): Promise<void>;
  /** The value, which stays there; null when there is none in time. Also of what was claimed: its owner. */
  readTransaction(id: string): Promise<Sealed | null>;
  /** The value, for the first one who asks in time; null for everybody else. */
  takeTransaction(id: string): Promise<Sealed | null>;
  /**
   * Claims something that one owner has at a time, for `lifetimeMs` from now at least. Whose it is afterwards:
   * whoever had it before, unless that is `instead` or its time is over.
   */
  claim(
    id: string,
    wanted: {
      readonly owner: string;
      readonly instead: string | null;
      readonly lifetimeMs: number;
    },
  ): Promise<string>;
  /**
   * Counts one more use of something that is bounded: `most` within `windowMs` of the first. Null when it is
   * within, otherwise when the window ends; a use that is refused is not counted. `most` is at most 255.
   */
  countUse(
    id: string,
    bound: { readonly most: number; readonly windowMs: number },
  ): Promise<number | null>;
}
