import assert from 'node:assert/strict';
import { together } from '../../awaitable.js';
import type { Judge } from '../../contracts.js';
import { digest, LIMITS, type Stage, TOTP } from './stage.js';

export function judging({
  describe,
  it,
  enroll,
  proposal,
  reserve,
  reserved,
  store,
  other,
  clock,
}: Stage): void {
  const judged = <T>(judge: Judge<T>, by = store, attempt: object = {}) =>
    by.judgeAttempt('user1', LIMITS, { ...TOTP, ...attempt }, judge);
  const manyOf = <T>(judge: Judge<T>) =>
    Promise.all(Array.from({ length: 20 }, (_, n) => judged(judge, n % 2 ? store : other)));
  const code = (step: number): Judge<string> => {
    return (_reserved, subject) =>
      subject.commitAttempt({ enrollmentId: 'one', step, epoch: 0 }).kind;
  };
  const failures = async () => (await store.readSubject('user1')).failures;

  describe('attempts that are judged where they are counted', () => {
    it('are judged by what a reservation has, and as often as there would be one', async () => {
      await enroll('one');
      const told = await judged(({ at, epoch, authenticators, pending, activationKey }) => [
        ...[at, epoch, authenticators.map(({ id }) => id), pending, activationKey],
      ]);
      assert.deepEqual(told, {
        ...{ kind: 'judged', result: [clock.time, 0, ['one'], null, null] },
      });
      const others = await manyOf(() => 'wrong');
      assert.equal(others.filter(({ kind }) => kind === 'judged').length, LIMITS.free - 1);
      const locked = others.filter(({ kind }) => kind === 'locked');
      assert.deepEqual(locked[0], { kind: 'locked', retryAt: clock.time + 1000 });
      assert.equal(await failures(), LIMITS.free);
    });

    it('are counted where one throws, which is thrown, and keep nothing else of it', async () => {
      await enroll('one');
      const bug = new Error('a bug');
      await assert.rejects(
        judged((_reserved, subject) => {
          subject.commitAttempt({ enrollmentId: 'one', step: 101, epoch: 0 });
          throw bug;
        }),
        bug,
      );
      assert.equal(await failures(), 1);
      assert.deepEqual(await judged(code(101)), { kind: 'judged', result: 'committed' });
    });

    it('accept one of many that arrive together, and clear the count and the wait', async () => {
      await enroll('one');
      const all = (await manyOf(code(101))).map((one) =>
        one.kind === 'judged' ? one.result : one.kind,
      );
      assert.equal(all.filter((one) => one === 'committed').length, 1);
      assert.ok(all.every((one) => ['committed', 'replayed', 'locked'].includes(one)));
      await store.unlock('user1');
      for (let n = 0; n < LIMITS.free - 1; n += 1) await reserved();
      assert.deepEqual(await judged(code(102)), { kind: 'judged', result: 'committed' });
      assert.equal(await failures(), 0);
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      assert.equal((await reserve()).kind, 'locked');
    });

    it('count a replay, and what is of a session that has ended', async () => {
      await enroll('one');
      assert.deepEqual(await judged(code(100)), { kind: 'judged', result: 'replayed' });
      await store.raiseEpoch('user1');
      assert.deepEqual(await judged(code(101)), { kind: 'judged', result: 'ended' });
      assert.equal(await failures(), 2);
    });

    it('count nothing where nothing can be guessed, and are not locked with others', async () => {
      await enroll('one');
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      const uncounted = { counted: false };
      assert.deepEqual(await judged(() => 'wrong', store, uncounted), {
        ...{ kind: 'judged', result: 'wrong' },
      });
      assert.equal(await failures(), LIMITS.free);
      assert.equal((await judged(code(101), store, uncounted)).kind, 'judged');
      assert.equal(await failures(), 0);
    });

    it('spend a recovery code once of many', async () => {
      await store.replaceRecoveryCodes('user1', [digest(1), digest(2)]);
      const all = await manyOf((_reserved, subject) => {
        const { kind } = subject.spendRecoveryCode([digest(1)], 0);
        return kind;
      });
      const spent = all.filter((one) => one.kind === 'judged' && one.result === 'spent');
      assert.equal(spent.length, 1);
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 1);
    });

    it('begin an enrollment by the right activation key, and confirm it', async () => {
      const activationKey = digest(3);
      await store.putActivationKey('user1', { digest: activationKey, lifetimeMs: 60_000 });
      const wanted = proposal('one', { basis: 'activation-key' });
      const begin = (key: typeof activationKey) =>
        judged((_reserved, subject) =>
          subject.beginEnrollment(wanted, { restart: true, activationKey: key }),
        );
      assert.deepEqual(await begin(digest(4)), { kind: 'judged', result: null });
      assert.equal(await failures(), 1);
      const begun = await begin(activationKey);
      assert.equal(begun.kind === 'judged' && begun.result?.id, 'one');
      assert.equal(await failures(), 0);
      const confirmation = { id: 'one', session: 'session-1', step: 7, replaces: null, epoch: 0 };
      const [first, second] = await together(
        () => judged((_reserved, subject) => subject.confirmEnrollment(confirmation).kind),
        () => judged((_reserved, subject) => subject.confirmEnrollment(confirmation).kind, other),
      );
      const kinds = [first, second].map((one) => one.kind === 'judged' && one.result);
      assert.deepEqual(kinds.toSorted(), ['confirmed', 'superseded']);
      const { enrollments, activationKeyEndsAt } = await store.readSubject('user1');
      assert.deepEqual([enrollments.length, activationKeyEndsAt], [1, null]);
    });
  });
}
