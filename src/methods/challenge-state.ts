import { createHash } from 'node:crypto';
import type { Attempt, Keyring, SecondFactorStore, Subject } from '../contracts.js';
import { randomId } from '../crypto/random.js';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { nonsense } from './ask.js';

/** How long `start` may take before another request may start again. */
const STARTING_MS = 30_000;
const STARTING = 'starting:';
const TAKEN = 'taken:';
const NOTHING = 'nothing';
const MAX_BYTES = 2048;

/**
 * How often something is sent for one person in 15 minutes, over all their sessions, since a stolen password opens
 * many.
 */
const STARTS = { most: 10, windowMs: 15 * 60 * 1000 } as const;

/** Identifies one challenge: by session, person and enrollment. */
export interface ChallengeKey {
  readonly method: string;
  readonly attempt: Pick<Attempt, 'subject' | 'session'>;
  /** The pending enrollment to confirm; null for a proof. */
  readonly enrollment: string | null;
}

/**
 * The state that a method has started for a challenge (a code that it sent), sealed in our store: made once, however
 * often the page is shown and in how many tabs, and used once.
 */
export interface ChallengeStates {
  /** The started state, or starts it now; null while another request is starting it. */
  start(key: ChallengeKey, lifetimeMs: number, start: () => unknown): Promise<unknown>;
  /** Starts again and replaces the valid state; when that happens too often, the state stays. */
  restart(key: ChallengeKey, lifetimeMs: number, start: () => unknown): Promise<void>;
  /** The started state while it is valid; null otherwise. */
  read(key: ChallengeKey): Promise<Started | null>;
  /** True for the first call for this state, so that an answer to it is accepted once. */
  take(key: ChallengeKey, started: Started, lifetimeMs: number): Promise<boolean>;
}

/** The state that a method has started, with an id that tells it from later ones. */
export interface Started {
  readonly state: unknown;
  readonly endsAt: number;
  readonly token: string;
}

export function challengeStates({
  store,
  keyring,
  limited = true,
}: {
  readonly store: Pick<SecondFactorStore, 'claim' | 'countUse' | 'now' | 'readTransaction'>;
  readonly keyring: Keyring;
  /** Whether starts are limited. */
  readonly limited?: boolean;
}): ChallengeStates {
  function open(id: string, kept: string): Started | null {
    if (kept === NOTHING || kept.startsWith(STARTING) || kept.startsWith(TAKEN)) return null;
    const sealed = Buffer.from(kept, 'base64url');
    const plain = Buffer.from(keyring.open(sealed, contextOf(id))).toString();
    const { state, endsAt } = JSON.parse(plain);
    return { state, endsAt, token: kept };
  }

  function seal(id: string, method: string, state: unknown, endsAt: number): string {
    let json: string | undefined;
    try {
      json = JSON.stringify(state ?? null);
    } catch {
      // A circular value, or one that JSON cannot hold.
    }
    if (json === undefined || Buffer.byteLength(json) > MAX_BYTES) {
      throw nonsense(method, 'start', `at most ${MAX_BYTES} bytes of JSON`);
    }
    const plain = Buffer.from(`{"endsAt":${endsAt},"state":${json}}`);
    return Buffer.from(keyring.seal(plain, contextOf(id))).toString('base64url');
  }

  async function spend({ method, attempt }: ChallengeKey): Promise<void> {
    if (!limited) return;
    const until = await store.countUse(startsId(method, attempt.subject), STARTS);
    if (until === null) return;
    const retryAfterSeconds = Math.max(1, Math.ceil((until - store.now()) / 1000));
    throw new RequestError(429, 'too_many_challenges', message('method.asked-too-often'), null, {
      retryAfterSeconds,
    });
  }

  /** Starts in one request, however many ask at the same moment. `anew`: also replaces a valid state. */
  async function begin(
    key: ChallengeKey,
    lifetimeMs: number,
    start: () => unknown,
    { anew }: { readonly anew: boolean },
  ): Promise<Started | null> {
    const id = idOf(key);
    const mine = STARTING + randomId();
    const claim = (instead: string) =>
      store.claim(id, { owner: mine, instead, lifetimeMs: STARTING_MS });
    let found = await claim(NOTHING);
    const replaced = found.startsWith(TAKEN) || (anew && !found.startsWith(STARTING));
    if (found !== mine && replaced) found = await claim(found);
    if (found !== mine) return open(id, found);
    try {
      if (!anew) await spend(key);
      const state = await start();
      const owner = seal(id, key.method, state, store.now() + lifetimeMs);
      return open(id, await store.claim(id, { owner, instead: mine, lifetimeMs }));
    } catch (error) {
      // A failed start is cleared, so that the next request need not wait for its deadline.
      await store.claim(id, { owner: NOTHING, instead: mine, lifetimeMs: 1 });
      throw error;
    }
  }

  return {
    async start(key, lifetimeMs, start) {
      return (await begin(key, lifetimeMs, start, { anew: false }))?.state ?? null;
    },

    async restart(key, lifetimeMs, start) {
      await spend(key);
      await begin(key, lifetimeMs, start, { anew: true });
    },

    async read(key) {
      const id = idOf(key);
      const kept = await store.readTransaction(id);
      return kept && open(id, Buffer.from(kept).toString());
    },

    async take(key, { token, endsAt }, lifetimeMs) {
      if (store.now() >= endsAt) return false;
      const owner = TAKEN + randomId();
      // The mark outlives the challenge, so that another request that has read it finds it taken.
      const claimed = await store.claim(idOf(key), { owner, instead: token, lifetimeMs });
      return claimed === owner;
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
