import { createHash } from 'node:crypto';
import type { MethodName, SecondFactorStore, Subject } from '../../contracts.js';

/** Renewed whenever the key is used. */
const LIFETIME_MS = 400 * 24 * 60 * 60 * 1000;

const NO_LIMITS = { free: 0, waits: [], stop: 0 } as const;

/** A key: its authority, and its public id. */
interface Key {
  readonly account: string;
  readonly publicId: string;
}

/**
 * A key belongs to one person in an organization: otherwise a code typed at one account could be used at another, and
 * the owner of a found key would be unclear. It belongs to the first who activates it, until it is removed there. In
 * another organization it may be activated as well, since two accounts may be one person's.
 */
export function keyOwners({
  method,
  store,
}: {
  readonly method: MethodName;
  readonly store: Pick<SecondFactorStore, 'claim' | 'reserveAttempt' | 'now'>;
}) {
  /** Whether the enrollment of this id is active or pending. */
  async function holds({ subjectId, enrollmentId }: Owner): Promise<boolean> {
    // Counts nothing: only reads enrollments, active and pending.
    const found = await store.reserveAttempt(subjectId, NO_LIMITS, {
      ...{ method, stoppable: false, counted: false },
    });
    if (found.kind === 'locked') return true;
    const { authenticators, pending } = found;
    if (authenticators.some(({ id }) => id === enrollmentId)) return true;
    return pending?.id === enrollmentId && store.now() < pending.expiresAt;
  }

  /** Whether the key belongs to this person, or is claimed for them now. */
  return async function own(subject: Subject, enrollmentId: string, key: Key): Promise<boolean> {
    const id = idOf(subject.tenantId, key);
    const owner = ownerText({ subjectId: subject.id, enrollmentId });
    const wanted = { owner, lifetimeMs: LIFETIME_MS };
    const known = await store.claim(id, { ...wanted, instead: null });
    if (known === owner) return true;
    if (await holds(readOwner(known))) return false;
    return (await store.claim(id, { ...wanted, instead: known })) === owner;
  };
}

interface Owner {
  readonly subjectId: string;
  readonly enrollmentId: string;
}

function ownerText({ subjectId, enrollmentId }: Owner): string {
  return JSON.stringify([subjectId, enrollmentId]);
}

function readOwner(text: string): Owner {
  const [subjectId, enrollmentId] = JSON.parse(text);
  return { subjectId, enrollmentId };
}

function idOf(tenantId: string, { account, publicId }: Key): string {
  return createHash('sha256')
    .update(JSON.stringify(['yubikey-owner', tenantId, account, publicId]))
    .digest('base64url');
}
