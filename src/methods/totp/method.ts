import { randomBytes } from 'node:crypto';
import type {
  Attempt,
  Challenge,
  EnrollableMethod,
  Keyring,
  PendingEnrollment,
  SecondFactorStore,
  Subject,
  Verdict,
} from '../../contracts.js';
import { randomId } from '../../crypto/random.js';
import { readName } from '../../names.js';
import { basisHolds, besidesOf } from '../attempt.js';
import { sealingContext } from '../sealing-context.js';
import { type AppNames, appNames } from './app-names.js';
import {
  clockOffset,
  formatParameters,
  matchingStep,
  parseParameters,
  readCode,
  type TotpParameters,
} from './code.js';
import type { TotpEnrollmentData } from './enrollment-data.js';
import { keyUri, manualKey } from './key.js';
import { TOTP_WORDS } from './words.js';

/** A phone, the one before it, a tablet, a password manager, and one to spare. */
const AT_MOST = 5;

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
  /** Told of the names that an app is about to be given. */
  readonly onNames?: (subject: Subject, names: AppNames) => void;
  /** Told when a secret could not be sealed again under the first key; the login has gone on. */
  readonly onError: (error: unknown) => void;
}

/** Time-based one-time passwords (RFC 6238), as authenticator apps make them. */
export function totp({
  store,
  keyring,
  parameters,
  enrollmentMaxAgeMs,
  onNames,
  onError,
}: TotpConfig) {
  const { digits } = parameters;

  function open(sealed: Uint8Array, subject: Subject, enrollmentId: string): Uint8Array {
    return keyring.open(sealed, sealingContext('totp', subject.id, enrollmentId));
  }

  /**
   * Rotation on use: what an older key sealed is sealed again under the first one, after the answer was right
   * and beside it. Nobody waits for this, and a login does not fail with it: the old key still opens, and the
   * next login, or `npx sallyport reseal`, tries again.
   */
  function renew(sealed: Uint8Array, subject: Subject, id: string): void {
    const reseal = async (): Promise<void> => {
      if (keyring.isCurrent(sealed)) return;
      const secret = open(sealed, subject, id);
      const renewed = keyring.seal(secret, sealingContext('totp', subject.id, id));
      await store.reseal(subject.id, id, sealed, renewed);
    };
    reseal().catch(onError);
  }

  function namesOf({ subject, issuer, account = subject.label }: Attempt): AppNames {
    return appNames({ issuer, account });
  }

  function shown(pending: PendingEnrollment, { subject, ...given }: Attempt): Challenge {
    const secret = open(pending.sealed, subject, pending.id);
    const own = parseParameters(pending.parameters);
    const names = namesOf({ subject, ...given });
    const data: TotpEnrollmentData = {
      enrollment: pending.id,
      basis: pending.basis,
      key: manualKey(secret),
      uri: keyUri({ secret, ...names, parameters: own }),
      ...names,
      ...own,
      expiresAt: new Date(pending.expiresAt),
    };
    return { method: 'totp', kind: 'form', data: { ...data } };
  }

  return {
    name: 'totp',
    title: 'Authenticator app',
    words: TOTP_WORDS,
    atMost: AT_MOST,
    counting: 'stops',

    // The enrollment at hand may have another number of digits than new ones get, so both pass here.
    wellFormed: ({ code }) => readCode(code, 6) !== null || readCode(code, 8) !== null,

    /** The digits are those of the person's own apps, which may have other ones than new apps get. */
    async challenge({ enrollments = [] }: Partial<Pick<Attempt, 'enrollments'>> = {}) {
      const own = enrollments
        .filter(({ method }) => method === 'totp')
        .map((one) => parseParameters(one.parameters).digits);
      const lengths = [...new Set(own)].sort((one, other) => one - other);
      return {
        method: 'totp',
        kind: 'form',
        data: {
          digits: lengths[0] ?? digits,
          ...(lengths.length > 1 && { digitsAccepted: lengths }),
        },
      };
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
          renew(sealed, subject, id);
          return { kind: 'verified', enrollmentId: id, epoch: commit.epoch, at };
        }
        if (commit.kind === 'ended') return { kind: 'rejected', reason: 'ended' };
        replayed ||= commit.kind === 'replayed';
      }
      return { kind: 'rejected', reason: replayed ? 'replayed' : 'wrong-code' };
    },

    async beginEnrollment(
      attempt,
      { restart, basis, activationKey = null, unlessPending = false, lifetimeMs },
    ) {
      const { subject, session } = attempt;
      onNames?.(subject, namesOf(attempt));
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
        { restart, activationKey, unlessPending },
      );
      return pending && shown(pending, attempt);
    },

    async resumeEnrollment(attempt) {
      const pending = await store.resumeEnrollment(attempt.subject.id, attempt.session);
      return pending?.method === 'totp' ? shown(pending, attempt) : null;
    },

    async confirmEnrollment(
      attempt: Attempt,
      { pending, at, authenticators },
      { replaces },
    ): Promise<Verdict> {
      const { subject, session, epoch, policy, input } = attempt;
      // A form of an older tab names an enrollment that a newer attempt has voided.
      if (pending?.method !== 'totp' || pending.id !== input.enrollment) {
        return { kind: 'rejected', reason: 'superseded' };
      }
      // Counted in the store: the page that offered it may not have known of the last one.
      const stays = authenticators.filter(({ id }) => id !== replaces).length;
      if (stays >= AT_MOST) return { kind: 'rejected', reason: 'superseded', detail: 'too many' };
      const own = parseParameters(pending.parameters);
      const code = readCode(input.code, own.digits);
      const { id, basis } = pending;
      const secret = open(pending.sealed, subject, id);
      const step = code === null ? null : matchingStep(code, secret, own, at);
      if (step === null) {
        // A key that was not shown to this session, or was handed over: nothing is told about a guess.
        const shownHere = pending.session === session;
        const offset = code !== null && shownHere ? clockOffset(code, secret, own, at) : null;
        const rejected = { kind: 'rejected', reason: 'wrong-code' } as const;
        return offset === null ? rejected : { ...rejected, clockOffMs: offset };
      }
      if (!basisHolds(policy, basis)) return { kind: 'rejected', reason: 'superseded' };
      const confirmed = await store.confirmEnrollment(subject.id, {
        ...{ id, session, step, replaces, epoch, besides: besidesOf(attempt, basis) },
        label: readName(input.name) ?? undefined,
      });
      switch (confirmed.kind) {
        case 'confirmed':
          renew(pending.sealed, subject, id);
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
