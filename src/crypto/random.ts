import { randomBytes } from 'node:crypto';

/** A random identifier of `bytes` × 8 bits in base64url; 6 bytes (8 characters) where it only has to differ. */
export function randomId(bytes = 6): string {
  return randomBytes(bytes).toString('base64url');
}
