import type { SecondFactorStore, SubjectRecord } from '../contracts.js';

/** How many events are read: enough for anybody who asks about a key. */
const EVENTS = 50;

/** When a copy of each of a person's authenticators was noticed last, by the authenticator's id. */
export async function copiedAmong(
  store: Pick<SecondFactorStore, 'readHistory'>,
  subjectId: string,
  { enrollments }: Pick<SubjectRecord, 'enrollments'>,
): Promise<ReadonlyMap<string, Date>> {
  const copied = new Map<string, Date>();
  if (enrollments.length === 0) return copied;
  // Newest first, so the first event of an id is the last one noticed.
  const events = await store.readHistory(subjectId, { before: null, limit: EVENTS });
  for (const { type, enrollments: which = [], at, lastAt } of events) {
    if (type !== 'enrollment.copied') continue;
    for (const { id } of which) if (!copied.has(id)) copied.set(id, lastAt ?? at);
  }
  return copied;
}
