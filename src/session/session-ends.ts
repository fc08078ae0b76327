import { LRUCache } from 'lru-cache';
import type { Awaitable, SecondFactorStore, SessionDigest } from '../contracts.js';

export interface SessionEnds {
  /**
   * Ends a session for good. True for the one caller, on any process, that ended it. Of an id that nobody has
   * been told yet no mark is left, unless it has proven something.
   */
  end(session: SessionDigest): Promise<boolean>;
  isEnded(session: SessionDigest): Awaitable<boolean>;
  /**
   * Says that an id has just been made: nobody else can know it, or have ended it, before the response that
   * carries it. Returns a function to call when that response is closed.
   */
  begun(session: SessionDigest): () => void;
  /** Whether there is anything to end: a session that is stored, or one that we have a record of. */
  isWorthEnding(session: SessionDigest, isStored: () => Promise<boolean>): Promise<boolean>;
}

/**
 * Ends are final, so what this process knows of them needs no refreshing: it saves the store a second
 * command when elevation ends the old session and express-session then destroys it. `endedForMs` is how long the
 * mark of an ended session is kept: a request that overlaps the end may save the session back, and the mark must
 * outlive every such request, not every such session, since later saves are refused.
 */
export function sessionEnds(
  store: Pick<SecondFactorStore, 'end' | 'readAssurance'>,
  { endedForMs }: { readonly endedForMs: number },
): SessionEnds {
  const known = new LRUCache<SessionDigest, true>({ max: 10_000 });
  const fresh = new Set<SessionDigest>();

  return {
    async end(session) {
      if (known.has(session)) return false;
      const untold = fresh.has(session) && (await store.readAssurance(session)) === null;
      if (untold && known.has(session)) return false;
      const endedNow = untold || (await store.end(session, endedForMs));
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

    async isWorthEnding(session, isStored) {
      if (known.has(session) || fresh.has(session)) return true;
      return (await store.readAssurance(session)) !== null || (await isStored());
    },
  };
}
