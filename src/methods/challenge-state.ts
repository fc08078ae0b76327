import { createHash } from 'node:crypto';
import type { Attempt, Keyring, SecondFactorStore, Subject } from '../contracts.js';
import { randomId } from '../crypto/random.js';
import { RequestError } from '../errors.js';
import { nonsense } from './ask.js';

/** How long `start` may take before somebody else may try. */
const STARTING_MS = 30_000;
const STARTING = 'starting:';
const NOTHING = 'nothing';
const MAX_BYTES = 2048;

/** What is sent for one person in a quarter of an hour, over all their sessions: a stolen password opens many. */
const STARTS = { most: 10, windowMs: 15 * 60 * 1000 } as const;

/** Names one challenge: the same for each look at it, another one for another session, person or enrollment. */
export interface ChallengeKey {
  readonly method: string;
  readonly attempt: Pick<Attempt, 'subject' | 'session'>;
  /** The pending enrollment that is confirmed; null for a proof. */
  readonly enrollment: string | null;
}

/**
 * What a method has begun for a challenge (a code that it sent), sealed in our store: made once, however often
 * the page is shown and from how many tabs, and taken once.
 */
export interface ChallengeStates {
  /** What was started, or is now; null while another request is starting it. */
  start(key: ChallengeKey, lifetimeMs: number, start: () => unknown): Promise<unknown>;
  /** Starts anew in the place of what is good; where that is too often, it stays good. */
  restart(key: ChallengeKey, lifetimeMs: number, start: () => unknown): Promise<void>;
  /** What was started and is good; null otherwise. */
  read(key: ChallengeKey): Promise<unknown>;
  /** True for the first who takes it: an answer to it is accepted once. */
  take(key: ChallengeKey): Promise<boolean>;
}

export function challengeStates({
  store,
  keyring,
}: {
  readonly store: Pick<SecondFactorStore, 'claim' | 'countUse' | 'takeTransaction' | 'now'>;
  readonly keyring: Keyring;
}): ChallengeStates {
  function open(id: string, kept: string): unknown {
    if (kept === NOTHING || kept.startsWith(STARTING)) return null;
    return JSON.parse(
      Buffer.from(keyring.open(Buffer.from(kept, 'base64url'), contextOf(id))).toString(),
    );
  }

  function seal(id: string, method: string, state: unknown): string {
    const plain = Buffer.from(JSON.stringify(state) ?? 'null');
    if (plain.length > MAX_BYTES) {
      throw nonsense(method, 'start', `at most ${MAX_BYTES} bytes of JSON`);
    }
    return Buffer.from(keyring.seal(plain, contextOf(id))).toString('base64url');
  }

  async function spend({ method, attempt }: ChallengeKey): Promise<void> {
    const until = await store.countUse(startsId(method, attempt.subject), STARTS);
    if (until === null) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((until - store.now()) / 1000));
    throw new RequestError(
      429,
      'too_many_challenges',
      'This was asked for too often. Wait a few minutes, and use what you were sent last.',
      null,
      { retryAfterSeconds },
    );
  }

  /** In one request, however many ask at the same moment. */
  async function begin(
    key: ChallengeKey,
    lifetimeMs: number,
    start: () => unknown,
    { spent }: { readonly spent: boolean },
  ): Promise<unknown> {
    const id = idOf(key);
    const mine = STARTING + randomId();
    const claimed = { owner: mine, instead: NOTHING, lifetimeMs: STARTING_MS };
    const found = await store.claim(id, claimed);
    if (found !== mine) return open(id, found);
    try {
      if (!spent) await spend(key);
      const owner = seal(id, key.method, await start());
      return open(id, await store.claim(id, { owner, instead: mine, lifetimeMs }));
    } catch (error) {
      // Whoever asks again need not wait for the end of an attempt that is over.
      await store.claim(id, { owner: NOTHING, instead: mine, lifetimeMs: 1 });
      throw error;
    }
  }

  return {
    start: (key, lifetimeMs, start) => begin(key, lifetimeMs, start, { spent: false }),

    async restart(key, lifetimeMs, start) {
      await spend(key);
      await store.takeTransaction(idOf(key));
      await begin(key, lifetimeMs, start, { spent: true });
    },

    async read(key) {
      const id = idOf(key);
      return open(id, await store.claim(id, { owner: NOTHING, instead: null, lifetimeMs: 1 }));
    },

    async take(key) {
      const taken = await store.takeTransaction(idOf(key));
      return taken !== null && open(idOf(key), Buffer.from(taken).toString()) !== null;
    },
  };
}

function idOf({ method, attempt: { session, subject }, enrollment }: ChallengeKey): string {
  return digest(['challenge', method, session, subject.id, enrollment]);
}

function startsId(method: string, { id }: Subject): string {
  return digest(['challenge-starts', method, id]);
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function contextOf(id: string): string {
  return JSON.stringify(['challenge-state', id]);
}
