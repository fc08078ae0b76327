import type { Awaitable } from './subject.js';

/** An organization as the administrator's pages show it. */
export interface DirectoryOrganization {
  readonly id: string;
  readonly name: string;
  readonly kind: 'partner' | 'client';
  /** The partner of a client; null for a partner, and for a client without one. */
  readonly partnerId: string | null;
}

export interface DirectoryUser {
  /** The same as `Subject.id`. */
  readonly id: string;
  /** The same as `Subject.label`. */
  readonly label: string;
  readonly name?: string | undefined;
}

export interface DirectoryQuery {
  /** What was typed into the search field, trimmed; empty for all. */
  readonly search: string;
  /** `next` of the page before; null for the first page. It comes from a link, so check it. */
  readonly cursor: string | null;
  /** The most items to return, 1 to 200. */
  readonly limit: number;
}

export interface DirectoryPage<T> {
  readonly items: readonly T[];
  /** The cursor of the next page, at most 512 characters; null on the last one. */
  readonly next: string | null;
  /** How many there are in all; null if that is not counted. */
  readonly total: number | null;
}

/**
 * The host's organizations and users, for the administrator's pages. It is never read as a whole, only page by page.
 * Ids must match exactly. Answer null for what does not exist, and for a user of another organization than the one
 * named; a rejection is answered with a 503.
 */
export interface Directory {
  organization(id: string): Awaitable<DirectoryOrganization | null | undefined>;
  clients(
    partnerId: string,
    query: DirectoryQuery,
  ): Awaitable<DirectoryPage<DirectoryOrganization>>;
  users(organizationId: string, query: DirectoryQuery): Awaitable<DirectoryPage<DirectoryUser>>;
  user(organizationId: string, userId: string): Awaitable<DirectoryUser | null | undefined>;
}
