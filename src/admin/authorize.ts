import type { Request } from 'express';
import type { DirectoryOrganization, DirectoryUser } from '../contracts.js';
import { UnavailableError } from '../errors.js';
import type { WithinDeadline } from './deadline.js';

/**
 * What an administrator may be allowed to do. `organization:*`, `clients:list`, `users:list` and `events:read` are
 * asked of an organization, `user:*` of a user in an organization. What the administrator may not read is answered as
 * if it did not exist.
 */
export type AdminAction = OrganizationAction | UserAction;

export type OrganizationAction =
  | 'organization:read'
  | 'organization:change'
  | 'clients:list'
  | 'users:list'
  | 'events:read';

export type UserAction =
  | 'user:read'
  | 'user:change'
  | 'user:activate'
  | 'user:reset'
  | 'user:unlock';

/** The object that will be acted on, as the directory gave it. */
export type AdminTarget =
  | { readonly kind: 'organization'; readonly organization: DirectoryOrganization }
  | {
      readonly kind: 'user';
      readonly organization: DirectoryOrganization;
      readonly user: DirectoryUser;
    };

/** The host's decision. Only `true` allows; an error is answered with a 503. */
export type Authorize = (
  req: Request,
  action: AdminAction,
  target: AdminTarget,
) => boolean | Promise<boolean>;

export type MayI = (req: Request, action: AdminAction, target: AdminTarget) => Promise<boolean>;

/** Without the host's `authorize` nobody may do anything. */
export function authorizer(authorize: Authorize | null, withinDeadline: WithinDeadline): MayI {
  return async function mayI(req, action, target) {
    if (!authorize) return false;
    try {
      const answer: unknown = await withinDeadline('ERR_AUTHORIZE', 'authorize', () =>
        authorize(req, action, target),
      );
      return answer === true;
    } catch (cause) {
      throw new UnavailableError('ERR_AUTHORIZE', `authorize failed for ${action}`, { cause });
    }
  };
}
