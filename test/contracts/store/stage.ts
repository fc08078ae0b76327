import assert from 'node:assert/strict';
import type {
  AttemptLimits,
  Digest,
  PendingEnrollment,
  SecondFactorStore,
} from '../../../src/contracts.js';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 1);
export const LIMITS: AttemptLimits = { free: 3, waits: [1000, 5000], stop: 6 };
export const TOTP = { method: 'totp', stoppable: true };
export const SEALED = Uint8Array.from({ length: 53 }, (_, at) => (at * 37 + 200) % 256);

export interface StoreUnderTest {
  readonly store: SecondFactorStore;
  /** The same records as another process has them; `store` itself where there is one process only. */
  readonly other: SecondFactorStore;
  dispose(): Promise<void>;
}

/** Makes an empty store whose time is `now`, in milliseconds since 1970. */
export type StoreFactory = (now: () => number) => Promise<StoreUnderTest>;

export type Stage = ReturnType<typeof stage>;

/** What the tests of the contract stand on: a new store for each of them, a clock, and one subject, user1. */
export function stage(make: StoreFactory) {
  const clock = { time: START };
  let under: StoreUnderTest | undefined;
  const store = current(() => under?.store);
  const other = current(() => under?.other);

  beforeEach(async () => {
    clock.time = START;
    under = await make(() => clock.time);
  });
  afterEach(() => under?.dispose());

  const proposal = (id: string, more: Partial<PendingEnrollment> = {}) => ({
    id,
    method: 'totp',
    label: 'Phone',
    sealed: SEALED,
    parameters: 'sha1/6/30',
    session: 'session-1',
    basis: 'first' as const,
    ...more,
    lifetimeMs: 10 * MINUTE,
  });

  async function enroll(
    id: string,
    more: Partial<PendingEnrollment> = {},
    { step = 100, epoch = 0 } = {},
  ) {
    const wanted = proposal(id, more);
    await store.beginEnrollment('user1', wanted, { restart: false });
    const { session } = wanted;
    return store.confirmEnrollment('user1', { id, session, step, replaces: null, epoch });
  }
  async function begin(
    wanted: ReturnType<typeof proposal>,
    { restart = false, activationKey = null as Digest | null } = {},
  ) {
    const begun = await store.beginEnrollment('user1', wanted, { restart, activationKey });
    assert.ok(begun, 'was begun');
    return begun;
  }
  const confirm = (
    id: string,
    { session = 'session-1', step = 100, replaces = null as string | null, epoch = 0 } = {},
  ) => store.confirmEnrollment('user1', { id, session, step, replaces, epoch });
  const reserve = () => store.reserveAttempt('user1', LIMITS, TOTP);
  async function reserved() {
    const reservation = await reserve();
    assert.equal(reservation.kind, 'reserved');
    return reservation as Extract<typeof reservation, { kind: 'reserved' }>;
  }

  return { clock, store, other, proposal, begin, confirm, enroll, reserve, reserved };
}

/** Stands for whichever store the present test has. */
function current(store: () => SecondFactorStore | undefined): SecondFactorStore {
  return new Proxy({} as SecondFactorStore, {
    get(_, name) {
      const present = store() as unknown as Record<string | symbol, unknown>;
      const member = present[name];
      return typeof member === 'function' ? member.bind(present) : member;
    },
  });
}

export function digest(n: number, key = 1): Digest {
  return {
    keyId: Uint8Array.of(key, 0, 255, 10),
    bytes: Uint8Array.from({ length: 10 }, (_, at) => (n * 31 + at * 7) % 256),
  };
}

export function bytesOf({ keyId, bytes }: Digest): number[] {
  return [...keyId, ...bytes];
}
