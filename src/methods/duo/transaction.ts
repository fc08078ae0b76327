import { createHash, timingSafeEqual } from 'node:crypto';
import type { Attempt, Keyring, SecondFactorStore, SessionDigest } from '../../contracts.js';
import type { SealedCredentials } from './credentials.js';

/** As long as Duo's own signed request lives. */
export const TRANSACTION_MS = 300_000;

/** One visit to the prompt, from the redirect to the way back. */
export interface DuoTransaction {
  readonly state: string;
  readonly session: SessionDigest;
  readonly subjectId: string;
  readonly tenantId: string;
  /** The name that was sent. */
  readonly username: string;
  /** Where Duo was told to send the browser back to: it wants to hear the same for the code. */
  readonly redirectUrl: string;
  /** null where the SDK sent none. */
  readonly nonce: string | null;
  /** Duo was asked for a fresh answer, and nothing else will do. */
  readonly stepUp: boolean;
  /** Chosen on our page, before the person left for Duo. */
  readonly remember: boolean;
  /** Whose keys they are. */
  readonly source: string;
  /** The keys it started with: it is finished with them, also when others were saved meanwhile. */
  readonly keys: SealedCredentials;
  readonly purpose: 'verify' | 'enroll';
  /** The pending enrollment that it confirms. */
  readonly enrollment: string | null;
}

export interface DuoTransactions {
  put(transaction: DuoTransaction): Promise<void>;
  /**
   * The transaction of this state, once, if it was begun by this subject, for this tenant, in this session;
   * null otherwise.
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

/** With the session in it, another session finds nothing, and cannot even use the transaction up. */
function idOf(state: string, session: SessionDigest): string {
  return createHash('sha256')
    .update(JSON.stringify(['duo', state, session]))
    .digest('base64url');
}

function sealingContext(id: string): string {
  return JSON.stringify(['duo-transaction', id]);
}

/** In constant time, whatever the lengths. */
export function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
