import { together } from '../../awaitable.js';
import type { OrganizationSetting } from '../../contracts.js';
import type { Hypothesis } from '../../policy/organization-policy.js';
import type { AdminContext } from '../context.js';
import { newlyShutsOut } from '../effective-policy.js';
import type { OrganizationVisit } from '../guard.js';
import type { Current } from './current.js';

/** The organization as it would be with this setting. */
export function hypothesisOf(
  { store }: Pick<AdminContext, 'store'>,
  { organization, admin }: Pick<OrganizationVisit, 'organization' | 'admin'>,
  current: Pick<Current, 'version'>,
  value: OrganizationSetting,
): Hypothesis {
  const changedAt = new Date(store.now());
  const stamp = { version: current.version + 1, changedBy: admin.label, changedAt };
  return { organizationId: organization.id, setting: { value, ...stamp } };
}

/** Whether the administrator could get in until now, and could not afterwards. */
export async function wouldLockOut(
  { policies, store }: Pick<AdminContext, 'policies' | 'store'>,
  { admin }: Pick<OrganizationVisit, 'admin'>,
  hypothesis: Hypothesis,
): Promise<boolean> {
  const [record, before, after] = await together(
    () => store.readSubject(admin.id),
    () => policies.of(admin),
    () => policies.of(admin, hypothesis),
  );
  return newlyShutsOut(before, after, record, store.now());
}
