import { LRUCache } from 'lru-cache';
import type { Awaitable, SecondFactorStore, SessionDigest } from '../contracts.js';
import { ENDED_FOR_MS } from './assurance.js';

export interface SessionEnds {
  /** Ends a session for good. True for the one caller, on any process, that ended it. */
  end(session: SessionDigest): Promise<boolean>;
  isEnded(session: SessionDigest): Awaitable<boolean>;
}

/**
 * Ends are final, so what this process knows of them needs no refreshing: it saves the store a second
 * command when elevation ends the old session and express-session then destroys it.
 */
export function sessionEnds(store: Pick<SecondFactorStore, 'end' | 'readAssurance'>): SessionEnds {
  const known = new LRUCache<SessionDigest, true>({ max: 10_000 });

  return {
    async end(session) {
      if (known.has(session)) return false;
      const endedNow = await store.end(session, ENDED_FOR_MS);
      known.set(session, true);
      return endedNow;
    },

    isEnded(session) {
      if (known.has(session)) return true;
      const record = store.readAssurance(session);
      if (record instanceof Promise) return record.then((late) => late?.state === 'ended');
      return record?.state === 'ended';
    },
  };
}
