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

/** A longer field would take the hash out of Redis's compact encoding, and all that lie in it. */
const LONGEST_NAME = 60;

/**
 * A record that is gone is not one that never was, and one that was brought back from yesterday is not today's:
 * so a ledger has for each record the number of its durable changes, which the record carries as well. With a
 * million subjects each of its 16 384 hashes holds 61, and the entry of one takes some 15 bytes.
 *
 * An organization is named, to be able to say which setting is gone. Of a subject a digest of 8 bytes will do.
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

/** What a field of the ledger stands for; `id`: of an organization, where it is named. */
export function ledgerEntryOf(field: Buffer): { readonly kind: Kind; readonly id: string | null } {
  const named = /^\{o:(.*)\}$/s.exec(field.toString());
  if (named) return { kind: 'organization', id: unescaped(named[1] as string) };
  if (field.length === 8) return { kind: 'subject', id: null };
  return { kind: field[0] === 0x64 ? 'devices' : 'organization', id: null };
}
