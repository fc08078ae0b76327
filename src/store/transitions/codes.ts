import type { Digest, SpentCode } from '../../contracts.js';
import { unchanged } from '../record-store.js';
import { blankSubject, type StoredSubject } from '../records.js';
import { sameDigest } from './digests.js';
import { ACCEPTED, changed, DURABLE, type SubjectTransition } from './subject.js';

/** An enrollment begun with the activation key is voided with it. */
function withoutKey({ pending }: StoredSubject): Partial<StoredSubject> {
  return {
    activationKey: null,
    pending: pending?.basis === 'activation-key' ? null : pending,
  };
}

export const putActivationKey =
  ({
    digest,
    lifetimeMs,
  }: {
    readonly digest: Digest;
    readonly lifetimeMs: number;
  }): SubjectTransition<number> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    const endsAt = now + lifetimeMs;
    const activationKey = Object.freeze({ digest, endsAt });
    return changed(subject, { ...withoutKey(subject), activationKey }, endsAt, DURABLE);
  };

export const revokeActivationKey: SubjectTransition<boolean> = (present) =>
  present?.activationKey
    ? changed(present, withoutKey(present), true, DURABLE)
    : unchanged(present, false, DURABLE);

export const replaceRecoveryCodes =
  (digests: readonly Digest[], expected?: number): SubjectTransition<boolean> =>
  (present) => {
    const subject = present ?? blankSubject;
    if (expected !== undefined && subject.epoch !== expected) {
      return unchanged(present, false, DURABLE);
    }
    const recoveryCodes = Object.freeze([...digests]);
    return changed(
      subject,
      { recoveryCodes, recoveryCodesKept: false, foreignCodes: null },
      true,
      DURABLE,
    );
  };

export const keepRecoveryCodes =
  (candidates: readonly Digest[]): SubjectTransition<boolean> =>
  (present) => {
    const known = present?.recoveryCodes?.some((code) => isAmong(code, candidates));
    if (!present || !known) return unchanged(present, false, DURABLE);
    if (present.recoveryCodesKept) return unchanged(present, true, DURABLE);
    return changed(present, { recoveryCodesKept: true }, true, DURABLE);
  };

export const spendRecoveryCode =
  (candidates: readonly Digest[], expected: number): SubjectTransition<SpentCode> =>
  (present) => {
    if ((present ?? blankSubject).epoch !== expected) {
      return unchanged(present, { kind: 'ended' }, DURABLE);
    }
    const codes = present?.recoveryCodes ?? [];
    const left = codes.filter((code) => !isAmong(code, candidates));
    if (!present || left.length === codes.length) {
      return unchanged(present, { kind: 'unknown' }, DURABLE);
    }
    return changed(
      present,
      { recoveryCodes: Object.freeze(left), recoveryCodesKept: true, ...ACCEPTED },
      { kind: 'spent', left: left.length, epoch: present.epoch },
      DURABLE,
    );
  };

function isAmong(code: Digest, candidates: readonly Digest[]): boolean {
  return candidates.some((one) => sameDigest(one, code));
}
