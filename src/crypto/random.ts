import { randomBytes } from 'node:crypto';

/** A random identifier of `bytes` × 8 bits in base64url; 6 bytes (8 characters) where it only has to differ. */
export function randomId(bytes = 6): string {
  return randomBytes(bytes).toString('base64url');
}

/** Crockford's base32: no I, L, O and U, which are misread. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_LENGTH = 16;

/** A code of 80 random bits for people to type: `7K2M-9QXD-…`, four groups of four. */
export function randomCode(): string {
  // 256 is a multiple of 32, so the remainder is even.
  const characters = [...randomBytes(CODE_LENGTH)].map((byte) => ALPHABET[byte % 32]).join('');
  return characters.replace(/.{4}(?=.)/g, '$&-');
}

/** The code as it was made, from what was typed: case, spaces and dashes ignored; null when it is none. */
export function readRandomCode(typed: unknown): string | null {
  if (typeof typed !== 'string' || typed.length > 64) return null;
  const code = typed.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  return code.length === CODE_LENGTH && [...code].every((one) => ALPHABET.includes(one))
    ? code
    : null;
}
