import type { Holder } from '../../contracts.js';
import { type Outcome, type Transition, unchanged } from '../record-store.js';
import type { StoredHolders } from '../records.js';

type HoldersTransition<T> = Transition<StoredHolders, T>;

/** Per authenticator. Further holders are refused, so that nobody can push out an earlier one. */
const MOST_HOLDERS = 8;

export const addHolder =
  (holder: Holder): HoldersTransition<void> =>
  (present) => {
    const others = without(present, holder);
    return others.length < MOST_HOLDERS
      ? keeping([...others, Object.freeze({ ...holder })])
      : unchanged(present, undefined);
  };

export const removeHolder =
  (holder: Pick<Holder, 'subjectId' | 'enrollmentId'>): HoldersTransition<void> =>
  (present) => {
    const others = without(present, holder);
    return others.length === (present?.holders.length ?? 0)
      ? unchanged(present, undefined)
      : keeping(others);
  };

export const readHolders: HoldersTransition<readonly Holder[]> = (present) =>
  unchanged(present, present?.holders ?? []);

function without(
  present: StoredHolders | null,
  { subjectId, enrollmentId }: Pick<Holder, 'subjectId' | 'enrollmentId'>,
): readonly Holder[] {
  return (present?.holders ?? []).filter(
    (one) => one.subjectId !== subjectId || one.enrollmentId !== enrollmentId,
  );
}

function keeping(holders: readonly Holder[]): Outcome<StoredHolders, void> {
  const next = holders.length === 0 ? null : Object.freeze({ holders: Object.freeze(holders) });
  return { next, result: undefined };
}
