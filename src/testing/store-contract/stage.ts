import assert from 'node:assert/strict';
import type {
  AttemptLimits,
  Digest,
  PendingEnrollment,
  SecondFactorStore,
} from '../../contracts.js';
import type { RecordStore } from '../../store/record-store.js';
import { secondFactorStore } from '../../store/second-factor-store.js';
import type { TestRunner } from '../runner.js';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 1);
export const LIMITS: AttemptLimits = { free: 3, waits: [1000, 5000], stop: 6 };
export const TOTP = { method: 'totp', stoppable: true };
export const SEALED = Uint8Array.from({ length: 53 }, (_, at) => (at * 37 + 200) % 256);

/** A store that holds nothing yet, for one test. */
export interface StoreUnderTest {
  readonly store: RecordStore;
  /** The same records as another process has them; `store` itself where there is one process only. */
  readonly other: RecordStore;
  /** Ends both, and removes what they kept. */
  dispose(): unknown;
}

/** Makes an empty store that can serve, whose time is `now`, in milliseconds since 1970. */
export type StoreFactory = (now: () => number) => StoreUnderTest | Promise<StoreUnderTest>;

export type Stage = ReturnType<typeof stage>;

/** What the tests of the contract stand on: a new store for each of them, a clock, and one subject, user1. */
export function stage({ describe, it: test }: TestRunner, make: StoreFactory) {
  const clock = { time: START };
  let current: { readonly [K in 'store' | 'other']: SecondFactorStore } & {
    readonly under: StoreUnderTest;
  };
  const store = standIn(() => current.store);
  const other = standIn(() => current.other);
  const records = standIn(() => current.under.store);
  const otherRecords = standIn(() => current.under.other);

  function it(title: string, run: () => unknown): void {
    test(title, async () => {
      clock.time = START;
      const under = await make(() => clock.time);
      try {
        current = {
          under,
          store: secondFactorStore(under.store),
          other: secondFactorStore(under.other),
        };
        await run();
      } finally {
        await under.dispose();
      }
    });
  }

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

  return {
    describe,
    it,
    clock,
    store,
    other,
    records,
    otherRecords,
    proposal,
    begin,
    confirm,
    enroll,
    reserve,
    reserved,
  };
}

/** Stands for whichever the present test has. */
function standIn<T extends object>(present: () => T): T {
  return new Proxy<T>(Object.create(null), { get: (_, name) => Reflect.get(present(), name) });
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
