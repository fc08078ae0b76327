import type { Directory, DirectoryPage, DirectoryQuery } from 'sallyport';
import type { Account, Accounts, Organization } from './accounts.js';

/**
 * What the pages of `door.admin()` know of our organizations and accounts. They only ever ask for one page;
 * with a database each of these is one query with a LIMIT.
 */
export function directoryOf(accounts: Accounts): Directory {
  return {
    organization: (id) => accounts.organization(id),
    clients: (partnerId, query) =>
      page(
        accounts.organizations.filter((one) => one.partnerId === partnerId),
        query,
        organizationText,
      ),
    users: (organizationId, query) => {
      const { items, ...rest } = page(accounts.of(organizationId), query, accountText);
      return { items: items.map(shown), ...rest };
    },
    user: (organizationId, userId) => {
      const account = accounts.byId(userId);
      return account?.organization.id === organizationId ? shown(account) : null;
    },
  };
}

const shown = ({ id, email }: Account) => ({ id, label: email });
const organizationText = ({ id, name }: Organization) => `${id} ${name}`.toLowerCase();
const accountText = ({ email }: Account) => email;

/** The items from where the last page ended. Their order does not change, so a cursor is a position. */
function page<T>(
  all: readonly T[],
  { search, cursor, limit }: DirectoryQuery,
  text: (item: T) => string,
): DirectoryPage<T> {
  const wanted = search.toLowerCase();
  const found = wanted === '' ? all : all.filter((item) => text(item).includes(wanted));
  const start = /^\d{1,9}$/.test(cursor ?? '') ? Number(cursor) : 0;
  const end = start + limit;
  return {
    items: found.slice(start, end),
    next: end < found.length ? String(end) : null,
    total: found.length,
  };
}
