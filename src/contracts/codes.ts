import type { SpentCode } from './attempts.js';
import type { Digest, Sealed } from './keyring.js';

/** Single-use codes that an administrator hands out of band; a subject has at most one. */
export interface ActivationKeyStore {
  /**
   * Replaces the key before, and voids a pending enrollment that rests on it. Resolves to the time when the key ends.
   */
  putActivationKey(
    subjectId: string,
    key: { readonly digest: Digest; readonly lifetimeMs: number },
  ): Promise<number>;
  /** True when there was one. A pending enrollment that rests on it is void. */
  revokeActivationKey(subjectId: string): Promise<boolean>;
}

/** Single-use codes for a lost phone. */
export interface RecoveryCodeStore {
  /**
   * Replaces all codes; the new ones do not yet count as kept by the subject. False, and nothing changes, when the
   * epoch is no longer `epoch`.
   */
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
   * failures: only one of several concurrent calls spends it. `ended`, and nothing changes, when the epoch is no
   * longer `epoch`.
   */
  spendRecoveryCode(
    subjectId: string,
    candidates: readonly Digest[],
    epoch: number,
  ): Promise<SpentCode>;
}

/** Values for one use within a short time, e.g. the state of a visit to an outside page. */
export interface TransactionStore {
  /** `id` is a digest of what the outside page sends back. */
  putTransaction(id: string, value: Sealed, lifetimeMs: number): Promise<void>;
  /** The value, which stays stored; null when there is none in time. For a claim, its owner. */
  readTransaction(id: string): Promise<Sealed | null>;
  /** The value, for the first call in time; null for all others. */
  takeTransaction(id: string): Promise<Sealed | null>;
  /**
   * Claims something that one owner has at a time, for at least `lifetimeMs` from now. Resolves to the owner: the
   * present one stays, unless that is `instead` or its time is over.
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
   * Counts one more use of something limited to `most` uses within `windowMs` of the first. Null when allowed,
   * otherwise the end of the window; a refused use is not counted. `most` is at most 255.
   */
  countUse(
    id: string,
    bound: { readonly most: number; readonly windowMs: number },
  ): Promise<number | null>;
}
