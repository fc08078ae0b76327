import { authorityOf, type MethodName, type SubjectRecord } from '../contracts.js';
import { isProvable } from '../policy/provable.js';
import type { Facts } from './facts.js';

/**
 * The proof that a change needs if it counts in every organization of a person (an app, recovery codes). The owner of
 * an outside service's keys decides whom it accepts, so its word must not bind other organizations. `everywhere`: a
 * proof whose secret is ours. `here`: no such factor exists yet, and the rules of a first activation apply. `none`:
 * other organizations would be affected, and the person has nothing that counts there.
 */
export type BindingProof = 'everywhere' | 'here' | 'none';

type Known = Pick<Facts, 'record' | 'policy' | 'backups'>;

export function bindingProof(facts: Known): BindingProof {
  const { record, policy } = facts;
  if (hasLastingFactor(record)) return 'everywhere';
  if (record.enrollments.every((one) => isProvable(one, policy))) return 'here';
  return usableBackups(facts).length > 0 ? 'everywhere' : 'none';
}

/** Accepted backups that can stand in for a lost factor, if codes are left. */
export function usableBackups({ record, policy, backups }: Known): readonly MethodName[] {
  if ((record.recoveryCodesLeft ?? 0) === 0) return [];
  return backups.filter((method) => policy.methods.includes(method));
}

/** A factor whose secret is ours counts in every organization. */
function hasLastingFactor({ enrollments }: SubjectRecord): boolean {
  return enrollments.some((one) => authorityOf(one) === null);
}
