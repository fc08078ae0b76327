import { SallyportError } from '../../errors.js';

export interface RedisKeys {
  /** Says that this is a store that was set up, not one that came back empty. */
  readonly marker: string;
  /** The same for one slot of a Cluster, and in it. */
  slotMarker(tag: string): string;
  /** One hash per subject, tagged so that whatever is added beside it falls into the same Cluster slot. */
  subject(subjectId: string): string;
  /** Beside the subject, in the same slot. */
  devices(subjectId: string): string;
  /** Of its authenticators; in the same slot. */
  history(subjectId: string): string;
  session(digest: string): string;
  transaction(id: string): string;
  /** One hash per organization, tagged like a subject's. */
  organization(organizationId: string): string;
  /** Its audit trails. */
  trails(organizationId: string): string;
}

const PLAIN = /^[\w.@-]+$/;

export function redisKeys(prefix: string): RedisKeys {
  if (typeof prefix !== 'string' || /[{}]/.test(prefix)) {
    // A brace would move the Cluster hash tag from the subject to the prefix.
    throw new SallyportError('ERR_OPTION', `prefix must be a string without braces, got ${prefix}`);
  }
  return {
    marker: `${prefix}initialized`,
    slotMarker: (tag) => `${prefix}initialized:{${tag}}`,
    subject: (subjectId) => `${prefix}{s:${escaped(subjectId)}}`,
    devices: (subjectId) => `${prefix}{s:${escaped(subjectId)}}:devices`,
    history: (subjectId) => `${prefix}{s:${escaped(subjectId)}}:history`,
    session: (digest) => `${prefix}a:${escaped(digest)}`,
    transaction: (id) => `${prefix}t:${escaped(id)}`,
    organization: (organizationId) => `${prefix}{o:${escaped(organizationId)}}`,
    trails: (organizationId) => `${prefix}{o:${escaped(organizationId)}}:trails`,
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
