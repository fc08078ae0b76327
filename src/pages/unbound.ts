import { bindingProof } from '../gate/binding-proof.js';
import { nothingBinds } from '../gate/fresh-proof.js';
import type { KnownSituation } from '../gate/situation.js';
import type { BoundMethod } from '../methods/bound-method.js';
import { provable } from '../policy/provable.js';

/**
 * Whether activating this method would count in a person's other organizations although it rests on a proof that
 * counts only here, or on their password: for a person whose only factor rests on another organization's authority.
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
