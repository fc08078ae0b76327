import type { Sealed } from '../../contracts.js';
import { type Transition, unchanged } from '../record-store.js';
import type { StoredTransaction } from '../records.js';

export const putTransaction =
  (value: Sealed, lifetimeMs: number): Transition<StoredTransaction, void> =>
  (_present, now) => {
    const endsAt = now + lifetimeMs;
    return { next: Object.freeze({ value, endsAt }), result: undefined, keptUntil: endsAt };
  };

export const readTransaction: Transition<StoredTransaction, Sealed | null> = (present, now) =>
  unchanged(present, present && now < present.endsAt ? present.value : null);

/** Gives the value once and deletes it; null when it was taken before or has ended. */
export const takeTransaction: Transition<StoredTransaction, Sealed | null> = (...present) => ({
  ...readTransaction(...present),
  next: null,
});

/** The value is a count in one byte; the first use of a window sets its end. */
export const countUse =
  ({
    most,
    windowMs,
  }: {
    readonly most: number;
    readonly windowMs: number;
  }): Transition<StoredTransaction, number | null> =>
  (present, now) => {
    // A window that ends more than `windowMs` from now was begun by another clock.
    const open = present && now < present.endsAt && present.endsAt <= now + windowMs;
    const used = open ? (present.value[0] ?? most) : 0;
    if (open && used >= most) return unchanged(present, present.endsAt);
    const endsAt = open ? present.endsAt : now + windowMs;
    const next = Object.freeze({ value: Uint8Array.of(used + 1), endsAt });
    return { next, result: null, keptUntil: endsAt };
  };

export const claim =
  ({
    owner,
    instead,
    lifetimeMs,
  }: {
    readonly owner: string;
    readonly instead: string | null;
    readonly lifetimeMs: number;
  }): Transition<StoredTransaction, string> =>
  (present, now) => {
    const kept = present && now < present.endsAt ? Buffer.from(present.value).toString() : null;
    if (kept !== null && kept !== owner && kept !== instead) return unchanged(present, kept);
    const endsAt = Math.max(kept === owner ? (present?.endsAt ?? 0) : 0, now + lifetimeMs);
    const next = Object.freeze({ value: Uint8Array.from(Buffer.from(owner)), endsAt });
    return { next, result: owner, keptUntil: endsAt };
  };
