import type { Digest } from '../../contracts.js';

export function sameDigest(one: Digest, other: Digest): boolean {
  return sameBytes(one.keyId, other.keyId) && sameBytes(one.bytes, other.bytes);
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
