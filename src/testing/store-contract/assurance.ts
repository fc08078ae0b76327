import assert from 'node:assert/strict';
import { eventually } from './eventually.js';
import { MINUTE, START, type Stage } from './stage.js';

export function assurance({ describe, it, store, other, clock }: Stage): void {
  describe('assurance', () => {
    const factors = [{ method: 'totp', enrollmentId: 'one', at: START - 5 }];
    const proof = {
      subjectId: 'user1',
      epoch: 3,
      login: 'one',
      factors,
      lifetimeMs: 8 * 60 * MINUTE,
    };

    const pending = (more: object = {}) => ({
      ...{ subjectId: 'user1', epoch: 3, login: 'one', lifetimeMs: MINUTE, keepMs: 60 * MINUTE },
      ...more,
    });

    it('begins pending, with a short life that retrying does not extend', async () => {
      const opened = await store.openPending('digest', pending());
      assert.deepEqual(opened, {
        ...{ state: 'pending', subjectId: 'user1', epoch: 3, login: 'one', factors: [] },
        expiresAt: START + MINUTE,
      });
      for (const wait of [MINUTE / 2, MINUTE, 58 * MINUTE]) {
        clock.time += wait;
        assert.deepEqual(await store.openPending('digest', pending()), opened);
      }
      assert.deepEqual(await store.readAssurance('digest'), opened);
    });

    it('stays pending of the epoch at which it began', async () => {
      const opened = await store.openPending('digest', pending());
      assert.deepEqual(await store.openPending('digest', pending({ epoch: 4 })), opened);
    });

    it('is proven with everything it was proven with', async () => {
      await store.openPending('digest', pending());
      assert.equal(await store.prove('digest', proof), true);
      const { lifetimeMs, ...stamped } = proof;
      assert.deepEqual(await store.readAssurance('digest'), {
        state: 'proven',
        ...stamped,
        expiresAt: START + lifetimeMs,
      });
    });

    it('keeps strange subject ids and factors as they are', async () => {
      const strange = {
        ...proof,
        subjectId: 'a:"b\\\n{c}\u0000é\ud800',
        factors: [...factors, { method: 'x:y', enrollmentId: '"', at: 1, via: 'a"]\n' }],
      };
      await store.prove('digest', strange);
      const record = await store.readAssurance('digest');
      assert.equal(record?.subjectId, strange.subjectId);
      assert.deepEqual(record?.factors, strange.factors);
    });

    it('does not go back from proven to pending within its login, whatever the epoch', async () => {
      await store.prove('digest', proof);
      for (const epoch of [4, 3, 2, 0]) {
        assert.equal((await store.openPending('digest', pending({ epoch }))).state, 'proven');
      }
      assert.equal((await store.readAssurance('digest'))?.state, 'proven');
    });

    it('gives way to a short life for another login, or another subject, proven or not', async () => {
      for (const [subjectId, login] of [
        ['user1', 'two'],
        ['user1', 'on'],
        ['user1', 'one"'],
        ['user12', 'one'],
        ['user', 'one'],
        ['"', 'one'],
      ] as const) {
        for (const before of ['proven', 'pending']) {
          const digest = `${before} before ${subjectId} ${login}`;
          if (before === 'proven') await store.prove(digest, proof);
          else await store.openPending(digest, pending());
          clock.time += 1;
          const opened = await store.openPending(digest, pending({ subjectId, login }));
          assert.deepEqual(opened, {
            ...{ state: 'pending', subjectId, epoch: 3, login, factors: [] },
            expiresAt: clock.time + MINUTE,
          });
          assert.deepEqual(await store.readAssurance(digest), opened);
        }
      }
    });

    it('does not come back once ended, neither proven nor pending', async () => {
      await store.prove('digest', proof);
      assert.equal(await store.end('digest', 60 * MINUTE), true);
      assert.equal(await store.prove('digest', proof), false);
      const again = pending({ epoch: 9, login: 'two' });
      assert.equal((await store.openPending('digest', again)).state, 'ended');
      const record = await store.readAssurance('digest');
      assert.deepEqual(record, {
        state: 'ended',
        subjectId: 'user1',
        epoch: 3,
        login: 'one',
        factors: [],
        expiresAt: START + 60 * MINUTE,
      });
    });

    it('can be ended before it was ever begun', async () => {
      assert.equal(await store.end('digest', 60 * MINUTE), true);
      assert.deepEqual(await store.readAssurance('digest'), {
        state: 'ended',
        subjectId: '',
        epoch: 0,
        login: '',
        factors: [],
        expiresAt: START + 60 * MINUTE,
      });
      assert.equal(await store.prove('digest', proof), false);
    });

    it('says of a session that has ended whether it went on under another id', async () => {
      await store.prove('renewed', proof);
      assert.equal(await store.end('renewed', 60 * MINUTE, { renewed: true }), true);
      assert.deepEqual(await other.readAssurance('renewed'), {
        state: 'ended',
        subjectId: 'user1',
        epoch: 3,
        login: 'one',
        factors: [],
        expiresAt: START + 60 * MINUTE,
        renewed: true,
      });
      assert.equal(await other.end('renewed', 60 * MINUTE), false, 'an end is not told anew');
      assert.equal((await store.readAssurance('renewed'))?.renewed, true);
      assert.equal(await store.prove('renewed', proof), false);
      const again = pending({ epoch: 9, login: 'two' });
      assert.equal((await store.openPending('renewed', again)).state, 'ended');
      await store.end('left', 60 * MINUTE);
      assert.equal(await store.end('left', 60 * MINUTE, { renewed: true }), false);
      assert.equal((await other.readAssurance('left'))?.renewed, undefined);
    });

    it('is ended by one of many ends that arrive together', async () => {
      await store.prove('digest', proof);
      const ends = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).end('digest', MINUTE)),
      );
      assert.equal(ends.filter(Boolean).length, 1);
    });

    it('calls subscribers back when it is proven and when it ends elsewhere', async () => {
      let calls = 0;
      store.subscribe(() => {
        calls += 1;
      });
      for (const change of [
        () => other.prove('digest', proof),
        () => other.end('digest', 60 * MINUTE),
      ]) {
        await store.readAssurance('digest');
        const before = calls;
        await change();
        await eventually(() => calls > before);
      }
    });

    it('that another process has ended is seen as ended', async () => {
      await store.prove('digest', proof);
      assert.equal((await store.readAssurance('digest'))?.state, 'proven');
      await other.end('digest', 60 * MINUTE);
      await eventually(async () => (await store.readAssurance('digest'))?.state === 'ended');
    });
  });
}
