import type {
  EnrollmentImport,
  ImportedCodes,
  ImportedFactors,
  ImportedOnce,
  ImportOutcome,
} from '../../contracts.js';
import { unchanged } from '../record-store.js';
import { blankSubject, type StoredEnrollment, type StoredSubject } from '../records.js';
import { changed, DURABLE, isLegacyDue, type SubjectTransition, viewOfSubject } from './subject.js';

/**
 * Adds what was made elsewhere, each once, as far as the person may have so many; null, and nothing is added, where
 * something of theirs was taken away here. The epoch stays: what a session has proven, and who is signed in, is not
 * touched by it.
 */
export const importEnrollments =
  (
    given: readonly EnrollmentImport[],
    codes: ImportedCodes | null = null,
  ): SubjectTransition<ImportedFactors | null> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    if (subject.removed) return unchanged(present, null, DURABLE);
    const enrollments: StoredEnrollment[] = [...subject.enrollments];
    const outcomes = given.map((factor) => {
      const { ids, sealed, atMost, createdAt, step, foundBy, tenantId: _known, ...one } = factor;
      if (enrollments.some(({ id }) => ids.includes(id))) return 'present';
      const own = enrollments.filter(({ method }) => method === one.method);
      if (own.length >= atMost) return 'too-many';
      enrollments.push(
        Object.freeze({
          ...{ ...one, sealed: Uint8Array.from(sealed) },
          ...{ lastStep: step ?? -1, createdAt: createdAt ?? now, lastUsedAt: null },
          ...(foundBy && { foundBy: Object.freeze([...foundBy]) }),
        }),
      );
      return 'added';
    });
    const withFactors = { ...subject, enrollments };
    const outcome = codes && codesOutcome(withFactors);
    const result = { enrollments: outcomes, codes: outcome };
    if (outcome !== 'added' && enrollments.length === subject.enrollments.length) {
      return unchanged(present, result, DURABLE);
    }
    return changed(withFactors, outcome === 'added' ? keptOf(codes) : {}, result, DURABLE);
  };

/** The same for whoever was not asked for before. It is decided here: somebody may have been reset meanwhile. */
export const importOnce =
  (
    given: readonly EnrollmentImport[],
    codes: ImportedCodes | null,
  ): SubjectTransition<ImportedOnce> =>
  (present, now, lost) => {
    const subject = present ?? blankSubject;
    if (!isLegacyDue(subject)) {
      return unchanged(present, { outcomes: null, record: viewOfSubject(present) }, DURABLE);
    }
    const asked = Object.freeze({ ...subject, legacyAsked: true });
    const { next, result: outcomes } = importEnrollments(given, codes)(asked, now, lost);
    return { next, result: { outcomes, record: viewOfSubject(next) }, ...DURABLE };
  };

/** Once: a code that was spent here must not come back by a file. */
function codesOutcome({ enrollments, recoveryCodes }: StoredSubject): ImportOutcome['outcome'] {
  if (enrollments.length === 0) return 'no-factor';
  return recoveryCodes === null ? 'added' : 'present';
}

function keptOf(codes: ImportedCodes | null): Partial<StoredSubject> {
  if (codes === null) return {};
  return {
    recoveryCodes: Object.freeze([...codes.digests]),
    recoveryCodesKept: true,
    foreignCodes: codes.foreign && Uint8Array.from(codes.foreign),
  };
}
