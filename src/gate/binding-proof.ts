import { authorityOf, type MethodName, type SubjectRecord } from '../contracts.js';
import { isProvable } from '../policy/provable.js';
import type { Facts } from './facts.js';

/**
 * What a change must rest on that shows in every organization of a person: an app, recovery codes. Whoever
 * has the keys of an outside service decides whom it says yes to, so its word must bind nothing for the others.
 * `everywhere`: a proof whose secret is ours. `here`: there is no such factor yet, and it would be the first;
 * then its rules are those of a first activation. `none`: other organizations would be concerned, and the
 * person has nothing that counts there.
 */
export type BindingProof = 'everywhere' | 'here' | 'none';

type Known = Pick<Facts, 'record' | 'policy' | 'backups'>;

export function bindingProof(facts: Known): BindingProof {
  const { record, policy } = facts;
  if (hasLastingFactor(record)) return 'everywhere';
  if (record.enrollments.every((one) => isProvable(one, policy))) return 'here';
  return usableBackups(facts).length > 0 ? 'everywhere' : 'none';
}

/** What can stand in for a lost factor: accepted backups, where codes are left. */
export function usableBackups({ record, policy, backups }: Known): readonly MethodName[] {
  if ((record.recoveryCodesLeft ?? 0) === 0) return [];
  return backups.filter((method) => policy.methods.includes(method));
}

/** A factor whose secret is ours counts in every organization. */
function hasLastingFactor({ enrollments }: SubjectRecord): boolean {
  return enrollments.some((one) => authorityOf(one) === null);
}
