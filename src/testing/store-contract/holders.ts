import assert from 'node:assert/strict';
import { together } from '../../awaitable.js';
import type { Findable } from '../../contracts.js';
import { SEALED, type Stage } from './stage.js';

export function holders({ describe, it, proposal, store, other, records }: Stage): void {
  const ONE = 'AAECAwQFBgc';
  const TWO = '_____-___f8';

  async function enroll(
    subjectId: string,
    id: string,
    more: Findable & { readonly replaces?: string; readonly epoch?: number } = {},
  ) {
    const { replaces = null, epoch = 0, ...found } = more;
    const basis = (await store.readSubject(subjectId)).enrollments.length > 0 ? 'proven' : 'first';
    await store.beginEnrollment(subjectId, proposal(id, { basis }), { restart: true });
    return store.confirmEnrollment(subjectId, {
      ...{ id, session: 'session-1', step: 1, replaces, epoch, tenantId: 'acme' },
      ...found,
    });
  }

  const whose = async (foundBy: string, on = store) =>
    (await on.readHolders(foundBy)).map(({ subjectId, enrollmentId, tenantId }) =>
      [subjectId, enrollmentId, tenantId].join(' '),
    );

  describe('whose an authenticator is', () => {
    it('is nobody of one that nobody has activated, and none of what cannot be found', async () => {
      await enroll('user1', 'one');
      assert.deepEqual(await whose(ONE), []);
      assert.deepEqual(await whose('{s:user1}'), []);
    });

    it('is found by each of its digests, here and on another process, while it is there', async () => {
      await enroll('user1', 'one', { foundBy: [ONE, TWO] });
      for (const digest of [ONE, TWO]) {
        assert.deepEqual(await whose(digest, other), ['user1 one acme']);
      }
      assert.deepEqual(await found('user1'), [[ONE, TWO]]);
      await store.unenroll('user1', 'one', 0);
      for (const digest of [ONE, TWO]) assert.deepEqual(await whose(digest, other), []);
    });

    it('is each of several who have it, and what one of them loses the others keep', async () => {
      await enroll('user1', 'one', { foundBy: [ONE] });
      await enroll('user1', 'two', { foundBy: [TWO] });
      await enroll('user2', 'three', { foundBy: [ONE], tenantId: 'globex' });
      assert.deepEqual(await whose(ONE), ['user1 one acme', 'user2 three globex']);
      await store.reset('user1');
      assert.deepEqual(await whose(ONE), ['user2 three globex']);
      assert.deepEqual(await whose(TWO), []);
      await store.deleteSubject('user2');
      assert.deepEqual(await whose(ONE), []);
      assert.equal(await records.read('holders', ONE), null);
    });

    it('is nobody after an activation that was refused, and whoever has it stays', async () => {
      await enroll('user1', 'one', { foundBy: [ONE] });
      await store.beginEnrollment('user1', proposal('two', { basis: 'proven' }), { restart: true });
      const refused = await store.confirmEnrollment('user1', {
        ...{ id: 'two', session: 'session-2', step: 1, replaces: null, epoch: 0 },
        ...{ foundBy: [ONE, TWO], tenantId: 'acme' },
      });
      assert.equal(refused.kind, 'superseded');
      assert.deepEqual([await whose(ONE), await whose(TWO)], [['user1 one acme'], []]);
    });

    it('changes with what takes the place of another, and with nothing else', async () => {
      await enroll('user1', 'one', { foundBy: [ONE] });
      await store.renameEnrollment('user1', 'one', 'Key');
      await store.reseal('user1', 'one', SEALED, Uint8Array.of(1));
      await store.commitAttempt('user1', { enrollmentId: 'one', step: 5, epoch: 0 });
      await store.raiseEpoch('user1', 0);
      assert.deepEqual(await whose(ONE), ['user1 one acme']);
      await enroll('user1', 'two', { foundBy: [TWO], replaces: 'one', epoch: 1 });
      assert.deepEqual([await whose(ONE), await whose(TWO)], [[], ['user1 two acme']]);
      assert.deepEqual(await found('user1'), [[TWO]]);
    });

    it('is known of what was made elsewhere, and no longer of what was not taken over', async () => {
      const factor = (id: string, foundBy: readonly string[], atMost = 1) => ({
        ...{ id, ids: [id], method: 'totp', label: 'Key', sealed: SEALED, parameters: '' },
        ...{ createdAt: undefined, atMost, foundBy, tenantId: 'acme' },
      });
      const given = [factor('one', [ONE]), factor('two', [TWO])];
      assert.deepEqual(await store.importEnrollments('user1', given), {
        enrollments: ['added', 'too-many'],
        codes: null,
      });
      assert.deepEqual([await whose(ONE), await whose(TWO)], [['user1 one acme'], []]);
      assert.deepEqual(await store.importEnrollments('user1', given), {
        enrollments: ['present', 'too-many'],
        codes: null,
      });
      assert.deepEqual(await whose(ONE), ['user1 one acme']);
      await store.reset('user1');
      assert.equal(await store.importEnrollments('user1', given), null);
      assert.deepEqual([await whose(ONE), await whose(TWO)], [[], []]);
    });

    it('is bounded by whoever came first, and never written twice for one', async () => {
      for (let n = 0; n < 10; n += 1) await enroll(`user${n}`, 'one', { foundBy: [ONE] });
      assert.deepEqual(
        await whose(ONE),
        Array.from({ length: 8 }, (_, n) => `user${n} one acme`),
      );
      await store.reset('user0');
      await enroll('user0', 'two', { foundBy: [ONE], epoch: 1 });
      assert.equal((await whose(ONE)).at(-1), 'user0 two acme');
    });

    it('is all of many who activate and lose it at the same moment', async () => {
      for (let n = 0; n < 6; n += 1) {
        await store.beginEnrollment(`user${n}`, proposal(`id${n}`), { restart: true });
      }
      await enroll('user6', 'id6', { foundBy: [ONE] });
      await together(
        () => other.reset('user6'),
        ...Array.from(
          { length: 6 },
          (_, n) => () =>
            (n % 2 ? store : other).confirmEnrollment(`user${n}`, {
              ...{ id: `id${n}`, session: 'session-1', step: 1, replaces: null, epoch: 0 },
              ...{ foundBy: [ONE], tenantId: 'acme' },
            }),
        ),
      );
      assert.deepEqual(
        (await whose(ONE)).sort(),
        Array.from({ length: 6 }, (_, n) => `user${n} id${n} acme`),
      );
    });
  });

  async function found(subjectId: string) {
    const reservation = await store.reserveAttempt(
      subjectId,
      { free: 1, waits: [], stop: 9 },
      { method: 'totp', stoppable: false, counted: false },
    );
    return reservation.kind === 'reserved'
      ? reservation.authenticators.map(({ foundBy }) => foundBy)
      : [];
  }
}
