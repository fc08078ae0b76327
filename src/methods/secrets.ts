import {
  type Authenticator,
  type EnrolledContext,
  FOREIGN_CODES,
  type Kept,
  type PendingContext,
  type PendingEnrollment,
  type Sealed,
  type SealedKept,
  type Subject,
} from '../contracts.js';
import type { BindConfig } from './bind-config.js';
import { sealingContext } from './sealing-context.js';

/** Seals and opens what a method keeps for an enrollment; a method never sees a key. */
export interface Secrets {
  seal(subject: Subject, enrollmentId: string, secret: Uint8Array): Sealed;
  /** Seals what an answer wants to be kept. */
  keep(subject: Subject, enrollmentId: string, kept: Kept | undefined): SealedKept | undefined;
  /** Opens the secrets of one attempt, each once, however often it is judged. */
  of(subject: Subject): OpenedSecrets;
}

export interface OpenedSecrets {
  enrolled(authenticator: Authenticator): EnrolledContext;
  pending(session: string, pending: PendingEnrollment): PendingContext;
  /** The `foreign` part of imported recovery codes. */
  foreignCodes(sealed: Sealed | null): (() => Uint8Array) | null;
  /**
   * Rotation on use: after a right answer, a secret sealed by an older key is sealed again under the first one.
   * Nobody waits for it and a login does not fail with it: the old key still opens, and the next login, or `npx
   * sallyport reseal`, tries again.
   */
  renew(enrollmentId: string): void;
}

export function secretsOf(
  method: string,
  { store, keyring, onError }: Pick<BindConfig, 'store' | 'keyring' | 'onError'>,
): Secrets {
  const seal: Secrets['seal'] = ({ id }, enrollmentId, secret) =>
    keyring.seal(secret, sealingContext(method, id, enrollmentId));

  return {
    seal,

    keep: (subject, id, kept) =>
      kept && {
        ...(kept.secret && { sealed: seal(subject, id, kept.secret) }),
        ...(kept.parameters !== undefined && { parameters: kept.parameters }),
      },

    of(subject) {
      const sealed = new Map<string, Sealed>();
      const opened = new Map<string, Uint8Array>();

      function secretOf(id: string, bytes: Sealed): () => Uint8Array {
        sealed.set(id, bytes);
        return () => {
          const name = `${id} ${Buffer.from(bytes).toString('base64')}`;
          const known = opened.get(name);
          const secret = known ?? keyring.open(bytes, sealingContext(method, subject.id, id));
          if (!known) opened.set(name, secret);
          // A copy, since a method may wipe what it is given.
          return Uint8Array.from(secret);
        };
      }

      async function reseal(id: string, expected: Sealed): Promise<void> {
        if (keyring.isCurrent(expected)) return;
        const resealed = seal(subject, id, secretOf(id, expected)());
        await store.reseal(subject.id, id, expected, resealed);
      }

      return {
        enrolled: ({ id, sealed, parameters, lastStep }) => ({
          ...{ id, parameters, lastStep, secret: secretOf(id, sealed) },
        }),

        pending: (session, { id, basis, parameters, expiresAt, sealed, ...more }) => ({
          ...{ id, basis, parameters, expiresAt, secret: secretOf(id, sealed) },
          own: more.session === session,
        }),

        foreignCodes(kept) {
          if (kept === null) return null;
          return kept.length === 0 ? () => new Uint8Array() : secretOf(FOREIGN_CODES, kept);
        },

        renew(enrollmentId) {
          const used = sealed.get(enrollmentId);
          if (used) reseal(enrollmentId, used).catch(onError);
        },
      };
    },
  };
}
