import assert from 'node:assert/strict';
import { SEALED, type Stage } from './stage.js';

const RENEWED = SEALED.map((byte) => byte ^ 0xff);

export function resealing({
  describe,
  it,
  begin,
  confirm,
  enroll,
  proposal,
  reserved,
  store,
  other,
}: Stage): void {
  describe('resealing', () => {
    const sealedNow = async () =>
      (await reserved()).authenticators.map(({ sealed }) => [...sealed]);
    const reseal = (id: string, expected = SEALED, on = store) =>
      on.reseal('user1', id, expected, RENEWED);

    it('puts the new bytes in the place of the old, and changes nothing else', async () => {
      await enroll('one');
      const before = await store.readSubject('user1');
      assert.equal(await reseal('one'), true);
      assert.deepEqual(await store.readSubject('user1'), before);
      assert.deepEqual(await sealedNow(), [[...RENEWED]]);
      const replay = await store.commitAttempt('user1', {
        enrollmentId: 'one',
        step: 100,
        epoch: 0,
      });
      assert.equal(replay.kind, 'replayed');
    });

    it('leaves bytes alone that are not the expected ones', async () => {
      await enroll('one');
      const others = SEALED.slice();
      others[20] = 1;
      assert.equal(await reseal('one', others), false);
      assert.equal(await reseal('one', SEALED.slice(1)), false);
      assert.deepEqual(await sealedNow(), [[...SEALED]]);
    });

    it('touches the one enrollment that is named', async () => {
      await enroll('one');
      await enroll('two', { basis: 'proven' });
      assert.equal(await reseal('two'), true);
      const { authenticators } = await reserved();
      const bytes = new Map(authenticators.map(({ id, sealed }) => [id, [...sealed]]));
      assert.deepEqual(bytes.get('one'), [...SEALED]);
      assert.deepEqual(bytes.get('two'), [...RENEWED]);
    });

    it('renews a pending enrollment, which can be confirmed as before', async () => {
      await begin(proposal('one'));
      assert.equal(await reseal('one'), true);
      const pending = await store.resumeEnrollment('user1', 'session-1');
      assert.deepEqual([...(pending?.sealed ?? [])], [...RENEWED]);
      assert.equal((await confirm('one')).kind, 'confirmed');
      assert.deepEqual(await sealedNow(), [[...RENEWED]]);
    });

    it('finds nothing once the enrollment is gone, and brings nothing back', async () => {
      await enroll('one');
      await store.unenroll('user1', 'one', 0);
      assert.equal(await reseal('one'), false);
      assert.equal(await store.reseal('nobody', 'one', SEALED, RENEWED), false);
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
    });

    it('is done by one of many that come together', async () => {
      await enroll('one');
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, n) => reseal('one', SEALED, n % 2 ? store : other)),
      );
      assert.equal(all.filter(Boolean).length, 1);
    });
  });
}
