import type { EnrollmentImport, ImportedEnrollments } from '../../contracts.js';
import { unchanged } from '../record-store.js';
import { blankSubject, type StoredEnrollment } from '../records.js';
import { changed, DURABLE, type SubjectTransition } from './subject.js';

/**
 * Adds enrollments that were made elsewhere, each once, as far as the person may have so many. The epoch stays: what
 * a session has proven, and who is signed in, is not touched by it.
 */
export const importEnrollments =
  (given: readonly EnrollmentImport[]): SubjectTransition<ImportedEnrollments> =>
  (present, now) => {
    const subject = present ?? blankSubject;
    const enrollments: StoredEnrollment[] = [...subject.enrollments];
    const outcomes = given.map(({ ids, sealed, atMost, createdAt, ...one }) => {
      if (enrollments.some(({ id }) => ids.includes(id))) return 'present';
      const own = enrollments.filter(({ method }) => method === one.method);
      if (own.length >= atMost) return 'too-many';
      enrollments.push(
        Object.freeze({
          ...{ ...one, sealed: Uint8Array.from(sealed) },
          ...{ lastStep: -1, createdAt: createdAt ?? now, lastUsedAt: null },
        }),
      );
      return 'added';
    });
    if (enrollments.length === subject.enrollments.length) {
      return unchanged(present, outcomes, DURABLE);
    }
    // What was begun rests on there being nothing else.
    return changed(subject, { enrollments, pending: null }, outcomes, DURABLE);
  };
