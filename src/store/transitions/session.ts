import type { AssuranceRecord, Factor } from '../../contracts.js';
import { type Transition, unchanged } from '../record-store.js';

type SessionTransition<T> = Transition<AssuranceRecord, T>;

export const openPending =
  ({
    subjectId,
    epoch,
    lifetimeMs,
  }: {
    readonly subjectId: string;
    readonly epoch: number;
    readonly lifetimeMs: number;
  }): SessionTransition<AssuranceRecord> =>
  (present, now) => {
    const isVoid =
      present?.state === 'proven' && (present.subjectId !== subjectId || present.epoch < epoch);
    if (present && !isVoid) return unchanged(present, present);
    const opened = record({
      state: 'pending',
      subjectId,
      epoch: 0,
      factors: [],
      expiresAt: now + lifetimeMs,
    });
    return { next: opened, result: opened };
  };

export const prove =
  ({
    subjectId,
    epoch,
    factors,
    lifetimeMs,
  }: {
    readonly subjectId: string;
    readonly epoch: number;
    readonly factors: readonly Factor[];
    readonly lifetimeMs: number;
  }): SessionTransition<boolean> =>
  (present, now) => {
    if (present?.state === 'ended') return unchanged(present, false);
    const expiresAt = now + lifetimeMs;
    return {
      next: record({ state: 'proven', subjectId, epoch, factors, expiresAt }),
      result: true,
    };
  };

/** Also over a record that is damaged: ended is what it is safe to be. */
export const end =
  (keepMs: number, { renewed }: { readonly renewed: boolean }): SessionTransition<boolean> =>
  (present, now) => {
    if (present?.state === 'ended') return unchanged(present, false);
    const { subjectId, epoch } = present ?? { subjectId: '', epoch: 0 };
    const ended = {
      state: 'ended',
      subjectId,
      epoch,
      factors: [],
      expiresAt: now + keepMs,
    } as const;
    const next = record(renewed ? { ...ended, renewed } : ended);
    return { next, result: true, whenFull: true };
  };

function record(fields: AssuranceRecord): AssuranceRecord {
  const factors = Object.freeze(fields.factors.map((one) => Object.freeze({ ...one })));
  return Object.freeze({ ...fields, factors });
}
