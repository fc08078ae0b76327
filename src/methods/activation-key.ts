import { randomBytes } from 'node:crypto';
import type { Digest, Keyring, Subject } from '../contracts.js';

/** Crockford's Base32: no I, L, O or U, so that a key can be read out on the telephone. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 20;
const GROUP = 5;
/** More than any key with its dashes and spaces; what is longer is not looked at. */
const MAX_TYPED = 64;

/** A new activation key: 100 random bits as `XXXXX-XXXXX-XXXXX-XXXXX`. */
export function newActivationKey(): string {
  // 256 is a multiple of 32, so the five low bits of a random byte are evenly distributed.
  const characters = [...randomBytes(LENGTH)].map((byte) => ALPHABET.charAt(byte & 31));
  const groups: string[] = [];
  for (let at = 0; at < LENGTH; at += GROUP) groups.push(characters.slice(at, at + GROUP).join(''));
  return groups.join('-');
}

/** The digest under which the store keeps a key that was made for this subject. */
export function activationKeyDigest(
  keyring: Pick<Keyring, 'digest'>,
  subject: Pick<Subject, 'id'>,
  key: string,
): Digest {
  const normalized = normalize(key);
  if (normalized === null) throw new TypeError('not an activation key');
  return keyring.digest(normalized, context(subject));
}

/**
 * The digests (one per key of the keyring) that a typed activation key may be stored under; null for what
 * cannot be one. Case, dashes and spaces are dropped, and the letters that Crockford's alphabet leaves out are
 * read as the digits they look like.
 */
export function activationKeyDigests(
  keyring: Pick<Keyring, 'digests'>,
  subject: Pick<Subject, 'id'>,
  typed: unknown,
): readonly Digest[] | null {
  const normalized = normalize(typed);
  return normalized === null ? null : keyring.digests(normalized, context(subject));
}

function normalize(typed: unknown): string | null {
  if (typeof typed !== 'string' || typed.length > MAX_TYPED) return null;
  const code = typed.replace(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replace(/[IL]/g, '1');
  const known = code.length === LENGTH && [...code].every((one) => ALPHABET.includes(one));
  return known ? code : null;
}

/** By subject id alone, so that a key for one user opens nobody else's door. */
function context({ id }: Pick<Subject, 'id'>): string {
  return JSON.stringify(['activation-key', id]);
}
