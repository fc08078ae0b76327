import type { Digest } from '../contracts.js';
import type { Fields } from './redis-fields.js';

const KEY_ID = 4;
const BYTES = 10;
const DIGEST = KEY_ID + BYTES;
/** So many fit into a field of 64 bytes in pairs of equal length for the usual ten. */
const PER_FIELD = 5;

/** 14 bytes: the id of the key and the digest. */
export function packDigest({ keyId, bytes }: Digest): Buffer {
  if (keyId.length !== KEY_ID || bytes.length !== BYTES) {
    throw new RangeError(`a digest has ${KEY_ID} bytes of key id and ${BYTES} of its own`);
  }
  return Buffer.concat([keyId, bytes]);
}

export function unpackDigest(packed: Buffer): Digest {
  if (packed.length !== DIGEST) throw new Error('a digest has the wrong length');
  return { keyId: packed.subarray(0, KEY_ID), bytes: packed.subarray(KEY_ID) };
}

/**
 * Recovery codes as the values of x0, x1, …: the key's id once, then up to five digests under that key. A
 * spent one is cut out; the field stays, so that "all spent" differs from "none were ever made".
 */
export function packCodes(digests: readonly Digest[]): Buffer[] {
  const values: Buffer[][] = [];
  for (const digest of digests) {
    const packed = packDigest(digest);
    const last = values.at(-1);
    if (last && last.length <= PER_FIELD && last[0]?.equals(packed.subarray(0, KEY_ID))) {
      last.push(packed.subarray(KEY_ID));
    } else {
      values.push([packed.subarray(0, KEY_ID), packed.subarray(KEY_ID)]);
    }
  }
  return values.length === 0 ? [Buffer.alloc(KEY_ID)] : values.map((parts) => Buffer.concat(parts));
}

export function codesLeft(fields: Fields): number | null {
  let left: number | null = null;
  for (const [name, value] of fields) {
    if (/^x\d+$/.test(name)) left = (left ?? 0) + (value.length - KEY_ID) / BYTES;
  }
  if (left !== null && !Number.isInteger(left)) throw new Error('recovery codes are damaged');
  return left;
}
