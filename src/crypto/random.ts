import { randomBytes } from 'node:crypto';
import { foldTypedCode } from './typed-code.js';

/**
 * A random identifier of `bytes` × 8 bits in base64url; by default 6 bytes (8 characters), for ids that need not be
 * secret.
 */
export function randomId(bytes = 6): string {
  return randomBytes(bytes).toString('base64url');
}

/** Crockford's base32: no I, L, O and U, so that a code can be read out on the telephone. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Characters of a code for people to type: 80 random bits. */
const CODE_LENGTH = 16;

/** A code of `length` × 5 random bits for people to type, in groups: `7K2M-9QXD-…`. */
export function randomCode({ length = CODE_LENGTH, group = 4 } = {}): string {
  // 256 is a multiple of 32, so the remainder is even.
  const characters = Array.from(randomBytes(length), (byte) => ALPHABET.charAt(byte % 32));
  const groups: string[] = [];
  for (let at = 0; at < length; at += group) groups.push(characters.slice(at, at + group).join(''));
  return groups.join('-');
}

/**
 * The code from what was typed: ignores case and everything but letters and digits, and reads letters outside the
 * alphabet as the digits they look like. Null if it cannot be a code.
 */
export function readRandomCode(typed: unknown, length = CODE_LENGTH): string | null {
  const code = foldTypedCode(typed)?.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  return code !== undefined &&
    code.length === length &&
    [...code].every((one) => ALPHABET.includes(one))
    ? code
    : null;
}
