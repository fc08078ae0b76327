import type { Policy } from '../../../contracts.js';
import type { KeyFacts } from '../credential.js';
import { type Unattested, unattested } from './attestation.js';
import type { Metadata } from './blob.js';

/** Whether makers have to vouch for the models of their keys, and do. */
export interface Vouching {
  /** Of a new key: null where its maker does, or nobody asks. */
  ofNew(
    key: { readonly facts: KeyFacts; readonly attestation: Uint8Array },
    policy: Policy,
    now: number,
  ): { readonly attested: boolean; readonly fault: Unattested | null };
  /** Of one that was activated before. */
  ofKnown(facts: KeyFacts, policy: Policy): Unattested | null;
}

export function vouching(metadata: Metadata | null): Vouching {
  return {
    ofNew({ facts: { aaguid }, attestation }, policy, now) {
      if (!metadata || !namesModels(policy)) return { attested: false, fault: null };
      const fault = unattested(metadata, { aaguid, attestation }, now);
      return { attested: fault === null, fault };
    },

    ofKnown: ({ attested }, policy) =>
      metadata && namesModels(policy) && !attested
        ? { because: 'unchecked', detail: 'its maker was not asked' }
        : null,
  };
}

function namesModels({ 'security-key': part }: Policy): boolean {
  return part?.models != null;
}

/** Once for each door: an old one goes on being used, since what it knows is no less true. */
export function warnOfOld({ number, goodUntil }: Metadata, now: number): void {
  if (now <= goodUntil) return;
  const due = new Date(goodUntil).toISOString().slice(0, 10);
  console.error(
    `sallyport: securityKey.metadata (no. ${number}) is old: a newer one was due on ${due}, from https://mds3.fidoalliance.org`,
  );
}
