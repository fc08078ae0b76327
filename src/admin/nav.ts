import { together } from '../awaitable.js';
import { message } from '../messages/english.js';
import type { Sentences } from '../messages/sentences.js';
import type { AdminTarget } from './authorize.js';
import type { CheckedDirectory } from './directory.js';
import type { OrganizationVisit } from './guard.js';
import type { Link, Nav } from './page.js';

export type Tab = 'details' | 'authentication' | 'clients' | 'users' | 'events';

export type NavOf = (visit: OrganizationVisit, current: Tab) => Promise<Nav>;

/** The way up, and the pages of one organization that this administrator may open. */
export function navigation(directory: CheckedDirectory, say: Sentences['say']): NavOf {
  return async function navOf(visit, current) {
    const { organization, at, links } = visit;
    const target: AdminTarget = { kind: 'organization', organization };
    const isPartner = organization.kind === 'partner';
    const [readable, clients, users, events] = await together(
      () => visit.may('organization:read', target),
      () => isPartner && visit.may('clients:list', target),
      () => visit.may('users:list', target),
      () => visit.may('events:read', target),
    );
    const tabs: { tab: Tab; label: string; href: string; shown: boolean }[] = [
      { tab: 'details', label: say(message('admin.overview')), href: at.details, shown: readable },
      {
        tab: 'authentication',
        label: say(message(isPartner ? 'admin.account' : 'admin.authentication')),
        href: at.authentication,
        shown: readable,
      },
      {
        tab: 'clients',
        label: say(message('admin.clients')),
        href: at.clients,
        shown: readable && clients,
      },
      {
        tab: 'users',
        label: say(message('admin.users')),
        href: at.users,
        shown: readable && users,
      },
      {
        tab: 'events',
        label: say(message('admin.events')),
        href: at.events,
        shown: readable && events,
      },
    ];
    return {
      crumbs: [
        { label: say(message('admin.setup')), href: links.home },
        ...(await partnerOf(visit, directory, say)),
      ],
      organization: { name: organization.name, kind: organization.kind },
      tabs: tabs
        .filter(({ shown }) => shown)
        .map(({ tab, label, href }) => ({ label, href, current: tab === current })),
    };
  };
}

async function partnerOf(
  visit: OrganizationVisit,
  directory: CheckedDirectory,
  say: Sentences['say'],
): Promise<readonly Link[]> {
  const { kind, partnerId } = visit.organization;
  if (kind !== 'client' || partnerId === null) return [];
  const partner = await directory.organization(partnerId);
  if (!partner) return [];
  const target: AdminTarget = { kind: 'organization', organization: partner };
  // An administrator who may not read the partner does not see its name.
  if (!(await visit.may('organization:read', target))) return [];
  const href = visit.links.organization(partner.id).details;
  const mayList = await visit.may('clients:list', target);
  return [
    { label: partner.name, href },
    ...(mayList
      ? [
          {
            label: say(message('admin.clients')),
            href: visit.links.organization(partner.id).clients,
          },
        ]
      : []),
  ];
}
