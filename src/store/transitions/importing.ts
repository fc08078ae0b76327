import type { EnrollmentImport, ImportedEnrollments } from '../../contracts.js';
import { unchanged } from '../record-store.js';
import { blankSubject, type StoredEnrollment } from '../records.js';
import { changed, DURABLE, type SubjectTransition } from './subject.js';

/**
 * Adds enrollments that were made elsewhere, each once, as far as the person may have so many; null, and nothing is
 * added, where something of theirs was taken away here. The epoch stays: what a session has proven, and who is signed
 * in, is not touched by it.
 */
export const importEnrollments =
  (given: readonly EnrollmentImport[]): SubjectTransition<ImportedEnrollments | null> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    if (subject.removed) return unchanged(present, null, DURABLE);
    const enrollments: StoredEnrollment[] = [...subject.enrollments];
    const outcomes = given.map((factor) => {
      const { ids, sealed, atMost, createdAt, foundBy, tenantId: _known, ...one } = factor;
      if (enrollments.some(({ id }) => ids.includes(id))) return 'present';
      const own = enrollments.filter(({ method }) => method === one.method);
      if (own.length >= atMost) return 'too-many';
      enrollments.push(
        Object.freeze({
          ...{ ...one, sealed: Uint8Array.from(sealed) },
          ...{ lastStep: -1, createdAt: createdAt ?? now, lastUsedAt: null },
          ...(foundBy && { foundBy: Object.freeze([...foundBy]) }),
        }),
      );
      return 'added';
    });
    if (enrollments.length === subject.enrollments.length) {
      return unchanged(present, outcomes, DURABLE);
    }
    return changed(subject, { enrollments }, outcomes, DURABLE);
  };
