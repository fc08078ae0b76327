import {
  type BeginEnrollment,
  type Confirmation,
  type Digest,
  type EnrollmentConfirmation,
  type EnrollmentProposal,
  FOREIGN_CODES,
  type PendingEnrollment,
  type Sealed,
  type SessionDigest,
} from '../../contracts.js';
import { unchanged } from '../record-store.js';
import { blankSubject, type StoredEnrollment, type StoredSubject } from '../records.js';
import { sameBytes, sameDigest } from './digests.js';
import {
  ACCEPTED,
  changed,
  DURABLE,
  risen,
  type SubjectTransition,
  viewOfEnrollment,
} from './subject.js';

export const beginEnrollment =
  (
    { lifetimeMs, ...proposal }: EnrollmentProposal,
    { restart, activationKey, unlessPending = false }: BeginEnrollment,
  ): SubjectTransition<PendingEnrollment | null> =>
  (present, now) => {
    const { pending, ...subject } = present ?? blankSubject;
    const inTime = pending !== null && now < pending.expiresAt;
    const isOwn =
      inTime && pending.session === proposal.session && pending.basis === proposal.basis;
    const byKey = proposal.basis === 'activation-key';
    const rightKey = byKey && isKey(subject.activationKey, activationKey, now);
    if (byKey && !rightKey && !isOwn) return unchanged(present, null);
    // Also when the key was not needed to resume: a right key is no failed attempt.
    const counted = rightKey ? ACCEPTED : {};
    const resumes = isOwn && !restart && pending.method === proposal.method;
    if (resumes || (unlessPending && inTime)) {
      const result = resumes ? pending : null;
      if (present === null || !rightKey) return unchanged(present, result);
      return changed(present, counted, result);
    }
    const begun = Object.freeze({ ...proposal, expiresAt: now + lifetimeMs });
    return changed({ ...subject, pending: begun }, counted, begun);
  };

function isKey(
  stored: StoredSubject['activationKey'],
  given: Digest | null | undefined,
  now: number,
): boolean {
  return stored !== null && now < stored.endsAt && !!given && sameDigest(stored.digest, given);
}

export const resumeEnrollment =
  (session: SessionDigest): SubjectTransition<PendingEnrollment | null> =>
  (present, now) => {
    const pending = present?.pending ?? null;
    const own = pending?.basis === 'handover' || pending?.session === session;
    return unchanged(present, pending && own && now < pending.expiresAt ? pending : null);
  };

export const confirmEnrollment =
  ({
    id,
    session,
    step,
    replaces,
    epoch: expected,
    besides = [],
    label,
    keep = {},
    foundBy,
  }: EnrollmentConfirmation): SubjectTransition<Confirmation> =>
  (present, now) => {
    const refused = (kind: 'superseded' | 'expired' | 'ended') =>
      unchanged<StoredSubject, Confirmation>(present, { kind }, DURABLE);
    if ((present ?? blankSubject).epoch !== expected) return refused('ended');
    const pending = present?.pending;
    if (!present || pending?.id !== id) return refused('superseded');
    const { basis } = pending;
    if (basis !== 'handover' && pending.session !== session) return refused('superseded');
    // `proven` rests on a factor that can still be asked for: if it was removed meanwhile, its proof is void.
    const hasFactor = present.enrollments.some((one) => !besides.includes(one.id));
    if ((basis === 'proven') !== hasFactor) return refused('superseded');
    if (basis === 'activation-key' && !present.activationKey) return refused('superseded');
    if (now >= pending.expiresAt) return refused('expired');
    const made: StoredEnrollment = Object.freeze({
      id,
      method: pending.method,
      label: label ?? pending.label,
      sealed: keep.sealed ?? pending.sealed,
      parameters: keep.parameters ?? pending.parameters,
      lastStep: step,
      createdAt: now,
      lastUsedAt: now,
      ...(foundBy && { foundBy: Object.freeze([...foundBy]) }),
    });
    const replaced = present.enrollments.some((one) => one.id === replaces);
    const others = present.enrollments.filter((one) => one.id !== replaces && one.id !== id);
    const raised = replaced ? risen(present, now, session) : null;
    return changed(
      present,
      {
        ...raised,
        enrollments: [...others, made],
        pending: null,
        activationKey: basis === 'activation-key' ? null : present.activationKey,
        removed: present.removed || replaced,
        ...ACCEPTED,
      },
      {
        kind: 'confirmed',
        epoch: raised?.epoch ?? present.epoch,
        enrollment: viewOfEnrollment(made),
      },
      DURABLE,
    );
  };

export const reseal =
  (enrollmentId: string, expected: Sealed, resealed: Sealed): SubjectTransition<boolean> =>
  (present) => {
    const sealed = Uint8Array.from(resealed);
    if (enrollmentId === FOREIGN_CODES) {
      const kept = present?.foreignCodes;
      if (!present || !kept || !sameBytes(kept, expected)) return unchanged(present, false);
      return changed(present, { foreignCodes: sealed }, true);
    }
    const enrollment = present?.enrollments.find(({ id }) => id === enrollmentId);
    const found = enrollment ?? present?.pending;
    if (!present || found?.id !== enrollmentId || !sameBytes(found.sealed, expected)) {
      return unchanged(present, false);
    }
    if (!enrollment) {
      const pending = Object.freeze({ ...(found as PendingEnrollment), sealed });
      return changed(present, { pending }, true);
    }
    const next = Object.freeze({ ...enrollment, sealed });
    const enrollments = present.enrollments.map((one) => (one === enrollment ? next : one));
    return changed(present, { enrollments }, true);
  };

export const renameEnrollment =
  (enrollmentId: string, label: string): SubjectTransition<boolean> =>
  (present) => {
    if (!present?.enrollments.some(({ id }) => id === enrollmentId)) {
      return unchanged(present, false);
    }
    const enrollments = present.enrollments.map((one) =>
      one.id === enrollmentId ? Object.freeze({ ...one, label }) : one,
    );
    return changed(present, { enrollments }, true);
  };

const NO_CODES = { recoveryCodes: null, recoveryCodesKept: false, foreignCodes: null } as const;

export const unenroll =
  (
    enrollmentId: string,
    expected: number,
    by: SessionDigest | null = null,
  ): SubjectTransition<{ readonly epoch: number } | null> =>
  (present, now) => {
    const enrollments = present?.enrollments.filter(({ id }) => id !== enrollmentId) ?? [];
    if (present?.epoch !== expected || enrollments.length === present.enrollments.length) {
      return unchanged(present, null, DURABLE);
    }
    const raised = risen(present, now, by);
    // Recovery codes stand in for a lost factor, and no factor is left.
    const codes = enrollments.length === 0 ? NO_CODES : {};
    return changed(
      present,
      { ...raised, enrollments, removed: true, ...codes },
      { epoch: raised.epoch },
      DURABLE,
    );
  };

export const voidPending: SubjectTransition<void> = (present) =>
  present?.pending
    ? changed(present, { pending: null }, undefined, DURABLE)
    : unchanged(present, undefined, DURABLE);
