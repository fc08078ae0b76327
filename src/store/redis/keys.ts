import { SallyportError } from '../../errors.js';
import type { TrailOwner } from '../record-store.js';
import type { Kind } from '../records.js';

export interface RedisKeys {
  /** Says that this is a store that was set up, not one that came back empty. */
  readonly marker: string;
  /** The same for one slot of a Cluster, and in it. */
  slotMarker(tag: string): string;
  /** A string per record. Those of a subject, and of an organization, are tagged to lie in one Cluster slot. */
  record(kind: Kind, id: string): string;
  /** A record's key without the prefix. */
  place(recordKey: string): string;
  /** Keys with which commands are tried out; in the slot of the tag. */
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
};

const PLAIN = /^[\w.@-]+$/;

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

/** Injective, without braces, and readable for the ids that are common. */
function escaped(id: string): string {
  if (PLAIN.test(id)) return id;
  // encodeURIComponent throws on half a surrogate pair; UTF-8 would make all of them the same character,
  // and so two people the same subject.
  return id.replace(/[^\w.@-]/gu, (character) =>
    /[\uD800-\uDFFF]/u.test(character)
      ? `%u${character.charCodeAt(0).toString(16)}`
      : `%${Buffer.from(character).toString('hex')}.`,
  );
}

/** The id that `escaped` was given. */
export function unescaped(part: string): string {
  return part.replace(/%u([0-9a-f]{4})|%([0-9a-f]+)\./g, (_, surrogate?: string, bytes?: string) =>
    surrogate === undefined
      ? Buffer.from(bytes as string, 'hex').toString()
      : String.fromCharCode(Number.parseInt(surrogate, 16)),
  );
}
