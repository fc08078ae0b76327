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
 * Adds imported factors, each once, up to the number that the method allows. Null, and nothing is added, when
 * a factor of the subject was removed here. The epoch stays, so sessions keep their proofs.
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

/** The same, once per subject. Decided within the transition, since the subject may have been reset meanwhile. */
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

/** Codes are imported once: another import must not bring back a code that was spent here. */
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
