import type { Policy, Rejected } from '../../contracts.js';
import { isAccepted } from '../../policy/provable.js';
import { rejected } from '../ask.js';
import type { KeyFacts } from './credential.js';
import type { Unattested } from './metadata/attestation.js';
import type { SecurityKeyReason } from './words.js';

type Known = { readonly parameters: string };

/** Whether an organization takes a key of this kind. */
export function taken(policy: Policy): (key: Known) => boolean {
  return ({ parameters }) => isAccepted({ method: 'security-key', parameters }, policy);
}

/** Which keys a person is asked for: those that count here, or, to activate another one, those that they have. */
export function askable<Key extends Known>(keys: readonly Key[], policy: Policy): readonly Key[] {
  const found = keys.filter(taken(policy));
  return found.length > 0 ? found : keys;
}

/** Keys that do not count only open the way to one that does: old ones could not do what is demanded of that. */
export function verificationOf(
  policy: Policy,
  keys: readonly Known[] | 'new',
): 'required' | 'preferred' {
  const counts = keys === 'new' || keys.some(taken(policy));
  return counts && policy['security-key']?.userVerification ? 'required' : 'preferred';
}

/** Whether a key that counts has to tell its person from others, and did not this time. */
export function lacksVerification(
  key: Known,
  { userVerified }: Pick<KeyFacts, 'userVerified'>,
  policy: Policy,
): boolean {
  return policy['security-key']?.userVerification === true && !userVerified && taken(policy)(key);
}

/**
 * Why it is not taken, in the order in which something can be done about it. `unattested`: why its maker does not
 * vouch for it, where that is asked.
 */
export function notTaken(
  { aaguid, userVerified, backupEligible }: KeyFacts,
  { 'security-key': part }: Policy,
  unattested: Unattested | null = null,
): Rejected {
  if (part?.userVerification && !userVerified) {
    return refused('not-accepted', 'unverified', 'user not verified');
  }
  if (part?.deviceBound && backupEligible) return refused('not-accepted', 'synced', 'synced');
  // Where it vouches for nothing, its model is hidden as well.
  const hidden = unattested?.because === 'unattested';
  if (!hidden && part?.models && !part.models.includes(aaguid)) {
    return refused('not-accepted', 'model', `model ${aaguid}`);
  }
  if (unattested) return refused('not-accepted', unattested.because, unattested.detail);
  return rejected('not-accepted');
}

export function refused(
  reason: Rejected['reason'],
  because: SecurityKeyReason,
  detail: string,
): Rejected {
  return { ...rejected(reason, detail), because };
}
