import { z } from 'zod';
import type {
  Directory,
  DirectoryOrganization,
  DirectoryPage,
  DirectoryQuery,
  DirectoryUser,
} from '../contracts.js';
import { UnavailableError } from '../errors.js';
import type { WithinDeadline } from './deadline.js';

const text = z.string().min(1);

// Other fields of the host's objects are passed on to its `authorize`.
const organization = z.looseObject({
  id: text,
  name: text,
  kind: z.enum(['partner', 'client']),
  partnerId: text.nullable(),
});

const user = z.looseObject({ id: text, label: text, name: z.string().optional() });

const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().max(512).nullable(),
    total: z.int().nonnegative().nullable(),
  });

/** The host's directory, asked within a deadline; an answer of the wrong shape is a 503. */
export interface CheckedDirectory {
  organization(id: string): Promise<DirectoryOrganization | null>;
  clients(partnerId: string, query: DirectoryQuery): Promise<DirectoryPage<DirectoryOrganization>>;
  users(organizationId: string, query: DirectoryQuery): Promise<DirectoryPage<DirectoryUser>>;
  user(organizationId: string, userId: string): Promise<DirectoryUser | null>;
}

export function checkedDirectory(
  directory: Directory,
  withinDeadline: WithinDeadline,
): CheckedDirectory {
  async function ask<T>(
    what: string,
    schema: z.ZodType<T>,
    run: () => unknown | Promise<unknown>,
  ): Promise<T> {
    let answer: unknown;
    try {
      answer = await withinDeadline('ERR_DIRECTORY', what, run);
    } catch (cause) {
      throw new UnavailableError('ERR_DIRECTORY', `${what} failed`, { cause });
    }
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new UnavailableError(
      'ERR_DIRECTORY',
      `${what} gave no valid answer: ${z.prettifyError(parsed.error)}`,
    );
  }

  return {
    async organization(id) {
      const found = await ask('directory.organization', organization.nullish(), () =>
        directory.organization(id),
      );
      // A database that compares without case would give another organization's settings two names.
      return found?.id === id ? found : null;
    },

    async clients(partnerId, query) {
      const page = await ask('directory.clients', pageOf(organization), () =>
        directory.clients(partnerId, query),
      );
      const stranger = page.items.find(
        (one) => one.kind !== 'client' || one.partnerId !== partnerId,
      );
      if (!stranger) return page;
      throw new UnavailableError(
        'ERR_DIRECTORY',
        `directory.clients gave ${stranger.id}, which is no client of ${partnerId}`,
      );
    },

    users: (organizationId, query) =>
      ask('directory.users', pageOf(user), () => directory.users(organizationId, query)),

    async user(organizationId, userId) {
      const found = await ask('directory.user', user.nullish(), () =>
        directory.user(organizationId, userId),
      );
      return found?.id === userId ? found : null;
    },
  };
}
