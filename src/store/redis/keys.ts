import { SallyportError } from '../../errors.js';
import { escaped } from '../escaped-id.js';
import type { TrailOwner } from '../record-store.js';
import type { Kind } from '../records.js';

export interface RedisKeys {
  /** Present in a store that was set up, missing in one that came back empty. */
  readonly marker: string;
  /** The same for one slot of a Cluster, and in it. */
  slotMarker(tag: string): string;
  /**
   * A string per record. The records of one subject, or of one organization, are tagged to lie in one Cluster slot.
   */
  record(kind: Kind, id: string): string;
  /** A record's key without the prefix. */
  place(recordKey: string): string;
  /** A key on which commands are tried out, in the slot of the tag. */
  probe(tag: string): string;
  /** A hash per slot. */
  ledger(tag: string): string;
  isLedger(key: string): boolean;
  /** A hash with the trails of an owner, in the slot of the owner's record. */
  trails(owner: TrailOwner, id: string): string;
}

const PLACES: { readonly [K in Kind]: (id: string) => string } = {
  subject: (id) => `{s:${id}}`,
  devices: (id) => `{s:${id}}:devices`,
  organization: (id) => `{o:${id}}`,
  session: (id) => `a:${id}`,
  transaction: (id) => `t:${id}`,
  holders: (id) => `h:${id}`,
};

export function redisKeys(prefix: string): RedisKeys {
  if (typeof prefix !== 'string' || /[{}]/.test(prefix)) {
    // A brace would move the Cluster hash tag from the subject to the prefix.
    throw new SallyportError('ERR_OPTION', `prefix must be a string without braces, got ${prefix}`);
  }
  return {
    marker: `${prefix}initialized`,
    slotMarker: (tag) => `${prefix}initialized:{${tag}}`,
    record: (kind, id) => `${prefix}${PLACES[kind](escaped(id))}`,
    place: (recordKey) => recordKey.slice(prefix.length),
    probe: (tag) => `${prefix}probe:{${tag}}`,
    ledger: (tag) => `${prefix}l:{${tag}}`,
    isLedger: (key) => key.startsWith(`${prefix}l:{`),
    trails: (owner, id) =>
      `${prefix}${PLACES[owner](escaped(id))}:${owner === 'subject' ? 'history' : 'trails'}`,
  };
}
