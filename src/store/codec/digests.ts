import type { Digest, Sealed } from '../../contracts.js';
import { bytes, lists, number, type Part } from './cbor.js';

/** Digests, grouped by key and length: [key id, length, bytes, key id, length, bytes, …]. */
export function packDigests(digests: readonly Digest[]): readonly Part[] {
  const groups: { keyId: Uint8Array; length: number; bytes: Uint8Array[] }[] = [];
  for (const digest of digests) {
    const last = groups.at(-1);
    const { length } = digest.bytes;
    if (last?.length === length && Buffer.compare(last.keyId, digest.keyId) === 0) {
      last.bytes.push(digest.bytes);
    } else {
      groups.push({ keyId: digest.keyId, length, bytes: [digest.bytes] });
    }
  }
  return groups.flatMap(({ keyId, length, bytes: all }) => [keyId, length, Buffer.concat(all)]);
}

export function unpackDigests(part: unknown): readonly Digest[] {
  const parts = lists(part);
  const digests: Digest[] = [];
  for (let at = 0; at < parts.length; at += 3) {
    const [keyId, length, all] = [
      bytes(parts[at]),
      number(parts[at + 1]),
      bytes(parts[at + 2]),
    ] as const;
    if (length < 1 || all.length % length !== 0) throw new Error('digests of an odd length');
    for (let from = 0; from < all.length; from += length) {
      digests.push(Object.freeze({ keyId, bytes: all.subarray(from, from + length) }));
    }
  }
  return Object.freeze(digests);
}

/** Recovery codes: [digests…], or [what was imported beside them, digests…]. */
export function packCodes(digests: readonly Digest[], foreign: Sealed | null): readonly Part[] {
  return [...(foreign === null ? [] : [foreign]), ...packDigests(digests)];
}

export function unpackCodes(part: unknown): {
  readonly digests: readonly Digest[];
  readonly foreign: Sealed | null;
} {
  const parts = lists(part);
  // Digests come in threes.
  if (parts.length % 3 === 0) return { digests: unpackDigests(parts), foreign: null };
  return { digests: unpackDigests(parts.slice(1)), foreign: bytes(parts[0]) };
}
