import type { AttemptLimits, Commit, MethodName, Reservation } from '../../contracts.js';
import { unchanged } from '../record-store.js';
import { blankSubject } from '../records.js';
import { ACCEPTED, changed, type SubjectTransition } from './subject.js';

export const reserveAttempt =
  (
    limits: AttemptLimits,
    { method, stoppable }: { readonly method: MethodName; readonly stoppable: boolean },
  ): SubjectTransition<Reservation> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    if (stoppable && subject.failures >= limits.stop) {
      return unchanged(present, { kind: 'locked', retryAt: null });
    }
    if (now < subject.retryAt) {
      return unchanged(present, { kind: 'locked', retryAt: subject.retryAt });
    }
    const failures = subject.failures + 1;
    const step = Math.min(failures - limits.free, limits.waits.length - 1);
    const retryAt = step < 0 ? subject.retryAt : now + (limits.waits[step] ?? 0);
    const { epoch, pending, activationKey } = subject;
    return changed(
      subject,
      { failures, retryAt },
      {
        kind: 'reserved',
        at: now,
        epoch,
        authenticators: subject.enrollments.filter((one) => one.method === method),
        pending,
        activationKey: activationKey && now < activationKey.endsAt ? activationKey.digest : null,
      },
    );
  };

export const commitAttempt =
  ({
    enrollmentId,
    step,
    epoch,
  }: {
    readonly enrollmentId: string;
    readonly step: number | null;
    readonly epoch: number;
  }): SubjectTransition<Commit> =>
  (present, now) => {
    if ((present ?? blankSubject).epoch !== epoch) return unchanged(present, { kind: 'ended' });
    const used = present?.enrollments.find(({ id }) => id === enrollmentId);
    if (!present || !used) return unchanged(present, { kind: 'gone' });
    // RFC 6238 5.2: a code is accepted once, and none of an earlier step after it.
    if (step !== null && step <= used.lastStep) return unchanged(present, { kind: 'replayed' });
    const next = Object.freeze({ ...used, lastStep: step ?? used.lastStep, lastUsedAt: now });
    const enrollments = present.enrollments.map((one) => (one === used ? next : one));
    return changed(present, { enrollments, ...ACCEPTED }, { kind: 'committed', epoch });
  };
