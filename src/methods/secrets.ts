import type {
  Authenticator,
  EnrolledContext,
  Kept,
  PendingContext,
  PendingEnrollment,
  ReservedAttempt,
  Sealed,
  SealedKept,
  Subject,
} from '../contracts.js';
import type { BindConfig } from './bound.js';
import { sealingContext } from './sealing-context.js';

/** Seals and opens what a method keeps for an enrollment; a method never sees a key. */
export interface Secrets {
  seal(subject: Subject, enrollmentId: string, secret: Uint8Array): Sealed;
  /** What an answer has the store keep. */
  keep(subject: Subject, enrollmentId: string, kept: Kept | undefined): SealedKept | undefined;
  enrolled(subject: Subject, authenticator: Authenticator): EnrolledContext;
  pending(subject: Subject, session: string, pending: PendingEnrollment): PendingContext;
  /**
   * Rotation on use: what an older key sealed is sealed again under the first one, after the answer was right
   * and beside it. Nobody waits for this, and a login does not fail with it: the old key still opens, and the
   * next login, or `npx sallyport reseal`, tries again.
   */
  renew(subject: Subject, reservation: ReservedAttempt, enrollmentId: string): void;
}

export function secretsOf(
  method: string,
  { store, keyring, onError }: Pick<BindConfig, 'store' | 'keyring' | 'onError'>,
): Secrets {
  const open = (sealed: Sealed, { id }: Subject, enrollmentId: string) =>
    keyring.open(sealed, sealingContext(method, id, enrollmentId));

  const seal: Secrets['seal'] = ({ id }, enrollmentId, secret) =>
    keyring.seal(secret, sealingContext(method, id, enrollmentId));

  async function reseal(subject: Subject, id: string, sealed: Sealed): Promise<void> {
    if (keyring.isCurrent(sealed)) return;
    await store.reseal(subject.id, id, sealed, seal(subject, id, open(sealed, subject, id)));
  }

  return {
    seal,

    keep: (subject, id, kept) =>
      kept && {
        ...(kept.secret && { sealed: seal(subject, id, kept.secret) }),
        ...(kept.parameters !== undefined && { parameters: kept.parameters }),
      },

    enrolled: (subject, { id, sealed, parameters, lastStep }) => ({
      ...{ id, parameters, lastStep },
      secret: () => open(sealed, subject, id),
    }),

    pending: (subject, session, { id, basis, parameters, expiresAt, sealed, ...more }) => ({
      ...{ id, basis, parameters, expiresAt },
      own: more.session === session,
      secret: () => open(sealed, subject, id),
    }),

    renew(subject, { authenticators, pending }, enrollmentId) {
      const found = [...authenticators, ...(pending ? [pending] : [])];
      const used = found.find(({ id }) => id === enrollmentId);
      if (used) reseal(subject, enrollmentId, used.sealed).catch(onError);
    },
  };
}
