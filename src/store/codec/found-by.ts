import { lists, type Part } from './cbor.js';

/** Digests in base64url as bytes, which are shorter; any other text as it is. */
export function packFoundBy(foundBy: readonly string[]): Part {
  return foundBy.map((one) => {
    const bytes = Buffer.from(one, 'base64url');
    return bytes.toString('base64url') === one ? bytes : one;
  });
}

export function unpackFoundBy(part: unknown): readonly string[] {
  return Object.freeze(
    lists(part).map((one) => {
      if (one instanceof Uint8Array) return Buffer.from(one).toString('base64url');
      if (typeof one === 'string') return one;
      throw new Error('what an enrollment is found by was expected');
    }),
  );
}
