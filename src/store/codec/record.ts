import { crc32 } from 'node:zlib';
import type { Kind, Records } from '../records.js';
import { decodeParts, encodeParts, number, type Part } from './cbor.js';
import { packHolders, unpackHolders } from './holders.js';
import {
  packDevices,
  packOrganization,
  packSession,
  packTransaction,
  unpackDevices,
  unpackOrganization,
  unpackSession,
  unpackTransaction,
} from './others.js';
import { packSubject, SUBJECT_PARTS, unpackSubject } from './subject.js';

/**
 * A record as bytes: a version, a checksum, and CBOR of [format, sequence, parts…]. The version is random for
 * each write, never a count: a record that was deleted and made again must not match the version that was
 * read before. The checksum covers the rest and the place where the record is kept, so that a record moved to
 * another place is refused there.
 */
export const VERSION_BYTES = 6;
const CHECKSUM_BYTES = 4;
const HEAD_BYTES = VERSION_BYTES + CHECKSUM_BYTES;

interface Codec<R> {
  readonly format: number;
  readonly parts: number;
  /** How many further parts may follow. */
  readonly optional?: number;
  pack(record: R): readonly Part[];
  unpack(parts: readonly unknown[]): R;
}

const CODECS: { readonly [K in Kind]: Codec<Records[K]> } = {
  subject: {
    format: 3,
    parts: SUBJECT_PARTS,
    optional: 1,
    pack: packSubject,
    unpack: unpackSubject,
  },
  organization: { format: 1, parts: 2, pack: packOrganization, unpack: unpackOrganization },
  session: { format: 2, parts: 6, pack: packSession, unpack: unpackSession },
  devices: { format: 2, parts: 1, pack: packDevices, unpack: unpackDevices },
  transaction: { format: 1, parts: 2, pack: packTransaction, unpack: unpackTransaction },
  holders: { format: 1, parts: 1, pack: packHolders, unpack: unpackHolders },
};

export interface Decoded<R> {
  readonly record: R;
  /** Rises with each durable change of the record; 0 before the first. */
  readonly sequence: number;
}

/**
 * The bytes of a record, with a checksum over them and their place.
 * @param place where the record is kept: a text that no other record has
 * @param version six random bytes, new for each write
 * @example const bytes = encodeRecord('subject', `subject:${id}`, randomBytes(6), { record, sequence });
 */
export function encodeRecord<K extends Kind>(
  kind: K,
  place: string,
  version: Uint8Array,
  { record, sequence }: Decoded<Records[K]>,
): Buffer {
  const { format, pack } = CODECS[kind];
  const body = encodeParts([format, sequence, ...pack(record)]);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  bytes.set(version);
  bytes.writeUInt32BE(checksum(place, version, body), VERSION_BYTES);
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

/**
 * Throws when the record is damaged, was moved, or has a format that this version does not know.
 * @example
 * const { record, sequence } = decodeRecord('subject', `subject:${id}`, bytes);
 */
export function decodeRecord<K extends Kind>(
  kind: K,
  place: string,
  bytes: Uint8Array,
): Decoded<Records[K]> {
  const version = bytes.subarray(0, VERSION_BYTES);
  const body = bytes.subarray(HEAD_BYTES);
  const { buffer, byteOffset, byteLength } = bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  if (byteLength < HEAD_BYTES || view.getUint32(VERSION_BYTES) !== checksum(place, version, body)) {
    throw new Error('the checksum of a record is not that of its bytes');
  }
  const { format, parts, optional = 0, unpack } = CODECS[kind];
  const [written, sequence, ...packed] = decodeParts(body, parts + 2, parts + optional + 2);
  if (written !== format) throw new Error(`a record has the unknown format ${String(written)}`);
  return { record: unpack(packed), sequence: number(sequence) };
}

function checksum(place: string, version: Uint8Array, body: Uint8Array): number {
  return crc32(body, crc32(version, crc32(place)));
}
