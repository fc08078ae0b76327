import { together } from '../../awaitable.js';
import type { DirectoryOrganization, DirectoryUser, SecondFactorStore } from '../../contracts.js';
import { recordOrLost } from '../../lost.js';
import type { Hypothesis } from '../../policy/organization-policy.js';
import { inBatches } from '../batches.js';
import type { CheckedDirectory } from '../directory.js';
import { asks, type EffectivePolicies, newlyShutsOut } from '../effective-policy.js';
import type { OrganizationVisit } from '../guard.js';
import type { DryRun } from './dry-run-result.js';

/** How many users a dry run reads at most, whatever the size of the organization. */
const EXAMINED_AT_MOST = 1000;

const SHOWN = 20;

const PAGE = 200;

export interface DryRunConfig {
  readonly directory: CheckedDirectory;
  readonly policies: EffectivePolicies;
  readonly store: Pick<SecondFactorStore, 'readSubject' | 'now'>;
}

/** Resolves each user's policy twice, as it is and as it would be. A partner's own users come before its clients'. */
export async function dryRun(
  { directory, policies, store }: DryRunConfig,
  { organization, may }: Pick<OrganizationVisit, 'organization' | 'may'>,
  hypothesis: Hypothesis,
  { withClients }: { readonly withClients: boolean },
): Promise<DryRun> {
  const count = { newlyAsked: 0, mustActivate: 0, noLongerAsked: 0, blocked: 0 };
  const users: { id: string; label: string; organizationId: string }[] = [];
  let examined = 0;
  let total: number | null = 0;
  let complete = true;

  async function examine(user: DirectoryUser, at: DirectoryOrganization): Promise<void> {
    const subject = { id: user.id, tenantId: at.id, label: user.label };
    const [record, before, after] = await together(
      () => recordOrLost(store, user.id),
      () => policies.of(subject),
      () => policies.of(subject, hypothesis),
    );
    const asked = { before: asks(before, record), after: asks(after, record) };
    if (asked.after && !asked.before) {
      count.newlyAsked += 1;
      // Changing the setting includes seeing how many users it concerns; seeing who they are does not.
      if (
        users.length < SHOWN &&
        (await may('user:read', { kind: 'user', organization: at, user }))
      ) {
        users.push({ id: user.id, label: user.label, organizationId: at.id });
      }
    }
    if (asked.before && !asked.after) count.noLongerAsked += 1;
    if (after.mode === 'contradictory') {
      if (before.mode !== 'contradictory') count.blocked += 1;
    } else if (newlyShutsOut(before, after, record, store.now())) count.mustActivate += 1;
  }

  async function examineAll(at: DirectoryOrganization): Promise<void> {
    let cursor: string | null = null;
    do {
      const left = EXAMINED_AT_MOST - examined;
      if (left <= 0) {
        complete = false;
        return;
      }
      const limit = Math.min(PAGE, left);
      const page = await directory.users(at.id, { search: '', cursor, limit });
      if (cursor === null && total !== null) {
        total = page.total === null ? null : total + page.total;
      }
      const items = page.items.slice(0, left);
      if (items.length < page.items.length) complete = false;
      await inBatches(items, (user) => examine(user, at));
      examined += items.length;
      cursor = items.length === 0 ? null : page.next;
    } while (cursor !== null);
  }

  await examineAll(organization);
  let cursor: string | null = null;
  while (withClients && complete) {
    const query = { search: '', cursor, limit: PAGE };
    const clients = await directory.clients(organization.id, query);
    for (const client of clients.items) {
      if (complete) await examineAll(client);
    }
    cursor = clients.next;
    if (cursor === null || clients.items.length === 0) break;
  }
  if (withClients && !complete) total = null;
  return { examined, total, complete, ...count, users: users.slice(0, SHOWN) };
}
