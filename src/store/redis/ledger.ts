import { createHash } from 'node:crypto';
import { unescaped } from '../escaped-id.js';
import { KINDS, type Kind } from '../records.js';
import type { RedisKeys } from './keys.js';
import { slotOf, slotTags } from './slots.js';

/** Where the ledger has the entry of a record. */
export interface LedgerPlace {
  /** A hash in the slot of the record, so that one script can touch both. */
  readonly key: string;
  readonly field: string | Buffer;
}

/** A longer field would take the whole hash out of Redis's compact encoding. */
const LONGEST_NAME = 60;

/**
 * The ledger tells a lost record from one that never existed, and a record of an older backup from the present one:
 * it keeps for each record the number of its durable changes, which the record carries as well. With a million
 * subjects each of its 16 384 hashes holds 61 entries of some 15 bytes.
 *
 * The entry of an organization names it, so that a lost setting can be reported by name; that of a subject is a
 * digest of 8 bytes.
 */
export function ledgerPlace(
  keys: Pick<RedisKeys, 'ledger' | 'place'>,
  kind: Kind,
  recordKey: string,
): LedgerPlace | null {
  if (!KINDS[kind].counted) return null;
  const key = keys.ledger(slotTags()[slotOf(recordKey)] as string);
  return { key, field: ledgerField(kind, keys.place(recordKey)) };
}

function ledgerField(kind: Kind, place: string): string | Buffer {
  if (kind === 'organization' && Buffer.byteLength(place) <= LONGEST_NAME) return place;
  const digest = createHash('sha256').update(place).digest().subarray(0, 8);
  const letter = kind === 'subject' ? '' : (kind[0] as string);
  return Buffer.concat([Buffer.from(letter), digest]);
}

/** The record that a field of the ledger stands for; `id` is that of an organization, when the field names it. */
export function ledgerEntryOf(field: Buffer): { readonly kind: Kind; readonly id: string | null } {
  const named = /^\{o:(.*)\}$/s.exec(field.toString());
  if (named) return { kind: 'organization', id: unescaped(named[1] as string) };
  if (field.length === 8) return { kind: 'subject', id: null };
  return { kind: field[0] === 0x64 ? 'devices' : 'organization', id: null };
}
