import type { UnavailableError } from '../errors.js';
import { type Decoded, decodeRecord, VERSION_BYTES } from './codec/record.js';
import { lostRecord } from './lost-record.js';
import { KINDS, type Kind, type Records } from './records.js';

/** What there is under one key, as it was seen last. */
export interface State<R> extends Decoded<R | null> {
  /** What a write compares: the version of the record, empty for none, and the entry in the ledger. */
  readonly version: Uint8Array;
  readonly entry: string;
  /** The record cannot be believed: it is damaged, gone, or an older one. `beyond`: its sequence was not larger. */
  readonly lost: { readonly beyond: number; readonly error: UnavailableError } | null;
}

/** Nothing, where nothing ever was. */
export const ABSENT: State<never> = Object.freeze({
  record: null,
  sequence: 0,
  version: new Uint8Array(),
  entry: '',
  lost: null,
});

/** `id`: for words; `value` and `entry`: as Redis has them, null for none. */
export function stateOf<K extends Kind>(
  kind: K,
  id: string,
  place: string,
  value: Uint8Array | null,
  entry: Uint8Array | null,
): State<Records[K]> {
  const written = entry === null ? '' : Buffer.from(entry).toString('latin1');
  const ledger = /^\d{1,15}$/.test(written) ? Number(written) : 0;
  const lost = (why: string, beyond: number, cause?: unknown) => ({
    record: null,
    sequence: 0,
    version: versionOf(value),
    entry: written,
    lost: { beyond, error: lostRecord(kind, id, why, cause) },
  });
  if (value === null) {
    return written === '' ? ABSENT : lost('is gone', ledger);
  }
  let decoded: Decoded<Records[K]>;
  try {
    decoded = decodeRecord(kind, place, value);
  } catch (cause) {
    return lost('is damaged', ledger, cause);
  }
  const { record, sequence } = decoded;
  // One that is ahead of the ledger is the newest there can be: it is the ledger that has lost something, or a
  // process that was ended between the two. The next write puts it right.
  if (KINDS[kind].counted && sequence < ledger) return lost('is an older one', ledger);
  return { record, sequence, version: versionOf(value), entry: written, lost: null };
}

/** The version of a record that is empty, which no record is. */
export const EMPTY_VERSION = Buffer.from('EMPTY');

function versionOf(value: Uint8Array | null): Uint8Array {
  if (value === null) return ABSENT.version;
  return value.length === 0 ? EMPTY_VERSION : value.subarray(0, VERSION_BYTES);
}
