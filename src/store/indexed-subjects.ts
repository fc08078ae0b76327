import type { Findable, Holder } from '../contracts.js';
import type { Outcome, RecordStore, Transition, UpdateOptions } from './record-store.js';
import type { StoredSubject } from './records.js';
import { addHolder, readHolders, removeHolder } from './transitions/holders.js';

/** An enrollment that may be added. */
export interface Offered extends Findable {
  readonly id: string;
}

/** One digest that leads to one enrollment. */
interface Trace {
  readonly foundBy: string;
  readonly enrollmentId: string;
}

const REPAIRS = { repairs: true } as const;

/**
 * Changes of subjects, and with them the index that leads from an authenticator to its holder. Both are records of
 * their own, in slots of their own, so one comes before the other: what leads to an enrollment is written before
 * it is there, and removed after it has gone. A process that ends in between leaves a hint that leads nowhere.
 */
export function holding({ update }: Pick<RecordStore, 'update'>) {
  function add(holder: Holder, { foundBy }: Trace): Promise<void> {
    return update('holders', foundBy, addHolder(holder), REPAIRS);
  }

  function remove(subjectId: string, { foundBy, enrollmentId }: Trace): Promise<void> {
    return update('holders', foundBy, removeHolder({ subjectId, enrollmentId }), REPAIRS);
  }

  return {
    async update<T>(
      subjectId: string,
      transition: Transition<StoredSubject, T>,
      options: UpdateOptions & { readonly offered?: readonly Offered[] } = {},
    ): Promise<T> {
      const { offered = [], ...how } = options;
      await Promise.all(
        offered.flatMap((one) =>
          tracesOf([one]).map((trace) =>
            add({ subjectId, tenantId: one.tenantId ?? '', enrollmentId: one.id }, trace),
          ),
        ),
      );
      const { result, gone } = await update(
        'subject',
        subjectId,
        compared(transition, offered),
        how,
      );
      // The change has been made and does not fail with this: what stays is a hint that leads nowhere.
      if (gone.length > 0) await Promise.allSettled(gone.map((one) => remove(subjectId, one)));
      return result;
    },

    readHolders: (foundBy: string) => update('holders', foundBy, readHolders, REPAIRS),
  };
}

/** The same transition, which also tells what leads to nothing after it. */
function compared<T>(
  transition: Transition<StoredSubject, T>,
  offered: readonly Offered[],
): Transition<StoredSubject, { readonly result: T; readonly gone: readonly Trace[] }> {
  return (present, now, lost) => {
    const { result, ...outcome }: Outcome<StoredSubject, T> = transition(present, now, lost);
    const before = present?.enrollments ?? [];
    const after = outcome.next?.enrollments ?? [];
    if (before === after && offered.length === 0) {
      return { ...outcome, result: { result, gone: NOTHING } };
    }
    const stays = tracesOf(after);
    const gone = tracesOf([...before, ...offered]).filter(
      (trace) => !stays.some((one) => isSame(one, trace)),
    );
    return { ...outcome, result: { result, gone } };
  };
}

const NOTHING: readonly Trace[] = [];

function tracesOf(enrollments: readonly Offered[]): readonly Trace[] {
  return enrollments.flatMap(({ id, foundBy = [] }) =>
    foundBy.map((one) => ({ foundBy: one, enrollmentId: id })),
  );
}

function isSame(one: Trace, other: Trace): boolean {
  return one.foundBy === other.foundBy && one.enrollmentId === other.enrollmentId;
}
