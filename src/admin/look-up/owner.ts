import { randomUUID } from 'node:crypto';
import type {
  DirectoryOrganization,
  DirectoryUser,
  Enrollment,
  Holder,
  MethodName,
  Subject,
} from '../../contracts.js';
import type { FoundAuthenticator } from '../../methods/bound-lookup.js';
import type { AdminContext } from '../context.js';
import type { OrganizationVisit } from '../guard.js';

export interface Owner {
  readonly organization: DirectoryOrganization;
  readonly user: DirectoryUser;
  readonly subject: Subject;
  readonly enrollment: Enrollment;
}

/** A reservation that counts nothing only reads the record. */
const NO_LIMITS = { free: 0, waits: [], stop: 0 } as const;

/**
 * The owner, if this administrator may read them: a user of the organization on whose page it is asked, or of a
 * partner's clients. For an authenticator that nobody has, the same questions are asked as for one of somebody
 * else's, so that neither the answer nor its time tells the two apart.
 */
export async function ownerOf(
  { store, directory }: Pick<AdminContext, 'store' | 'directory'>,
  visit: OrganizationVisit,
  method: MethodName,
  found: FoundAuthenticator,
): Promise<Owner | null> {
  const holders = await store.readHolders(found.foundBy);
  for (const holder of holders.length > 0 ? holders : [nobody()]) {
    const owner = await heldBy(holder);
    if (owner) return owner;
  }
  return null;

  async function heldBy(holder: Holder): Promise<Owner | null> {
    const authenticator = await kept(holder);
    const place = await placeOf(holder);
    if (!authenticator || !place) return null;
    if (!(await visit.may('user:read', { kind: 'user', ...place }))) return null;
    const { organization, user } = place;
    const subject = { id: user.id, tenantId: organization.id, label: user.label };
    if (!(await found.isFrom(subject, authenticator))) return null;
    const { enrollments } = await store.readSubject(user.id);
    const enrollment = enrollments.find(({ id }) => id === authenticator.id);
    return enrollment ? { ...{ organization, user, subject }, enrollment } : null;
  }

  /** The index is a hint: only an enrollment in the user's record counts. */
  async function kept({ subjectId, enrollmentId }: Holder) {
    const step = await store.reserveAttempt(subjectId, NO_LIMITS, {
      ...{ method, stoppable: false, counted: false },
    });
    if (step.kind !== 'reserved') return null;
    return step.authenticators.find(
      ({ id, foundBy }) => id === enrollmentId && foundBy?.includes(found.foundBy),
    );
  }

  async function placeOf({ subjectId, tenantId }: Holder) {
    const { organization } = visit;
    const here = await directory.user(organization.id, subjectId);
    if (here) return { organization, user: here };
    if (organization.kind !== 'partner') return null;
    const client = await directory.organization(tenantId);
    const isClient = client?.kind === 'client' && client.partnerId === organization.id;
    const user = await directory.user(isClient ? client.id : organization.id, subjectId);
    return isClient && user ? { organization: client, user } : null;
  }
}

/** A holder that does not exist. */
function nobody(): Holder {
  return { subjectId: randomUUID(), tenantId: randomUUID(), enrollmentId: randomUUID() };
}
