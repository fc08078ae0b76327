import assert from 'node:assert/strict';
import { eventually } from './eventually.js';
import { LIMITS, MINUTE, START, type Stage, TOTP } from './stage.js';

export function attempts({
  describe,
  it,
  enroll,
  reserve,
  reserved,
  store,
  other,
  clock,
}: Stage): void {
  describe('attempts', () => {
    it('are free at first, then wait ever longer, and the last wait repeats', async () => {
      const wait = async () => {
        const reservation = await reserve();
        return reservation.kind === 'locked' ? (reservation.retryAt ?? Infinity) - clock.time : 0;
      };
      assert.deepEqual([await wait(), await wait(), await wait()], [0, 0, 0]);
      assert.equal(await wait(), 1000);
      clock.time += 999;
      assert.equal(await wait(), 1);
      clock.time += 1;
      assert.equal(await wait(), 0);
      assert.equal(await wait(), 5000);
      clock.time += 5000;
      assert.equal(await wait(), 0);
      assert.equal(await wait(), 5000);
    });

    it('are neither counted nor made to wait where nothing can be guessed', async () => {
      await enroll('one');
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      const uncounted = { ...TOTP, stoppable: false, counted: false };
      const before = await store.readSubject('user1');
      const reservation = await store.reserveAttempt('user1', LIMITS, uncounted);
      assert.ok(reservation.kind === 'reserved');
      assert.deepEqual(
        reservation.authenticators.map(({ id }) => id),
        ['one'],
      );
      assert.deepEqual(await store.readSubject('user1'), before);
    });

    it('tell in the record when the wait ends, for as long as there is a count', async () => {
      const retryAt = async () => (await other.readSubject('user1')).retryAt;
      const expected = async (at: number | null) =>
        eventually(async () => (await retryAt()) === at, store.stalenessMs + 100);
      for (let n = 0; n < LIMITS.free - 1; n += 1) await reserved();
      await expected(null);
      await reserved();
      await expected(START + 1000);
      clock.time += 1000;
      await reserved();
      await expected(START + 6000);
      await store.unlock('user1');
      await expected(null);
    });

    it('are reserved at the time of the store', async () => {
      clock.time += 12_345;
      assert.equal((await reserved()).at, START + 12_345);
    });

    it('stop at the limit until somebody helps, for methods that stop', async () => {
      for (let n = 0; n < LIMITS.stop; n += 1) {
        await reserved();
        clock.time += MINUTE;
      }
      clock.time += 1000 * MINUTE;
      assert.deepEqual(await reserve(), { kind: 'locked', retryAt: null });
      await store.reset('user1');
      await reserved();
    });

    it('do not stop, only wait, for methods that wait', async () => {
      const waiting = { method: 'recovery-code', stoppable: false };
      for (let n = 0; n < LIMITS.stop; n += 1) {
        await reserved();
        clock.time += MINUTE;
      }
      const reservation = await store.reserveAttempt('user1', LIMITS, waiting);
      assert.equal(reservation.kind, 'reserved');
      const next = await store.reserveAttempt('user1', LIMITS, waiting);
      assert.deepEqual(next, { kind: 'locked', retryAt: clock.time + 5000 });
      assert.deepEqual(await reserve(), { kind: 'locked', retryAt: null });
    });

    it('that are refused are not counted', async () => {
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      for (let n = 0; n < 50; n += 1) assert.equal((await reserve()).kind, 'locked');
      clock.time += 1000;
      await reserved();
      assert.deepEqual(await reserve(), { kind: 'locked', retryAt: clock.time + 5000 });
    });

    it('of which 100 arrive together are evaluated no more often than is free', async () => {
      const all = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          (n % 2 ? store : other).reserveAttempt('user1', LIMITS, TOTP),
        ),
      );
      assert.equal(all.filter(({ kind }) => kind === 'reserved').length, LIMITS.free);
    });

    it('count for one subject and all its methods', async () => {
      const duo = { method: 'other', stoppable: true };
      for (let n = 0; n < LIMITS.free; n += 1) await store.reserveAttempt('user1', LIMITS, duo);
      assert.equal((await reserve()).kind, 'locked');
      assert.equal((await store.reserveAttempt('user2', LIMITS, TOTP)).kind, 'reserved');
    });

    it('give the authenticators of their method only', async () => {
      await enroll('one');
      await enroll('two', { basis: 'proven', method: 'other' });
      await enroll('three', { basis: 'proven' });
      const ids = (await reserved()).authenticators.map(({ id }) => id);
      assert.deepEqual(ids.sort(), ['one', 'three']);
    });

    it('that succeed clear the count and the wait', async () => {
      await enroll('one');
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      const committed = await store.commitAttempt('user1', {
        enrollmentId: 'one',
        step: 101,
        epoch: 0,
      });
      assert.deepEqual(committed, { kind: 'committed', epoch: 0 });
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      assert.equal((await reserve()).kind, 'locked');
    });

    it('that succeed have kept what they say, in the step that accepts them', async () => {
      await enroll('one');
      const kept = async () => {
        const [found] = (await reserved()).authenticators;
        return found && { ...found, sealed: [...found.sealed] };
      };
      const before = await kept();
      const commit = (more: object) =>
        store.commitAttempt('user1', { enrollmentId: 'one', step: null, epoch: 0, ...more });
      const sealed = Uint8Array.of(1, 2, 3);
      assert.equal((await commit({ step: 0, keep: { sealed } })).kind, 'replayed');
      assert.equal((await commit({ epoch: 7, keep: { sealed } })).kind, 'ended');
      assert.deepEqual(await kept(), before);
      assert.equal((await commit({ step: 200, keep: { sealed } })).kind, 'committed');
      assert.deepEqual(await kept(), { ...before, lastStep: 200, sealed: [1, 2, 3] });
      await commit({ keep: { parameters: 'other' } });
      await commit({});
      const expected = { ...before, lastStep: 200, sealed: [1, 2, 3], parameters: 'other' };
      assert.deepEqual(await kept(), expected);
    });

    it('are cleared by a confirmed enrollment', async () => {
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      assert.equal((await enroll('one')).kind, 'confirmed');
      await reserved();
    });

    it('accept a step once, and no earlier one afterwards', async () => {
      await enroll('one');
      const commit = async (step: number) =>
        (await store.commitAttempt('user1', { enrollmentId: 'one', step, epoch: 0 })).kind;
      assert.equal(await commit(100), 'replayed');
      clock.time += MINUTE;
      assert.equal(await commit(102), 'committed');
      assert.equal(await commit(102), 'replayed');
      assert.equal(await commit(101), 'replayed');
      assert.equal(await commit(103), 'committed');
      const { enrollments } = await store.readSubject('user1');
      assert.equal(enrollments[0]?.lastUsedAt, clock.time);
      assert.equal(enrollments[0]?.createdAt, START);
    });

    it('need no step where the method has none', async () => {
      await enroll('one');
      await reserved();
      clock.time += MINUTE;
      const commit = (step: number | null) =>
        store.commitAttempt('user1', { enrollmentId: 'one', step, epoch: 0 });
      assert.deepEqual(await commit(null), { kind: 'committed', epoch: 0 });
      assert.deepEqual(await commit(100), { kind: 'replayed' });
      const { failures, enrollments } = await store.readSubject('user1');
      assert.deepEqual([failures, enrollments[0]?.lastUsedAt], [0, clock.time]);
    });

    it('accept one of many submissions of one step that arrive together', async () => {
      await enroll('one');
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          (n % 2 ? store : other).commitAttempt('user1', {
            enrollmentId: 'one',
            step: 101,
            epoch: 0,
          }),
        ),
      );
      assert.equal(all.filter(({ kind }) => kind === 'committed').length, 1);
      assert.equal(all.filter(({ kind }) => kind === 'replayed').length, 49);
    });

    it('do not clear the count when they are replays', async () => {
      await enroll('one');
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      await store.commitAttempt('user1', { enrollmentId: 'one', step: 100, epoch: 0 });
      assert.equal((await reserve()).kind, 'locked');
    });

    it('commit nothing of a session that began before the epoch rose, and keep the count', async () => {
      await enroll('one', {}, { step: 100 });
      await reserved();
      await store.raiseEpoch('user1');
      const before = await store.readSubject('user1');
      for (const [step, epoch] of [
        [101, 0],
        [null, 0],
        [101, 2],
      ] as const) {
        const accepted = { enrollmentId: 'one', step, epoch };
        assert.deepEqual(await store.commitAttempt('user1', accepted), { kind: 'ended' });
      }
      assert.deepEqual(await store.readSubject('user1'), before);
      const accepted = { enrollmentId: 'one', step: 101, epoch: 1 };
      assert.deepEqual(await store.commitAttempt('user1', accepted), {
        kind: 'committed',
        epoch: 1,
      });
    });

    it('have nothing to commit to once the factor is removed', async () => {
      await enroll('one');
      await store.unenroll('user1', 'one', 0);
      const commit = () =>
        store.commitAttempt('user1', { enrollmentId: 'one', step: 200, epoch: 1 });
      assert.deepEqual(await commit(), { kind: 'gone' });
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
    });
  });
}
