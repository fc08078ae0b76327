import { LRUCache } from 'lru-cache';
import type { Awaitable, SecondFactorStore, SessionDigest } from '../contracts.js';
import { ENDED_FOR_MS } from './assurance.js';

export interface SessionEnds {
  /** Ends a session for good. True for the one caller, on any process, that ended it. */
  end(session: SessionDigest): Promise<boolean>;
  isEnded(session: SessionDigest): Awaitable<boolean>;
  /**
   * Says that an id has just been made: nobody else can know it, or have ended it, before the response that
   * carries it. Returns a function to call when that response is closed.
   */
  begun(session: SessionDigest): () => void;
}

/**
 * Ends are final, so what this process knows of them needs no refreshing: it saves the store a second
 * command when elevation ends the old session and express-session then destroys it.
 */
export function sessionEnds(store: Pick<SecondFactorStore, 'end' | 'readAssurance'>): SessionEnds {
  const known = new LRUCache<SessionDigest, true>({ max: 10_000 });
  const fresh = new Set<SessionDigest>();

  return {
    async end(session) {
      if (known.has(session)) return false;
      const endedNow = await store.end(session, ENDED_FOR_MS);
      known.set(session, true);
      return endedNow;
    },

    isEnded(session) {
      if (known.has(session)) return true;
      if (fresh.has(session)) return false;
      const record = store.readAssurance(session);
      if (record instanceof Promise) return record.then((late) => late?.state === 'ended');
      return record?.state === 'ended';
    },

    begun(session) {
      fresh.add(session);
      return () => void fresh.delete(session);
    },
  };
}
