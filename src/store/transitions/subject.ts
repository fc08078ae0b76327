import {
  type Enrollment,
  emptySubject,
  type SessionDigest,
  type SignIn,
  type SubjectRecord,
} from '../../contracts.js';
import { type Outcome, type Transition, unchanged } from '../record-store.js';
import { blankSubject, type StoredEnrollment, type StoredSubject } from '../records.js';

export type SubjectTransition<T> = Transition<StoredSubject, T>;

/** A change of a subject. What is not named stays. */
export function changed<T>(
  subject: StoredSubject,
  change: Partial<StoredSubject>,
  result: T,
  { durable = false } = {},
): Outcome<StoredSubject, T> {
  return { next: Object.freeze({ ...subject, ...change }), result, durable };
}

export const DURABLE = { durable: true } as const;

/** Clears the count of failures after a right answer. */
export const ACCEPTED = { failures: 0, retryAt: 0 } as const;

const views = new WeakMap<StoredSubject, SubjectRecord>();

/**
 * The view that everything outside the store reads: one object per record, so that a warm gate allocates
 * nothing.
 */
export function viewOfSubject(stored: StoredSubject | null): SubjectRecord {
  if (stored === null) return emptySubject;
  let view = views.get(stored);
  if (!view) {
    view = Object.freeze({
      epoch: stored.epoch,
      epochRoseAt: stored.epochRoseAt,
      epochRaisedBy: stored.epochRaisedBy,
      signIn: stored.signIn,
      enrollments: Object.freeze(stored.enrollments.map(viewOfEnrollment)),
      setting: stored.setting,
      activationKeyEndsAt: stored.activationKey?.endsAt ?? null,
      recoveryCodesLeft: stored.recoveryCodes?.length ?? null,
      recoveryCodesKept: stored.recoveryCodes !== null && stored.recoveryCodesKept,
      foreignCodes: foreignOf(stored),
      legacyDue: isLegacyDue(stored),
      failures: stored.failures,
      retryAt: stored.retryAt === 0 ? null : stored.retryAt,
    });
    views.set(stored, view);
  }
  return view;
}

/** Raises the epoch, which ends every session except `by`, the one that makes the change. */
export function risen(
  { epoch }: StoredSubject,
  now: number,
  by: SessionDigest | null,
): Pick<StoredSubject, 'epoch' | 'epochRoseAt' | 'epochRaisedBy'> {
  return { epoch: epoch + 1, epochRoseAt: now, epochRaisedBy: by };
}

/** Changes nothing, so its result comes from the present record. */
export const viewedSubject: SubjectTransition<SubjectRecord> = (present) =>
  unchanged(present, viewOfSubject(present));

/**
 * Whether the host is still to be asked for factors made elsewhere: not for a subject who has or had one
 * here.
 */
export function isLegacyDue({ enrollments, removed, legacyAsked }: StoredSubject): boolean {
  return enrollments.length === 0 && !removed && !legacyAsked;
}

function foreignOf({ foreignCodes }: StoredSubject): SubjectRecord['foreignCodes'] {
  if (foreignCodes === null) return null;
  return foreignCodes.length === 0 ? 'plain' : 'hashed';
}

export function viewOfEnrollment(stored: StoredEnrollment): Enrollment {
  const { id, method, label, parameters, createdAt, lastUsedAt } = stored;
  return Object.freeze({ id, method, label, parameters, createdAt, lastUsedAt });
}

/**
 * Removes everything and raises the epoch, which is kept for good, or an older assurance would count again.
 * The version of a setting never falls either. A lost record continues above its last sequence.
 */
function cleared(
  present: StoredSubject | null,
  lost: number | null,
  now: number,
  keep: Partial<StoredSubject> = {},
): StoredSubject {
  const { epoch, settingVersion } = present ?? blankSubject;
  return Object.freeze({
    ...blankSubject,
    epoch: Math.max(epoch, lost ?? 0) + 1,
    epochRoseAt: now,
    settingVersion: Math.max(settingVersion, lost ?? 0),
    // Also where the subject had nothing here: a lost factor may be one that was still to be imported.
    removed: true,
    legacyAsked: true,
    ...keep,
  });
}

export const reset: SubjectTransition<{ readonly epoch: number }> = (present, now, lost) => {
  const next = cleared(present, lost, now, { setting: present?.setting ?? null });
  return { next, result: { epoch: next.epoch }, durable: true };
};

export const deleteSubject: SubjectTransition<void> = (present, now, lost) => ({
  next: cleared(present, lost, now),
  result: undefined,
  durable: true,
});

export const raiseEpoch =
  (
    expected?: number,
    by: SessionDigest | null = null,
  ): SubjectTransition<{ readonly epoch: number } | null> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    if (expected !== undefined && subject.epoch !== expected) {
      return unchanged(present, null, DURABLE);
    }
    const raised = risen(subject, now, by);
    return changed(subject, raised, { epoch: raised.epoch }, DURABLE);
  };

export const noteSignIn =
  (signIn: SignIn): SubjectTransition<void> =>
  (present) =>
    changed(present ?? blankSubject, { signIn }, undefined);

export const unlock: SubjectTransition<void> = (present) =>
  present && (present.failures > 0 || present.retryAt > 0)
    ? changed(present, ACCEPTED, undefined)
    : unchanged(present, undefined);
