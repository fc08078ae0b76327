import type { Findable, Holder } from '../contracts.js';
import type { Outcome, RecordStore, Transition, UpdateOptions } from './record-store.js';
import type { StoredSubject } from './records.js';
import { addHolder, readHolders, removeHolder } from './transitions/holders.js';

/** An enrollment that a change may add. */
export interface Candidate extends Findable {
  readonly id: string;
}

/** One digest that leads to one enrollment. */
interface IndexEntry {
  readonly foundBy: string;
  readonly enrollmentId: string;
}

const REPAIRS = { repairs: true } as const;

/**
 * Changes subjects together with the index that leads from an authenticator to its holder. The two are records of
 * their own, in slots of their own, so one is written first: an entry before its enrollment is added, and it is
 * removed after the enrollment has gone. A process that ends in between leaves an entry that leads nowhere.
 */
export function indexedSubjects({ update }: Pick<RecordStore, 'update'>) {
  function add(holder: Holder, { foundBy }: IndexEntry): Promise<void> {
    return update('holders', foundBy, addHolder(holder), REPAIRS);
  }

  function remove(subjectId: string, { foundBy, enrollmentId }: IndexEntry): Promise<void> {
    return update('holders', foundBy, removeHolder({ subjectId, enrollmentId }), REPAIRS);
  }

  return {
    async update<T>(
      subjectId: string,
      transition: Transition<StoredSubject, T>,
      options: UpdateOptions & { readonly candidates?: readonly Candidate[] } = {},
    ): Promise<T> {
      const { candidates = [], ...how } = options;
      await Promise.all(
        candidates.flatMap((one) =>
          entriesOf([one]).map((entry) =>
            add({ subjectId, tenantId: one.tenantId ?? '', enrollmentId: one.id }, entry),
          ),
        ),
      );
      const { result, gone } = await update(
        'subject',
        subjectId,
        withGone(transition, candidates),
        how,
      );
      // The change has been made and must not fail with this: a remaining entry leads nowhere.
      if (gone.length > 0) await Promise.allSettled(gone.map((one) => remove(subjectId, one)));
      return result;
    },

    readHolders: (foundBy: string) => update('holders', foundBy, readHolders, REPAIRS),
  };
}

/** The same transition, which also gives the entries that lead nowhere after it. */
function withGone<T>(
  transition: Transition<StoredSubject, T>,
  candidates: readonly Candidate[],
): Transition<StoredSubject, { readonly result: T; readonly gone: readonly IndexEntry[] }> {
  return (present, now, lost) => {
    const { result, ...outcome }: Outcome<StoredSubject, T> = transition(present, now, lost);
    const before = present?.enrollments ?? [];
    const after = outcome.next?.enrollments ?? [];
    if (before === after && candidates.length === 0) {
      return { ...outcome, result: { result, gone: NO_ENTRIES } };
    }
    const stays = entriesOf(after);
    const gone = entriesOf([...before, ...candidates]).filter(
      (entry) => !stays.some((one) => isSame(one, entry)),
    );
    return { ...outcome, result: { result, gone } };
  };
}

const NO_ENTRIES: readonly IndexEntry[] = [];

function entriesOf(enrollments: readonly Candidate[]): readonly IndexEntry[] {
  return enrollments.flatMap(({ id, foundBy = [] }) =>
    foundBy.map((one) => ({ foundBy: one, enrollmentId: id })),
  );
}

function isSame(one: IndexEntry, other: IndexEntry): boolean {
  return one.foundBy === other.foundBy && one.enrollmentId === other.enrollmentId;
}
