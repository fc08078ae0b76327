import type { DirectoryQuery, DirectoryUser } from '../../contracts.js';
import { recordOrLost } from '../../lost.js';
import { inBatches } from '../batches.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';
import { type Candidate, isInState, type UserState } from './states.js';

/** How many users one request looks at for a filter that matches few, and in how many calls of the directory. */
const LOOKED_AT_MOST = 2000;
const CALLS_AT_MOST = 40;

export interface FoundUsers {
  /** The users who may be read and are in the state asked for. */
  readonly users: readonly Candidate[];
  /** How many users who may be read this request has looked at. */
  readonly looked: number;
  /** The directory's count of what the search finds; null when that would include users who may not be read. */
  readonly total: number | null;
  readonly next: string | null;
}

/**
 * One page of the users of an organization. Without a state it is one page of the directory; with one, as many pages
 * as fill one of ours, within bounds: then `next` goes on where this request has stopped. A page ends with a page of
 * the directory, so it may hold up to twice `limit`.
 */
export async function findUsers(
  context: Pick<AdminContext, 'directory' | 'store' | 'policies'>,
  visit: OrganizationVisit,
  query: DirectoryQuery,
  state: UserState | null,
): Promise<FoundUsers> {
  const { directory, store } = context;
  const { organization, may } = visit;

  async function readable(user: DirectoryUser): Promise<Candidate | null> {
    if (!(await may('user:read', { kind: 'user', organization, user }))) return null;
    return { user, record: await recordOrLost(store, user.id) };
  }

  async function wanted(candidate: Candidate): Promise<Candidate | null> {
    if (state === null) return candidate;
    return (await isInState(context, organization, candidate, state)) ? candidate : null;
  }

  const users: Candidate[] = [];
  let looked = 0;
  let hidden = false;
  let total: number | null = null;
  let next = query.cursor;
  for (let call = 0; call < CALLS_AT_MOST; call += 1) {
    const page = await directory.users(organization.id, { ...query, cursor: next });
    const seen = present(await inBatches(page.items, readable));
    users.push(...present(await inBatches(seen, wanted)));
    looked += seen.length;
    hidden ||= seen.length < page.items.length;
    total = page.total;
    next = page.items.length === 0 ? null : page.next;
    const enough = state === null || users.length >= query.limit || looked >= LOOKED_AT_MOST;
    if (next === null || enough) break;
  }
  return { users, looked, total: hidden ? null : total, next };
}

function present<T>(found: readonly (T | null)[]): T[] {
  return found.filter((one) => one !== null);
}
