import type { SecondFactorStore } from '../contracts.js';
import { sameBytes, sameDigest } from './memory-digests.js';
import { type MemorySubjects, publicView, type StoredEnrollment } from './memory-subjects.js';

/** Attempts and enrollments: each is one step, since nothing else runs within a turn. */
export function memoryEnrolling({
  subjects,
  now,
}: {
  readonly subjects: MemorySubjects;
  readonly now: () => number;
}): Pick<
  SecondFactorStore,
  | 'reserveAttempt'
  | 'commitAttempt'
  | 'beginEnrollment'
  | 'resumeEnrollment'
  | 'confirmEnrollment'
  | 'reseal'
  | 'renameEnrollment'
  | 'unenroll'
> {
  return {
    async reserveAttempt(subjectId, limits, { method, stoppable }) {
      const subject = subjects.of(subjectId);
      const at = now();
      if (stoppable && subject.failures >= limits.stop) return { kind: 'locked', retryAt: null };
      if (at < subject.retryAt) return { kind: 'locked', retryAt: subject.retryAt };
      subject.failures += 1;
      if (subject.failures >= limits.free) {
        const step = Math.min(subject.failures - limits.free, limits.waits.length - 1);
        subject.retryAt = at + (limits.waits[step] ?? 0);
      }
      subjects.changed(subject);
      const { activationKey } = subject;
      return {
        kind: 'reserved',
        at,
        epoch: subject.epoch,
        authenticators: [...subject.enrollments.values()].filter((one) => one.method === method),
        pending: subject.pending,
        activationKey: activationKey && at < activationKey.endsAt ? activationKey.digest : null,
      };
    },

    async commitAttempt(subjectId, { enrollmentId, step }) {
      const subject = subjects.of(subjectId);
      const enrollment = subject.enrollments.get(enrollmentId);
      if (!enrollment) return { kind: 'gone' };
      if (step !== null && step <= enrollment.lastStep) return { kind: 'replayed' };
      const lastStep = step ?? enrollment.lastStep;
      subject.enrollments.set(enrollmentId, { ...enrollment, lastStep, lastUsedAt: now() });
      subjects.accepted(subject);
      return { kind: 'committed', epoch: subject.epoch };
    },

    async beginEnrollment(subjectId, { lifetimeMs, ...proposal }, options) {
      const { restart, activationKey, unlessPending } = options;
      const subject = subjects.of(subjectId);
      const at = now();
      const present = subject.pending;
      const continues =
        present?.session === proposal.session &&
        present.basis === proposal.basis &&
        at < present.expiresAt;
      if (proposal.basis === 'activation-key') {
        const { activationKey: stored } = subject;
        const right =
          stored && activationKey && at < stored.endsAt && sameDigest(stored.digest, activationKey);
        if (!right && !continues) return null;
        // Also where it was not needed to go on: a right answer does not count as a wrong one.
        if (right) subjects.accepted(subject);
      }
      if (present && continues && !restart && present.method === proposal.method) return present;
      if (unlessPending && present && at < present.expiresAt) return null;
      subject.pending = Object.freeze({ ...proposal, expiresAt: at + lifetimeMs });
      return subject.pending;
    },

    async resumeEnrollment(subjectId, session) {
      const { pending } = subjects.of(subjectId);
      if (!pending || now() >= pending.expiresAt) return null;
      return pending.basis === 'handover' || pending.session === session ? pending : null;
    },

    async confirmEnrollment(subjectId, { id, session, step, replaces, label }) {
      const subject = subjects.of(subjectId);
      const { pending } = subject;
      if (pending?.id !== id) return { kind: 'superseded' };
      const { basis } = pending;
      if (basis !== 'handover' && pending.session !== session) return { kind: 'superseded' };
      if (basis !== 'proven' && subject.enrollments.size > 0) return { kind: 'superseded' };
      if (basis === 'activation-key' && !subject.activationKey) return { kind: 'superseded' };
      // What was proven has been removed meanwhile, and the proof went with it.
      if (basis === 'proven' && subject.enrollments.size === 0) return { kind: 'superseded' };
      const at = now();
      if (at >= pending.expiresAt) return { kind: 'expired' };
      const enrollment: StoredEnrollment = Object.freeze({
        id,
        method: pending.method,
        label: label ?? pending.label,
        sealed: pending.sealed,
        parameters: pending.parameters,
        lastStep: step,
        createdAt: at,
        lastUsedAt: at,
      });
      if (replaces !== null && subject.enrollments.delete(replaces)) subject.epoch += 1;
      subject.enrollments.set(id, enrollment);
      subject.pending = null;
      if (basis === 'activation-key') subject.activationKey = null;
      subjects.accepted(subject);
      return { kind: 'confirmed', epoch: subject.epoch, enrollment: publicView(enrollment) };
    },

    async reseal(subjectId, enrollmentId, expected, resealed) {
      const subject = subjects.of(subjectId);
      const enrollment = subject.enrollments.get(enrollmentId);
      const present = enrollment ?? subject.pending;
      if (present?.id !== enrollmentId || !sameBytes(present.sealed, expected)) return false;
      const sealed = Uint8Array.from(resealed);
      if (enrollment) subject.enrollments.set(enrollmentId, { ...enrollment, sealed });
      else if (subject.pending) subject.pending = Object.freeze({ ...subject.pending, sealed });
      return true;
    },

    async renameEnrollment(subjectId, enrollmentId, label) {
      const subject = subjects.of(subjectId);
      const enrollment = subject.enrollments.get(enrollmentId);
      if (!enrollment) return false;
      subject.enrollments.set(enrollmentId, { ...enrollment, label });
      subjects.changed(subject);
      return true;
    },

    async unenroll(subjectId, enrollmentId, epoch) {
      const subject = subjects.of(subjectId);
      if (subject.epoch !== epoch || !subject.enrollments.delete(enrollmentId)) return null;
      subject.epoch += 1;
      subjects.changed(subject);
      return { epoch: subject.epoch };
    },
  };
}
