import type { UnavailableError } from '../errors.js';
import { type Decoded, decodeRecord, VERSION_BYTES } from './codec/record.js';
import { lostRecord } from './lost-record.js';
import { KINDS, type Kind, type Records } from './records.js';

/** The state of one record, as it was seen last. */
export interface State<R> extends Decoded<R | null> {
  /** What a write compares: the version of the record (empty for none) and the entry in the ledger. */
  readonly version: Uint8Array;
  readonly entry: string;
  /** Set when the record is damaged, gone or outdated. `beyond` is the largest sequence that it can have had. */
  readonly lost: { readonly beyond: number; readonly error: UnavailableError } | null;
}

/** The state of a record that never existed. */
export const ABSENT: State<never> = Object.freeze({
  record: null,
  sequence: 0,
  version: new Uint8Array(),
  entry: '',
  lost: null,
});

/** `id` is for messages; `value` and `entry` are as stored, null for none. */
export function stateOf<K extends Kind>(
  kind: K,
  id: string,
  place: string,
  value: Uint8Array | null,
  entry: Uint8Array | null,
): State<Records[K]> {
  const written = entry === null ? '' : Buffer.from(entry).toString('latin1');
  const ledger = /^\d{1,15}$/.test(written) ? Number(written) : 0;
  const lost = (problem: string, beyond: number, cause?: unknown) => ({
    record: null,
    sequence: 0,
    version: versionOf(value),
    entry: written,
    lost: { beyond, error: lostRecord(kind, id, problem, cause) },
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
  // A record ahead of its ledger entry is the newest one: either the ledger has lost the entry, or a process
  // ended between the two writes. The next write corrects the ledger.
  if (KINDS[kind].counted && sequence < ledger) return lost('is an older one', ledger);
  return { record, sequence, version: versionOf(value), entry: written, lost: null };
}

/** The version of a value without any bytes, which is damaged. */
export const EMPTY_VERSION = Buffer.from('EMPTY');

function versionOf(value: Uint8Array | null): Uint8Array {
  if (value === null) return ABSENT.version;
  return value.length === 0 ? EMPTY_VERSION : value.subarray(0, VERSION_BYTES);
}
