import { createHash, timingSafeEqual } from 'node:crypto';
import type { Attempt, Keyring, SecondFactorStore, SessionDigest } from '../../contracts.js';
import type { SealedCredentials } from './credentials.js';

/** The lifetime of Duo's signed request. */
export const TRANSACTION_MS = 300_000;

/** One visit to the prompt, from the redirect to the way back. */
export interface DuoTransaction {
  readonly state: string;
  readonly session: SessionDigest;
  readonly subjectId: string;
  readonly tenantId: string;
  /** The name that was sent. */
  readonly username: string;
  /** The callback address that Duo was given, which it demands again for the code. */
  readonly redirectUrl: string;
  /** null if the SDK sent none. */
  readonly nonce: string | null;
  /** Duo was asked for a fresh answer, and no other counts. */
  readonly stepUp: boolean;
  /** Chosen on our page, before the person left for Duo. */
  readonly remember: boolean;
  /** The organization whose keys are used. */
  readonly source: string;
  /** The keys it started with, which also finish it when others were saved meanwhile. */
  readonly keys: SealedCredentials;
  readonly purpose: 'verify' | 'enroll';
  /** The pending enrollment that it confirms. */
  readonly enrollment: string | null;
}

export interface DuoTransactions {
  put(transaction: DuoTransaction): Promise<void>;
  /**
   * Takes the transaction of this state, once, if it was begun by this subject, for this tenant, in this session;
   * otherwise null.
   */
  take(state: string, asked: Pick<Attempt, 'session' | 'subject'>): Promise<DuoTransaction | null>;
}

export function duoTransactions({
  store,
  keyring,
}: {
  readonly store: Pick<SecondFactorStore, 'putTransaction' | 'takeTransaction'>;
  readonly keyring: Keyring;
}): DuoTransactions {
  return {
    async put(transaction) {
      const id = idOf(transaction.state, transaction.session);
      const plain = Buffer.from(JSON.stringify(transaction));
      await store.putTransaction(id, keyring.seal(plain, sealingContext(id)), TRANSACTION_MS);
    },

    async take(state, { session, subject }) {
      const id = idOf(state, session);
      const sealed = await store.takeTransaction(id);
      if (!sealed) return null;
      const plain = Buffer.from(keyring.open(sealed, sealingContext(id))).toString();
      const transaction = JSON.parse(plain) as DuoTransaction;
      const same = [
        isSame(transaction.state, state),
        isSame(transaction.session, session),
        isSame(transaction.subjectId, subject.id),
        isSame(transaction.tenantId, subject.tenantId),
      ];
      return same.every(Boolean) ? transaction : null;
    },
  };
}

/** Includes the session, so that another session can neither find nor use up the transaction. */
function idOf(state: string, session: SessionDigest): string {
  return createHash('sha256')
    .update(JSON.stringify(['duo', state, session]))
    .digest('base64url');
}

function sealingContext(id: string): string {
  return JSON.stringify(['duo-transaction', id]);
}

/** Compares in constant time, whatever the lengths. */
export function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
