import type { Sealed } from '../../contracts.js';
import type { Transition } from '../record-store.js';
import type { StoredTransaction } from '../records.js';

export const putTransaction =
  (value: Sealed, lifetimeMs: number): Transition<StoredTransaction, void> =>
  (_present, now) => {
    const endsAt = now + lifetimeMs;
    return { next: Object.freeze({ value, endsAt }), result: undefined, keptUntil: endsAt };
  };

/** For the first who asks: whoever else does finds nothing, and so does the first when it is late. */
export const takeTransaction: Transition<StoredTransaction, Sealed | null> = (present, now) => ({
  next: null,
  result: present && now < present.endsAt ? present.value : null,
});
