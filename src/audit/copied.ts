import type { SecondFactorStore, SubjectRecord } from '../contracts.js';

/** What is looked through: more has not happened to anybody who is in doubt about a key. */
const EVENTS = 50;

/** Of which of a person's authenticators a copy has shown itself, and when it did last; by the authenticator's id. */
export async function copiedAmong(
  store: Pick<SecondFactorStore, 'readHistory'>,
  subjectId: string,
  { enrollments }: Pick<SubjectRecord, 'enrollments'>,
): Promise<ReadonlyMap<string, Date>> {
  const copied = new Map<string, Date>();
  if (enrollments.length === 0) return copied;
  // The newest first.
  const events = await store.readHistory(subjectId, { before: null, limit: EVENTS });
  for (const { type, enrollments: which = [], at, lastAt } of events) {
    if (type !== 'enrollment.copied') continue;
    for (const { id } of which) if (!copied.has(id)) copied.set(id, lastAt ?? at);
  }
  return copied;
}
