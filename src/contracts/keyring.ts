/** Bytes that only the keyring can open. */
export type Sealed = Uint8Array;

/** A keyed digest, with the id of the key that made it. */
export interface Digest {
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  /** As long as the code's randomness: 10 bytes, or 15 for the longer recovery codes. A store keeps any length. */
  readonly bytes: Uint8Array;
}

export interface Keyring {
  /** Seals `plain` so that it opens under the same `context` only. */
  seal(plain: Uint8Array, context: string): Sealed;
  /** Throws `SallyportError` (ERR_SEALED) for anything that this keyring did not seal under `context`. */
  open(sealed: Sealed, context: string): Uint8Array;
  /** Whether the first key sealed it; otherwise it should be sealed again. */
  isCurrent(sealed: Sealed): boolean;
  /** A keyed digest of a random code under the first key, for storing; of `length` bytes, by default 10. */
  digest(code: string, context: string, length?: number): Digest;
  /** The digests of a code under each key, for comparing. */
  digests(code: string, context: string, length?: number): readonly Digest[];
}
