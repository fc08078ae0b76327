import { LRUCache } from 'lru-cache';
import type { AssuranceRecord, SecondFactorStore } from '../contracts.js';

/** 100 000 entries. Given as a size, since for a `max` the cache sets all of its memory aside at once. */
export const AT_MOST = { maxSize: 100_000, sizeCalculation: () => 1 };

/** What sessions have proven. */
export function memorySessions({
  now,
  announce,
}: {
  readonly now: () => number;
  readonly announce: () => void;
}): Pick<SecondFactorStore, 'readAssurance' | 'openPending' | 'prove' | 'end'> {
  // Records carry their own end; the ttl only frees memory, and so may come from the real clock.
  const sessions = new LRUCache<string, AssuranceRecord>(AT_MOST);

  function remember(session: string, record: AssuranceRecord, lifetimeMs: number): void {
    sessions.set(session, Object.freeze(record), { ttl: Math.max(1, lifetimeMs) });
    announce();
  }

  return {
    readAssurance: (session) => sessions.get(session) ?? null,

    async openPending(session, { subjectId, epoch, login, lifetimeMs, keepMs }) {
      const present = sessions.get(session);
      if (present?.state === 'ended') return present;
      if (present?.subjectId === subjectId && present.login === login) return present;
      const opened: AssuranceRecord = {
        state: 'pending',
        subjectId,
        epoch,
        login,
        factors: [],
        expiresAt: now() + lifetimeMs,
      };
      // Kept after its end: were it forgotten at once, a request under way could begin it anew.
      remember(session, opened, lifetimeMs + keepMs);
      return opened;
    },

    async prove(session, { subjectId, epoch, login, factors, lifetimeMs }) {
      if (sessions.get(session)?.state === 'ended') return false;
      const expiresAt = now() + lifetimeMs;
      const proven = Object.freeze(factors.map((factor) => Object.freeze({ ...factor })));
      const record = {
        ...({ state: 'proven', subjectId, epoch, login } as const),
        ...{ factors: proven, expiresAt },
      };
      remember(session, record, lifetimeMs);
      return true;
    },

    async end(session, keepMs, { renewed } = { renewed: false }) {
      const present = sessions.get(session);
      if (present?.state === 'ended') return false;
      const { subjectId, epoch, login } = present ?? { subjectId: '', epoch: 0, login: '' };
      const record = {
        ...({ state: 'ended', subjectId, epoch, login, factors: [] } as const),
        expiresAt: now() + keepMs,
      };
      remember(session, renewed ? { ...record, renewed } : record, keepMs);
      return true;
    },
  };
}
