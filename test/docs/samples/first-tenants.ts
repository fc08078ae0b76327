import type { Request } from 'express';
import { type AdminTarget, type Directory, organizationPolicy } from 'sallyport';

// In the place of these two: your tables.
const ORGANIZATIONS = [
  { id: 'northwind', name: 'Northwind', kind: 'partner', partnerId: null },
  { id: 'acme', name: 'Acme', kind: 'client', partnerId: 'northwind' },
] as const;
const USERS = [
  { id: '1', label: 'admin@northwind.example', tenantId: 'northwind', administrator: true },
  { id: '2', label: 'user1@acme.example', tenantId: 'acme', administrator: false },
];
const organization = (id: string) => ORGANIZATIONS.find((one) => one.id === id) ?? null;

const userOf = (req: Request) =>
  USERS.find(({ id }) => id === (req.user as { id?: unknown } | undefined)?.id) ?? null;

/** As before, and with the organization. */
export function subject(req: Request) {
  const user = userOf(req);
  return user && { id: user.id, tenantId: user.tenantId, label: user.label };
}

/** What administrators set, partner over client over user, decides. */
export const policy = organizationPolicy({ organization });

/** Whom an administrator can look up. Each list is one page of it: `cursor` is the `next` of the page before. */
export const directory: Directory = {
  organization,
  clients: (partnerId, query) =>
    page(
      ORGANIZATIONS.filter((one) => one.partnerId === partnerId),
      query,
      ({ name }) => name,
    ),
  users: (organizationId, query) =>
    page(
      USERS.filter((one) => one.tenantId === organizationId),
      query,
      ({ label }) => label,
    ),
  user: (organizationId, userId) =>
    USERS.find((one) => one.tenantId === organizationId && one.id === userId) ?? null,
};

/** A partner's administrators see to the partner and its clients; nobody else to anybody. */
export function authorize(req: Request, _action: string, target: AdminTarget) {
  const own = userOf(req);
  if (!own?.administrator) return false;
  const { id, partnerId } = target.organization;
  return id === own.tenantId || partnerId === own.tenantId;
}

function page<T>(
  all: readonly T[],
  { search, cursor, limit }: { search: string; cursor: string | null; limit: number },
  nameOf: (one: T) => string,
) {
  const found = all.filter((one) => nameOf(one).toLowerCase().includes(search.toLowerCase()));
  const from = Math.max(0, Number(cursor) || 0);
  const next = from + limit < found.length ? String(from + limit) : null;
  return { items: found.slice(from, from + limit), next, total: found.length };
}
