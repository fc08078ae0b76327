import type { AssuranceRecord, Factor, LoginId } from '../../contracts.js';
import { type Transition, unchanged } from '../record-store.js';

type SessionTransition<T> = Transition<AssuranceRecord, T>;

export const openPending =
  ({
    subjectId,
    epoch,
    login,
    lifetimeMs,
  }: {
    readonly subjectId: string;
    readonly epoch: number;
    readonly login: LoginId;
    readonly lifetimeMs: number;
  }): SessionTransition<AssuranceRecord> =>
  (present, now) => {
    if (present?.state === 'ended') return unchanged(present, present);
    if (present?.subjectId === subjectId && present.login === login) {
      return unchanged(present, present);
    }
    const opened = record({
      ...({ state: 'pending', subjectId, epoch, login, factors: [] } as const),
      expiresAt: now + lifetimeMs,
    });
    return { next: opened, result: opened };
  };

export const prove =
  ({
    subjectId,
    epoch,
    login,
    factors,
    lifetimeMs,
  }: {
    readonly subjectId: string;
    readonly epoch: number;
    readonly login: LoginId;
    readonly factors: readonly Factor[];
    readonly lifetimeMs: number;
  }): SessionTransition<boolean> =>
  (present, now) => {
    if (present?.state === 'ended') return unchanged(present, false);
    const expiresAt = now + lifetimeMs;
    return {
      next: record({ state: 'proven', subjectId, epoch, login, factors, expiresAt }),
      result: true,
    };
  };

/** Also over a record that is damaged: ended is what it is safe to be. */
export const end =
  (keepMs: number, { renewed }: { readonly renewed: boolean }): SessionTransition<boolean> =>
  (present, now) => {
    if (present?.state === 'ended') return unchanged(present, false);
    const { subjectId, epoch, login } = present ?? { subjectId: '', epoch: 0, login: '' };
    const ended = {
      ...({ state: 'ended', subjectId, epoch, login, factors: [] } as const),
      expiresAt: now + keepMs,
    };
    const next = record(renewed ? { ...ended, renewed } : ended);
    return { next, result: true, whenFull: true };
  };

function record(fields: AssuranceRecord): AssuranceRecord {
  const factors = Object.freeze(fields.factors.map((one) => Object.freeze({ ...one })));
  return Object.freeze({ ...fields, factors });
}
