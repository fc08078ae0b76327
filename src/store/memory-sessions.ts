import { LRUCache } from 'lru-cache';
import type { AssuranceRecord, SecondFactorStore } from '../contracts.js';

/** How long the record of a session between the doors outlives its own end. */
const PENDING_KEPT_MS = 24 * 60 * 60 * 1000;

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

    async openPending(session, { subjectId, epoch, lifetimeMs }) {
      const present = sessions.get(session);
      const isVoid =
        present?.state === 'proven' && (present.subjectId !== subjectId || present.epoch < epoch);
      if (present && !isVoid) return present;
      const opened: AssuranceRecord = {
        state: 'pending',
        subjectId,
        epoch: 0,
        factors: [],
        expiresAt: now() + lifetimeMs,
      };
      // Kept long after its end: were it forgotten, the next request would begin it anew.
      remember(session, opened, lifetimeMs + PENDING_KEPT_MS);
      return opened;
    },

    async prove(session, { subjectId, epoch, factors, lifetimeMs }) {
      if (sessions.get(session)?.state === 'ended') return false;
      const expiresAt = now() + lifetimeMs;
      const proven = Object.freeze(factors.map((factor) => Object.freeze({ ...factor })));
      const record = { state: 'proven', subjectId, epoch, factors: proven, expiresAt } as const;
      remember(session, record, lifetimeMs);
      return true;
    },

    async end(session, keepMs, { renewed } = { renewed: false }) {
      const present = sessions.get(session);
      if (present?.state === 'ended') return false;
      const { subjectId, epoch } = present ?? { subjectId: '', epoch: 0 };
      const record = {
        state: 'ended',
        subjectId,
        epoch,
        factors: [],
        expiresAt: now() + keepMs,
      } as const;
      remember(session, renewed ? { ...record, renewed } : record, keepMs);
      return true;
    },
  };
}
