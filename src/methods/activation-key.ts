import { timingSafeEqual } from 'node:crypto';
import type { Digest, Keyring, Subject } from '../contracts.js';
import { randomCode, readRandomCode } from '../crypto/random.js';
import { broken } from '../errors.js';

/** 100 random bits, for a key that is valid for a day and allows a first activation. */
const LENGTH = 20;

/** A new activation key, in four groups of five. */
export function newActivationKey(): string {
  return randomCode({ length: LENGTH, group: 5 });
}

/** The digest under which the store keeps a key that was made for this subject. */
export function activationKeyDigest(
  keyring: Pick<Keyring, 'digest'>,
  subject: Pick<Subject, 'id'>,
  key: string,
): Digest {
  const normalized = readRandomCode(key, LENGTH);
  if (normalized === null) throw broken('what was made is no activation key');
  return keyring.digest(normalized, context(subject));
}

/**
 * The digests (one per key of the keyring) that a typed activation key may be stored under; null if it cannot be a
 * key.
 */
export function activationKeyDigests(
  keyring: Pick<Keyring, 'digests'>,
  subject: Pick<Subject, 'id'>,
  typed: unknown,
): readonly Digest[] | null {
  const normalized = readRandomCode(typed, LENGTH);
  return normalized === null ? null : keyring.digests(normalized, context(subject));
}

export function isSame(one: Digest, other: Digest | null): boolean {
  return (
    other !== null &&
    Buffer.compare(one.keyId, other.keyId) === 0 &&
    one.bytes.length === other.bytes.length &&
    timingSafeEqual(one.bytes, other.bytes)
  );
}

/** By subject id alone, so that a key for one user opens nobody else's door. */
function context({ id }: Pick<Subject, 'id'>): string {
  return JSON.stringify(['activation-key', id]);
}
