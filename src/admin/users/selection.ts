import type { Request } from 'express';
import { z } from 'zod';
import type { DirectoryOrganization, DirectoryUser } from '../../contracts.js';
import { message, wrongBy } from '../../messages/english.js';
import { checkbox, listOf } from '../../web/form-fields.js';
import { inBatches } from '../batches.js';
import { FieldsError, readBody } from '../bodies.js';
import type { CheckedDirectory } from '../directory.js';
import { LOCK_ME_OUT } from '../organization/setting-form.js';
import type { Hidden } from '../page.js';
import { stateFrom, type UserState } from './states.js';

export const SELECTED_AT_MOST = 1000;
const LISTED_AT_MOST = 10_000;
const PAGE = 200;

/** The users to switch, and whether on or off. */
export interface Selection {
  readonly enable: boolean;
  /** Ids as they were sent; null for everybody whom the search finds. */
  readonly users: readonly string[] | null;
  readonly search: string;
  /** Limits the selection to users in this state; null for all. */
  readonly state: UserState | null;
  /** How many users the confirmation page counted; null without one. */
  readonly count: number | null;
  /** `YYYY-MM-DD`: those switched on may postpone activation until then. */
  readonly grace: string;
  readonly override: boolean;
}

const shape = {
  action: z.enum(['enable', 'disable']),
  users: listOf(z.string().min(1).max(512), SELECTED_AT_MOST),
  everybody: checkbox,
  search: z.string().max(200).default(''),
  state: z.string().max(40).default(''),
  count: z.union([z.int().nonnegative(), z.string().regex(/^\d{1,6}$/)]).optional(),
  grace: z.union([z.literal(''), z.iso.date(wrongBy('admin.field.date'))]).default(''),
  override: z.literal(LOCK_ME_OUT).optional(),
};

export function readSelection(req: Request): Selection {
  const body = readBody(req, shape);
  const users = [...new Set(body.users as string[])];
  return {
    enable: body.action === 'enable',
    users: body.everybody ? null : users,
    search: body.search.trim(),
    state: stateFrom(body.state),
    count: body.count === undefined ? null : Number(body.count),
    grace: body.grace,
    override: body.override !== undefined,
  };
}

/** A selected user: as the directory knows them, or null where it does not know the id in this organization. */
export type Selected =
  | { readonly id: string; readonly user: DirectoryUser }
  | { readonly id: string; readonly user: null };

/**
 * Finds the selected users in the organization named in the path only. A whole list is read page by page, and refused
 * when it is so long that the organization's own setting should be switched instead.
 */
export async function selectedUsers(
  directory: CheckedDirectory,
  organization: DirectoryOrganization,
  { users, search, state }: Selection,
): Promise<readonly Selected[]> {
  if (users !== null) {
    return inBatches(users, async (id) => ({
      id,
      user: await directory.user(organization.id, id),
    }));
  }
  const found = new Map<string, Selected>();
  let cursor: string | null = null;
  do {
    const page = await directory.users(organization.id, { search, cursor, limit: PAGE });
    for (const user of page.items) found.set(user.id, { id: user.id, user });
    if (found.size > LISTED_AT_MOST || (page.total ?? 0) > LISTED_AT_MOST) {
      throw new FieldsError(
        422,
        'too_many_users',
        state === null
          ? message('admin.bulk.too-many', { most: LISTED_AT_MOST })
          : message('admin.bulk.too-many-found', { most: LISTED_AT_MOST }),
        { everybody: message('admin.bulk.too-many-field', { most: LISTED_AT_MOST }) },
      );
    }
    cursor = page.items.length === 0 ? null : page.next;
  } while (cursor !== null);
  return [...found.values()];
}

/** The same selection as fields of the form that asks for confirmation. */
export function selectionFields(
  { enable, users, search, state }: Selection,
  count: number,
): readonly Hidden[] {
  return [
    { name: 'action', value: enable ? 'enable' : 'disable' },
    { name: 'count', value: String(count) },
    ...(users === null
      ? [
          { name: 'everybody', value: 'yes' },
          { name: 'search', value: search },
          { name: 'state', value: state ?? '' },
        ]
      : users.map((value) => ({ name: 'users', value }))),
  ];
}
