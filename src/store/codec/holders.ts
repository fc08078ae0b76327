import type { Holder } from '../../contracts.js';
import type { StoredHolders } from '../records.js';
import { list, lists, type Part, packText, unpackText } from './cbor.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;
/** Of an enrollment's id, as we make them. */
const ID_BYTES = 6;

export function packHolders({ holders }: StoredHolders): readonly Part[] {
  return [
    holders.map(({ subjectId, tenantId, enrollmentId }) => [
      packId(subjectId),
      packId(tenantId),
      packId(enrollmentId),
    ]),
  ];
}

export function unpackHolders([holders]: readonly unknown[]): StoredHolders {
  return Object.freeze({ holders: Object.freeze(lists(holders).map(unpackHolder)) });
}

function unpackHolder(part: unknown): Holder {
  const [subjectId, tenantId, enrollmentId] = list(part, 3);
  return Object.freeze({
    subjectId: unpackId(subjectId),
    tenantId: unpackId(tenantId),
    enrollmentId: unpackId(enrollmentId),
  });
}

/** Ids as they mostly are, in the bytes that they stand for; others as texts, whose own bytes stand in a list. */
function packId(id: string): Part {
  if (UUID.test(id)) return Buffer.from(id.replaceAll('-', ''), 'hex');
  const bytes = Buffer.from(id, 'base64url');
  if (bytes.length === ID_BYTES && bytes.toString('base64url') === id) return bytes;
  const text = packText(id);
  return text instanceof Uint8Array ? [text] : text;
}

function unpackId(part: unknown): string {
  if (Array.isArray(part)) return unpackText(list(part, 1)[0]);
  if (!(part instanceof Uint8Array)) return unpackText(part);
  const bytes = Buffer.from(part);
  if (bytes.length === ID_BYTES) return bytes.toString('base64url');
  // Before ids were packed, bytes were a text.
  if (bytes.length !== UUID_BYTES) return unpackText(part);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
