import { ECDH } from 'node:crypto';

/** COSE keys (RFC 9053) as authenticators write them: what stands before and between their coordinates. */
const P256 = { before: Buffer.from('a5010203262001215820', 'hex'), between: hex('225820') };
const ED25519 = hex('a4010103272006215820');
const COORDINATE = 32;

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/**
 * A public key in fewer bytes: 33 for the 77 of P-256 (SEC 1 §2.3.3, a compressed point), 32 for the 42 of Ed25519.
 * Other keys, and those written otherwise, stay as they are: they are longer, so the length tells them apart.
 */
export function packPublicKey(cose: Uint8Array): Uint8Array {
  const packed = shortened(Buffer.from(cose));
  try {
    return packed && unpackPublicKey(packed).equals(cose) ? packed : cose;
  } catch {
    return cose;
  }
}

/** The key as it was before. Throws for a point that is not on the curve. */
export function unpackPublicKey(packed: Uint8Array): Buffer {
  if (packed.length === COORDINATE) return Buffer.concat([ED25519, packed]);
  if (packed.length !== COORDINATE + 1) return Buffer.from(packed);
  const point = ECDH.convertKey(packed, 'prime256v1', undefined, undefined, 'uncompressed');
  const x = Buffer.from(point).subarray(1, 1 + COORDINATE);
  const y = Buffer.from(point).subarray(1 + COORDINATE);
  return Buffer.concat([P256.before, x, P256.between, y]);
}

function shortened(cose: Buffer): Buffer | null {
  if (cose.length === ED25519.length + COORDINATE) return cose.subarray(ED25519.length);
  const { before, between } = P256;
  if (cose.length !== before.length + between.length + 2 * COORDINATE) return null;
  const x = cose.subarray(before.length, before.length + COORDINATE);
  const isOdd = ((cose.at(-1) ?? 0) & 1) === 1;
  return Buffer.concat([Buffer.of(isOdd ? 3 : 2), x]);
}
