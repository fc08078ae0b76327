import { bindingProof } from '../gate/binding-proof.js';
import { nothingBinds } from '../gate/fresh-proof.js';
import type { KnownSituation } from '../gate/situation.js';
import type { BoundMethod } from '../methods/bound-method.js';
import { provable } from '../policy/provable.js';

/**
 * Whether activating this method would bind a person in their other organizations on a proof that counts here
 * alone, or on their password: somebody whose only factor is another organization's word.
 */
export function isUnbound({ facts }: KnownSituation, { scope }: BoundMethod): boolean {
  const { record, policy } = facts;
  if (scope === 'organization') return false;
  const proof = bindingProof(facts);
  const onPassword = record.enrollments.length > 0 && provable(record, policy).length === 0;
  return proof === 'none' || (proof === 'everywhere' && onPassword);
}

export function refuseUnbound(situation: KnownSituation, method: BoundMethod): void {
  if (isUnbound(situation, method)) throw nothingBinds();
}
