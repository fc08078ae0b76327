import assert from 'node:assert/strict';
import { eventually } from './eventually.js';
import { digest, type Stage } from './stage.js';

export function recoveryCodes({ describe, it, reserved, store, other }: Stage): void {
  describe('recovery codes', () => {
    const ten = Array.from({ length: 10 }, (_, n) => digest(n));

    it('are spent once each, and counted down to none', async () => {
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, null);
      await store.replaceRecoveryCodes('user1', ten);
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 10);
      for (const [n, code] of [...ten].reverse().entries()) {
        assert.deepEqual(await store.spendRecoveryCode('user1', [digest(99, 2), code], 0), {
          kind: 'spent',
          left: 9 - n,
          epoch: 0,
        });
        assert.deepEqual(await store.spendRecoveryCode('user1', [code], 0), { kind: 'unknown' });
        assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 9 - n);
      }
    });

    it('may have digests of another length, beside each other', async () => {
      const long = { keyId: digest(1).keyId, bytes: Uint8Array.from({ length: 15 }, (_, n) => n) };
      const cut = { keyId: long.keyId, bytes: long.bytes.subarray(0, 10) };
      await store.replaceRecoveryCodes('user1', [...ten, long]);
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 11);
      assert.equal((await store.spendRecoveryCode('user1', [cut], 0)).kind, 'unknown');
      assert.equal((await other.spendRecoveryCode('user1', [long], 0)).kind, 'spent');
      assert.equal((await other.readSubject('user1')).recoveryCodesLeft, 10);
    });

    it('are unknown to a subject who has none, and stay none', async () => {
      assert.equal((await store.spendRecoveryCode('user1', [digest(1)], 0)).kind, 'unknown');
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, null);
    });

    it('are spent by one of many who ask together', async () => {
      await store.replaceRecoveryCodes('user1', ten);
      const all = await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          (n % 2 ? store : other).spendRecoveryCode('user1', [digest(4)], 0),
        ),
      );
      assert.equal(all.filter(({ kind }) => kind === 'spent').length, 1);
    });

    it('clear the count of failures when one is spent, and only then', async () => {
      await store.replaceRecoveryCodes('user1', ten);
      await reserved();
      await store.spendRecoveryCode('user1', [digest(50)], 0);
      assert.equal((await store.readSubject('user1')).failures, 1);
      await store.spendRecoveryCode('user1', [digest(5)], 0);
      assert.equal((await store.readSubject('user1')).failures, 0);
    });

    it('are not spent by a session that began before the epoch rose', async () => {
      await store.replaceRecoveryCodes('user1', ten);
      await reserved();
      await store.raiseEpoch('user1');
      for (const epoch of [0, 2]) {
        const spent = await store.spendRecoveryCode('user1', [digest(5)], epoch);
        assert.deepEqual(spent, { kind: 'ended' });
      }
      const { failures, recoveryCodesLeft } = await store.readSubject('user1');
      assert.deepEqual([failures, recoveryCodesLeft], [1, 10]);
      const own = await store.spendRecoveryCode('user1', [digest(5)], 1);
      assert.deepEqual(own, { kind: 'spent', left: 9, epoch: 1 });
    });

    it('are replaced at the epoch that is named, and at no other', async () => {
      assert.equal(await store.replaceRecoveryCodes('user1', ten, 1), false);
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, null);
      assert.equal(await store.replaceRecoveryCodes('user1', ten, 0), true);
      await store.reset('user1');
      assert.equal(await store.replaceRecoveryCodes('user1', ten, 0), false);
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, null);
    });

    it('count as kept when somebody says so of these codes, or has used one', async () => {
      const kept = async () => (await other.readSubject('user1')).recoveryCodesKept;
      assert.equal(await kept(), false);
      assert.equal(await store.keepRecoveryCodes('user1', [digest(1)]), false);
      await store.replaceRecoveryCodes('user1', ten);
      await eventually(async () => (await other.readSubject('user1')).recoveryCodesLeft === 10);
      assert.equal(await kept(), false);
      assert.equal(await store.keepRecoveryCodes('user1', [digest(50)]), false, 'void ones');
      assert.equal(await kept(), false);
      assert.equal(await store.keepRecoveryCodes('user1', [digest(99, 2), digest(3)]), true);
      await eventually(kept);
      assert.equal(await store.keepRecoveryCodes('user1', [digest(3)]), true, 'and again');
      await store.replaceRecoveryCodes('user1', ten);
      await eventually(async () => !(await kept()));
      await store.spendRecoveryCode('user1', [digest(7)], 0);
      await eventually(kept);
      await store.reset('user1');
      await eventually(async () => !(await kept()));
    });

    it('void the old ones when they are made anew, also under several keys', async () => {
      await store.replaceRecoveryCodes('user1', ten);
      const mixed = [digest(20), digest(21, 2), digest(22, 2), digest(23)];
      await store.replaceRecoveryCodes('user1', mixed);
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 4);
      assert.equal((await store.spendRecoveryCode('user1', [digest(1)], 0)).kind, 'unknown');
      assert.equal((await store.spendRecoveryCode('user1', [digest(21)], 0)).kind, 'unknown');
      for (const code of mixed) {
        assert.equal((await store.spendRecoveryCode('user1', [code], 0)).kind, 'spent');
      }
    });
  });
}
