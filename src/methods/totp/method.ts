import { randomBytes } from 'node:crypto';
import type {
  Attempt,
  Challenge,
  EnrollableMethod,
  EnrollmentBasis,
  Keyring,
  PendingEnrollment,
  SecondFactorStore,
  Subject,
  Verdict,
} from '../../contracts.js';
import { randomId } from '../../crypto/random.js';
import { basisHolds } from '../attempt.js';
import { sealingContext } from '../sealing-context.js';
import {
  formatParameters,
  matchingStep,
  parseParameters,
  readCode,
  type TotpParameters,
} from './code.js';
import { keyUri, manualKey } from './key.js';
import { TOTP_WORDS } from './words.js';

/** RFC 4226 §4 R6 recommends 160 bits. */
const SECRET_BYTES = 20;

export interface TotpConfig {
  readonly store: Pick<
    SecondFactorStore,
    'beginEnrollment' | 'resumeEnrollment' | 'confirmEnrollment' | 'commitAttempt' | 'reseal'
  >;
  readonly keyring: Keyring;
  /** For new enrollments; each keeps the parameters it was made with. */
  readonly parameters: TotpParameters;
  readonly enrollmentMaxAgeMs: number;
  /** Told when a secret could not be sealed again under the first key; the login has gone on. */
  readonly onError: (error: unknown) => void;
}

/** What the activation page shows. The only place where the secret leaves the keyring. */
export interface TotpEnrollmentData {
  readonly enrollment: string;
  readonly basis: EnrollmentBasis;
  readonly key: string;
  readonly uri: string;
  readonly issuer: string;
  readonly account: string;
  readonly digits: number;
  readonly expiresAt: Date;
}

/** Time-based one-time passwords (RFC 6238), as authenticator apps make them. */
export function totp({ store, keyring, parameters, enrollmentMaxAgeMs, onError }: TotpConfig) {
  const { digits } = parameters;

  function open(sealed: Uint8Array, subject: Subject, enrollmentId: string): Uint8Array {
    return keyring.open(sealed, sealingContext('totp', subject.id, enrollmentId));
  }

  /**
   * Rotation on use: what an older key sealed is sealed again under the first one, after the answer was right
   * and beside it. Nobody waits for this, and a login does not fail with it: the old key still opens, and the
   * next login, or `npx sallyport reseal`, tries again.
   */
  async function renew(sealed: Uint8Array, subject: Subject, id: string): Promise<void> {
    if (keyring.isCurrent(sealed)) return;
    try {
      const secret = open(sealed, subject, id);
      const renewed = keyring.seal(secret, sealingContext('totp', subject.id, id));
      await store.reseal(subject.id, id, sealed, renewed);
    } catch (error) {
      onError(error);
    }
  }

  function shown(pending: PendingEnrollment, subject: Subject, issuer: string): Challenge {
    const secret = open(pending.sealed, subject, pending.id);
    const own = parseParameters(pending.parameters);
    const data: TotpEnrollmentData = {
      enrollment: pending.id,
      basis: pending.basis,
      key: manualKey(secret),
      uri: keyUri({ secret, issuer, account: subject.label, parameters: own }),
      issuer,
      account: subject.label,
      digits: own.digits,
      expiresAt: new Date(pending.expiresAt),
    };
    return { method: 'totp', kind: 'form', data: { ...data } };
  }

  return {
    name: 'totp',
    title: 'Authenticator app',
    words: TOTP_WORDS,
    counting: 'stops',

    // The enrollment at hand may have another number of digits than new ones get, so both pass here.
    wellFormed: ({ code }) => readCode(code, 6) !== null || readCode(code, 8) !== null,

    async challenge() {
      return { method: 'totp', kind: 'form', data: { digits } };
    },

    async verify({ subject, epoch, input }, { authenticators, at }): Promise<Verdict> {
      let replayed = false;
      for (const { id, sealed, parameters: stored } of authenticators) {
        const own = parseParameters(stored);
        const code = readCode(input.code, own.digits);
        const step = code === null ? null : matchingStep(code, open(sealed, subject, id), own, at);
        if (step === null) continue;
        // RFC 6238 §5.2: a code is accepted once. The store compares and advances in one step, so that of
        // two submissions at the same moment, on any two processes, one wins.
        const commit = await store.commitAttempt(subject.id, { enrollmentId: id, step, epoch });
        if (commit.kind === 'committed') {
          void renew(sealed, subject, id);
          return { kind: 'verified', enrollmentId: id, epoch: commit.epoch, at };
        }
        if (commit.kind === 'ended') return { kind: 'rejected', reason: 'ended' };
        replayed ||= commit.kind === 'replayed';
      }
      return { kind: 'rejected', reason: replayed ? 'replayed' : 'wrong-code' };
    },

    async beginEnrollment(
      { subject, session, issuer },
      { restart, basis, activationKey = null, lifetimeMs },
    ) {
      const id = randomId();
      const secret = randomBytes(SECRET_BYTES);
      const pending = await store.beginEnrollment(
        subject.id,
        {
          id,
          method: 'totp',
          label: 'Authenticator app',
          sealed: keyring.seal(secret, sealingContext('totp', subject.id, id)),
          parameters: formatParameters(parameters),
          session,
          basis,
          lifetimeMs: lifetimeMs ?? enrollmentMaxAgeMs,
        },
        { restart, activationKey },
      );
      return pending && shown(pending, subject, issuer);
    },

    async resumeEnrollment({ subject, session, issuer }) {
      const pending = await store.resumeEnrollment(subject.id, session);
      return pending?.method === 'totp' ? shown(pending, subject, issuer) : null;
    },

    async confirmEnrollment(
      { subject, session, epoch, policy, input }: Attempt,
      { pending, at },
      { replaces },
    ): Promise<Verdict> {
      // A form of an older tab names an enrollment that a newer attempt has voided.
      if (pending?.method !== 'totp' || pending.id !== input.enrollment) {
        return { kind: 'rejected', reason: 'superseded' };
      }
      const own = parseParameters(pending.parameters);
      const code = readCode(input.code, own.digits);
      const step =
        code === null
          ? null
          : matchingStep(code, open(pending.sealed, subject, pending.id), own, at);
      if (step === null) return { kind: 'rejected', reason: 'wrong-code' };
      const { id, basis } = pending;
      if (!basisHolds(policy, basis)) return { kind: 'rejected', reason: 'superseded' };
      const confirmed = await store.confirmEnrollment(subject.id, {
        ...{ id, session, step, replaces, epoch },
      });
      switch (confirmed.kind) {
        case 'confirmed':
          void renew(pending.sealed, subject, id);
          return { kind: 'verified', enrollmentId: id, epoch: confirmed.epoch, at };
        case 'superseded':
        case 'expired':
        case 'ended':
          return { kind: 'rejected', reason: confirmed.kind };
        default:
          return confirmed satisfies never;
      }
    },
  } satisfies EnrollableMethod;
}
