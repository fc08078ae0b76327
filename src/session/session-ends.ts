import { boundedMap } from '../bounded-map.js';
import type { AssuranceRecord, Awaitable, SecondFactorStore, SessionDigest } from '../contracts.js';
import { isYounger } from './age.js';

/** How long requests with the old id of a renewed session may still arrive. */
export const RENEWED_FOR_MS = 60_000;

export interface SessionEnds {
  /**
   * Ends a session for good. True for the one caller, on any process, that ended it. `renewed`: it goes on under
   * another id. No mark is left for an id that was not sent to anybody yet, unless it has proven something.
   */
  end(session: SessionDigest, end?: { readonly renewed: boolean }): Promise<boolean>;
  isEnded(session: SessionDigest): Awaitable<boolean>;
  /** Whether it was renewed under another id a moment ago, so that the old id's owner is still signed in. */
  wasRenewed(session: SessionDigest): Awaitable<boolean>;
  /**
   * Reads its end from the store itself, not from the cache, so that `wasRenewed` knows: for an id under which there is
   * no session any more.
   */
  learn(session: SessionDigest): Awaitable<void>;
  /**
   * Notes that an id has just been made: nobody else can know or have ended it until its response has sent its
   * headers, which `isTold` says. Returns a function to call when that response is closed.
   */
  begun(session: SessionDigest, isTold: () => boolean): () => void;
  /**
   * Notes that a session is about to prove something: from now on its end leaves a mark, even if it was just begun.
   */
  proves(session: SessionDigest): void;
  /** Whether there is anything to end: a stored session, or a record of ours. */
  isWorthEnding(session: SessionDigest, isStored: () => Promise<boolean>): Promise<boolean>;
}

/** An id that was made in a request which is still under way. */
interface Begun {
  readonly isTold: () => boolean;
  /** Whether it may have proven something. */
  readonly proves: boolean;
}

/** What is known of an ended session. */
interface KnownEnd {
  /**
   * When it was renewed under another id; null if it was not; `as-marked` if another process ended it, and only the
   * mark tells.
   */
  readonly renewedAt: number | null | 'as-marked';
}

/**
 * Ends are final, so what this process knows of them needs no refreshing: it saves the store a second
 * command when elevation ends the old session and express-session then destroys it. `endedForMs` is how long the
 * mark of an ended session is kept: a request that overlaps the end may save the session back, and the mark must
 * outlive every such request, not every such session, since later saves are refused.
 */
export function sessionEnds(
  store: Pick<SecondFactorStore, 'end' | 'readAssurance' | 'refreshAssurance' | 'now'>,
  { endedForMs }: { readonly endedForMs: number },
): SessionEnds {
  const known = boundedMap<SessionDigest, KnownEnd>(10_000);
  const begun = new Map<SessionDigest, Begun>();

  /** Ids that only this process knows: nobody else has written anything about them. */
  function untold(session: SessionDigest): Begun | null {
    const found = begun.get(session);
    return found && !found.isTold() ? found : null;
  }

  function noted(session: SessionDigest, record: AssuranceRecord | null): boolean {
    if (record?.state !== 'ended') return false;
    known.set(session, { renewedAt: record.renewed ? record.expiresAt - endedForMs : null });
    return true;
  }

  function read<T>(session: SessionDigest, conclude: (ended: boolean) => T): Awaitable<T> {
    const record = store.readAssurance(session);
    return record instanceof Promise
      ? record.then((late) => conclude(noted(session, late)))
      : conclude(noted(session, record));
  }

  function wentOnLately(session: SessionDigest): boolean {
    const renewedAt = known.get(session)?.renewedAt;
    return typeof renewedAt === 'number' && isYounger(renewedAt, RENEWED_FOR_MS, store.now());
  }

  return {
    async end(session, end = { renewed: false }) {
      if (known.has(session)) return false;
      const unmarked = untold(session)?.proves === false;
      const endedNow = unmarked || (await store.end(session, endedForMs, end));
      const renewedAt = end.renewed ? store.now() : null;
      known.set(session, { renewedAt: endedNow ? renewedAt : 'as-marked' });
      return endedNow;
    },

    isEnded(session) {
      if (known.has(session)) return true;
      if (untold(session)) return false;
      return read(session, (ended) => ended);
    },

    wasRenewed(session) {
      const { renewedAt = 'as-marked' } = known.get(session) ?? {};
      if (renewedAt !== 'as-marked' || untold(session)) return wentOnLately(session);
      return read(session, () => wentOnLately(session));
    },

    async learn(session) {
      if (known.has(session) || untold(session)) return;
      noted(session, await store.refreshAssurance(session));
    },

    begun(session, isTold) {
      begun.set(session, { isTold, proves: false });
      return () => void begun.delete(session);
    },

    proves(session) {
      const found = begun.get(session);
      if (found) begun.set(session, { ...found, proves: true });
    },

    async isWorthEnding(session, isStored) {
      if (known.has(session) || untold(session)) return true;
      return (await store.readAssurance(session)) !== null || (await isStored());
    },
  };
}
