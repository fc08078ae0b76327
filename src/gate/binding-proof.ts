import { authorityOf, type Policy, type SubjectRecord } from '../contracts.js';
import { isProvable } from '../policy/provable.js';

const RECOVERY_CODE = 'recovery-code';

/**
 * What a change must rest on that shows in every organization of a person: an app, recovery codes. Whoever
 * has the keys of a Duo decides whom it says yes to, so its word must bind nothing for the others.
 * `everywhere`: a proof whose secret is ours. `here`: there is no such factor yet, and it would be the first;
 * then its rules are those of a first activation. `none`: other organizations would be concerned, and the
 * person has nothing that counts there.
 */
export type BindingProof = 'everywhere' | 'here' | 'none';

export function bindingProof(record: SubjectRecord, policy: Policy): BindingProof {
  if (hasLastingFactor(record)) return 'everywhere';
  if (record.enrollments.every((one) => isProvable(one, policy))) return 'here';
  const codes = (record.recoveryCodesLeft ?? 0) > 0 && policy.methods.includes(RECOVERY_CODE);
  return codes ? 'everywhere' : 'none';
}

/** A factor whose secret is ours counts in every organization. */
function hasLastingFactor({ enrollments }: SubjectRecord): boolean {
  return enrollments.some((one) => authorityOf(one) === null);
}
