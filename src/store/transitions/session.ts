import type { AssuranceRecord, LoginId } from '../../contracts.js';
import { type Transition, unchanged } from '../record-store.js';

type SessionTransition<T> = Transition<AssuranceRecord, T>;

/** Changes nothing, and so is told on what there is. */
export const viewedAssurance: SessionTransition<AssuranceRecord | null> = (present) =>
  unchanged(present, present);

/** A record of another login or subject under the same id is void and is replaced. */
export const openPending =
  ({
    subjectId,
    epoch,
    login,
    lifetimeMs,
    keepMs,
  }: {
    readonly subjectId: string;
    readonly epoch: number;
    readonly login: LoginId;
    readonly lifetimeMs: number;
    readonly keepMs: number;
  }): SessionTransition<AssuranceRecord> =>
  (present, now) => {
    const isSame = present?.subjectId === subjectId && present.login === login;
    if (present && (isSame || present.state === 'ended')) return unchanged(present, present);
    const expiresAt = now + lifetimeMs;
    const opened = record({ state: 'pending', subjectId, epoch, login, factors: [], expiresAt });
    // Kept beyond its end, or a request under way could open it again.
    return { next: opened, result: opened, keptUntil: expiresAt + keepMs };
  };

export const prove =
  ({
    lifetimeMs,
    ...proof
  }: Pick<AssuranceRecord, 'subjectId' | 'epoch' | 'login' | 'factors'> & {
    readonly lifetimeMs: number;
  }): SessionTransition<boolean> =>
  (present, now) => {
    if (present?.state === 'ended') return unchanged(present, false);
    const { subjectId, epoch, login, factors } = proof;
    const expiresAt = now + lifetimeMs;
    const proven = record({ state: 'proven', subjectId, epoch, login, factors, expiresAt });
    return { next: proven, result: true, keptUntil: expiresAt };
  };

/** Also replaces a damaged record: ended is the safe state. */
export const end =
  (keepMs: number, { renewed }: { readonly renewed: boolean }): SessionTransition<boolean> =>
  (present, now) => {
    if (present?.state === 'ended') return unchanged(present, false);
    const { subjectId, epoch, login } = present ?? { subjectId: '', epoch: 0, login: '' };
    const expiresAt = now + keepMs;
    const ended = { state: 'ended', subjectId, epoch, login, factors: [], expiresAt } as const;
    const next = record(renewed ? { ...ended, renewed } : ended);
    return { next, result: true, keptUntil: expiresAt, whenFull: true };
  };

function record(fields: AssuranceRecord): AssuranceRecord {
  const factors = Object.freeze(fields.factors.map((one) => Object.freeze({ ...one })));
  return Object.freeze({ ...fields, factors });
}
