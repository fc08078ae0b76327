import type { EnrolledContext } from '../../contracts.js';
import { type Credential, type KeyFacts, parseFacts, unpackCredential } from './credential.js';
import type { Party } from './options.js';

/** A key of the person's, with what is known of it. */
export interface OwnKey {
  readonly id: string;
  readonly parameters: string;
  readonly lastCount: number;
  readonly facts: KeyFacts;
  readonly credential: Credential;
}

export function opened({ id, lastStep, parameters, secret }: EnrolledContext): OwnKey {
  return {
    ...{ id, parameters, lastCount: Math.max(0, lastStep), facts: parseFacts(parameters) },
    credential: unpackCredential(secret()),
  };
}

export function idOf({ id }: Credential): string {
  return Buffer.from(id).toString('base64url');
}

/** Whether a key may name its person so: as ours are told, or, of an imported one, as it was told elsewhere. */
export function isNamed(
  { credential: { userHandle } }: OwnKey,
  named: string,
  ours: readonly string[],
): boolean {
  if (userHandle === undefined) return ours.includes(named);
  return userHandle === null || Buffer.from(userHandle).toString('base64url') === named;
}

/** What a browser is told of it. */
export function descriptorOf({ credential }: OwnKey) {
  return { id: idOf(credential), transports: [...credential.transports] };
}

/** Whether browsers can ask for it at this address. */
export function worksAt({ credential }: Pick<OwnKey, 'credential'>, party: Party): boolean {
  return credential.rpId === undefined || credential.rpId === party.rpId;
}

/** The domains that keys were made for, as far as it was kept. */
export function domainsOf(keys: readonly Pick<OwnKey, 'credential'>[]): readonly string[] {
  return [...new Set(keys.flatMap(({ credential: { rpId } }) => (rpId ? [rpId] : [])))];
}
