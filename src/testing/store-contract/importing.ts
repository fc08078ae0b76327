import assert from 'node:assert/strict';
import type { EnrollmentImport } from '../../contracts.js';
import { digest, SEALED, type Stage } from './stage.js';

const factor = (id: string): EnrollmentImport => ({
  ...{ id, ids: [id], method: 'totp', label: id, sealed: SEALED, parameters: '' },
  ...{ createdAt: undefined, atMost: 2 },
});
const codes = { digests: [digest(1), digest(2)], foreign: SEALED };

export function importing({ describe, it, store, other }: Stage): void {
  describe('what was enrolled elsewhere', () => {
    it('is added once, with codes where there is a factor and were none before', async () => {
      assert.deepEqual(await store.importEnrollments('user1', [], codes), {
        ...{ enrollments: [], codes: 'no-factor' },
      });
      const first = await store.importEnrollments('user1', [factor('one')], codes);
      assert.deepEqual(first, { enrollments: ['added'], codes: 'added' });
      assert.equal((await store.spendRecoveryCode('user1', [digest(1)], 0)).kind, 'spent');
      const again = await other.importEnrollments('user1', [factor('one'), factor('two')], codes);
      assert.deepEqual(again, { enrollments: ['present', 'added'], codes: 'present' });
      const { epoch, recoveryCodesLeft, recoveryCodesKept, foreignCodes, enrollments } =
        await other.readSubject('user1');
      assert.deepEqual([epoch, recoveryCodesLeft, recoveryCodesKept], [0, 1, true]);
      assert.deepEqual([foreignCodes, enrollments.length], ['hashed', 2]);
    });

    it('leaves what it was when newer codes are made, or the last factor goes', async () => {
      await store.importEnrollments('user1', [factor('one')], codes);
      await store.replaceRecoveryCodes('user1', [digest(3)]);
      assert.equal((await store.readSubject('user1')).foreignCodes, null);
      await store.importEnrollments('user2', [factor('one')], codes);
      await store.unenroll('user2', 'one', 0);
      const { foreignCodes, recoveryCodesLeft } = await store.readSubject('user2');
      assert.deepEqual([foreignCodes, recoveryCodesLeft], [null, null]);
    });

    it('is asked for once, of many who ask together, and changes no epoch', async () => {
      assert.equal((await store.readSubject('user1')).legacyDue, true);
      const all = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          (n % 2 ? store : other).importOnce('user1', [factor(`one${n}`)], codes),
        ),
      );
      assert.equal(all.filter(({ outcomes }) => outcomes !== null).length, 1);
      const ids = all.map(({ record }) => record.enrollments.map(({ id }) => id).join());
      assert.deepEqual([...new Set(ids)].length, 1);
      const { epoch, legacyDue } = await store.readSubject('user1');
      assert.deepEqual([epoch, legacyDue], [0, false]);
    });

    it('is not asked for again where there was nothing', async () => {
      const { outcomes, record } = await store.importOnce('user1', [], null);
      assert.deepEqual(outcomes, { enrollments: [], codes: null });
      assert.deepEqual([record.legacyDue, record.enrollments], [false, []]);
      const again = await other.importOnce('user1', [factor('one')], null);
      assert.deepEqual([again.outcomes, again.record.enrollments], [null, []]);
    });

    it('is asked for of nobody who has something, had it removed, was reset or deleted', async () => {
      await store.importEnrollments('has', [factor('one')]);
      await store.importEnrollments('had', [factor('one')]);
      await store.unenroll('had', 'one', 0);
      await store.reset('reset');
      await store.deleteSubject('deleted');
      for (const id of ['has', 'had', 'reset', 'deleted']) {
        assert.equal((await other.readSubject(id)).legacyDue, false, id);
        const { outcomes, record } = await other.importOnce(id, [factor('two')], codes);
        assert.deepEqual([outcomes, record.recoveryCodesLeft], [null, null], id);
        assert.equal(record.enrollments.length, id === 'has' ? 1 : 0, id);
      }
    });

    it('keeps what was sealed beside codes where it is sealed again', async () => {
      await store.importEnrollments('user1', [factor('one')], codes);
      const resealed = Uint8Array.of(...SEALED, 1);
      const stale = await store.reseal('user1', 'foreign-codes', resealed, SEALED);
      const done = await store.reseal('user1', 'foreign-codes', SEALED, resealed);
      assert.deepEqual([stale, done], [false, true]);
      const looked = { method: 'totp', stoppable: false, counted: false };
      const found = await other.reserveAttempt('user1', { free: 0, waits: [], stop: 0 }, looked);
      // A Buffer is as good.
      const kept = found.kind === 'reserved' ? found.foreignCodes : null;
      assert.deepEqual(Uint8Array.from(kept ?? []), resealed);
    });
  });
}
