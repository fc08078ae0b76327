import { LRUCache } from 'lru-cache';
import type { AssuranceRecord, Awaitable, SecondFactorStore, SessionDigest } from '../contracts.js';

/** Requests that were under way when a session went on under another id arrive within this time. */
const RENEWED_FOR_MS = 60_000;

export interface SessionEnds {
  /**
   * Ends a session for good. True for the one caller, on any process, that ended it. `renewed`: it goes on under
   * another id. Of an id that nobody has been told yet no mark is left, unless it has proven something.
   */
  end(session: SessionDigest, end?: { readonly renewed: boolean }): Promise<boolean>;
  isEnded(session: SessionDigest): Awaitable<boolean>;
  /** Whether it ended a moment ago and went on under another id: whoever still carries it is somebody. */
  wasRenewed(session: SessionDigest): Awaitable<boolean>;
  /**
   * Says that an id has just been made: nobody else can know it, or have ended it, before the response that
   * carries it. Returns a function to call when that response is closed.
   */
  begun(session: SessionDigest): () => void;
  /** Says that a session is about to prove something: from now on its end leaves a mark, also of one just begun. */
  proves(session: SessionDigest): void;
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
  store: Pick<SecondFactorStore, 'end' | 'readAssurance' | 'now'>,
  { endedForMs }: { readonly endedForMs: number },
): SessionEnds {
  /** When each went on under another id; null where it did not, undefined where only the mark can tell. */
  const known = new LRUCache<SessionDigest, { readonly renewedAt: number | null | undefined }>({
    max: 10_000,
  });
  /** Those just begun, and whether they may have proven something already. */
  const fresh = new Map<SessionDigest, { readonly proves: boolean }>();

  function learn(session: SessionDigest, record: AssuranceRecord | null): boolean {
    if (record?.state !== 'ended') return false;
    known.set(session, { renewedAt: record.renewed ? record.expiresAt - endedForMs : null });
    return true;
  }

  function read<T>(session: SessionDigest, conclude: (ended: boolean) => T): Awaitable<T> {
    const record = store.readAssurance(session);
    return record instanceof Promise
      ? record.then((late) => conclude(learn(session, late)))
      : conclude(learn(session, record));
  }

  function wentOnLately(session: SessionDigest): boolean {
    const { renewedAt = null } = known.get(session) ?? {};
    if (renewedAt === null) return false;
    const age = store.now() - renewedAt;
    return age >= 0 && age < RENEWED_FOR_MS;
  }

  return {
    async end(session, end = { renewed: false }) {
      if (known.has(session)) return false;
      // Nobody but this process can have written anything of it.
      const untold = fresh.get(session)?.proves === false;
      const endedNow = untold || (await store.end(session, endedForMs, end));
      const renewedAt = end.renewed ? store.now() : null;
      known.set(session, { renewedAt: endedNow ? renewedAt : undefined });
      return endedNow;
    },

    isEnded(session) {
      if (known.has(session)) return true;
      if (fresh.has(session)) return false;
      return read(session, (ended) => ended);
    },

    wasRenewed(session) {
      const told = known.get(session)?.renewedAt !== undefined;
      if (told || fresh.has(session)) return wentOnLately(session);
      return read(session, () => wentOnLately(session));
    },

    begun(session) {
      fresh.set(session, { proves: false });
      return () => void fresh.delete(session);
    },

    proves(session) {
      if (fresh.has(session)) fresh.set(session, { proves: true });
    },

    async isWorthEnding(session, isStored) {
      if (known.has(session) || fresh.has(session)) return true;
      return (await store.readAssurance(session)) !== null || (await isStored());
    },
  };
}
