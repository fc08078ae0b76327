import type {
  AcceptedAnswer,
  AttemptLimits,
  AttemptOf,
  Commit,
  Reservation,
} from '../../contracts.js';
import { unchanged } from '../record-store.js';
import { blankSubject } from '../records.js';
import { ACCEPTED, changed, type SubjectTransition } from './subject.js';

export const reserveAttempt =
  (
    limits: AttemptLimits,
    { method, stoppable, counted = true }: AttemptOf,
  ): SubjectTransition<Reservation> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    const { epoch, pending, activationKey, foreignCodes } = subject;
    const reserved = {
      ...({ kind: 'reserved', at: now, epoch, pending, foreignCodes } as const),
      authenticators: subject.enrollments.filter((one) => one.method === method),
      activationKey: activationKey && now < activationKey.endsAt ? activationKey.digest : null,
    };
    if (!counted) return unchanged(present, { ...reserved, failures: 0 });
    if (stoppable && subject.failures >= limits.stop) {
      return unchanged(present, { kind: 'locked', retryAt: null });
    }
    if (now < subject.retryAt) {
      return unchanged(present, { kind: 'locked', retryAt: subject.retryAt });
    }
    const failures = subject.failures + 1;
    const step = Math.min(failures - limits.free, limits.waits.length - 1);
    const retryAt = step < 0 ? subject.retryAt : now + (limits.waits[step] ?? 0);
    return changed(subject, { failures, retryAt }, { ...reserved, failures });
  };

export const commitAttempt =
  ({ enrollmentId, step, epoch, keep = {} }: AcceptedAnswer): SubjectTransition<Commit> =>
  (present, now) => {
    if ((present ?? blankSubject).epoch !== epoch) return unchanged(present, { kind: 'ended' });
    const used = present?.enrollments.find(({ id }) => id === enrollmentId);
    if (!present || !used) return unchanged(present, { kind: 'gone' });
    // RFC 6238 5.2: a code is accepted once, and none of an earlier step after it.
    if (step !== null && step <= used.lastStep) return unchanged(present, { kind: 'replayed' });
    const next = Object.freeze({
      ...{ ...used, ...keep },
      ...{ lastStep: step ?? used.lastStep, lastUsedAt: now },
    });
    const enrollments = present.enrollments.map((one) => (one === used ? next : one));
    return changed(present, { enrollments, ...ACCEPTED }, { kind: 'committed', epoch });
  };
