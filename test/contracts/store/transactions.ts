import assert from 'node:assert/strict';
import { MINUTE, type Stage } from './stage.js';

export function transactions({ store, other, clock }: Stage): void {
  describe('transactions', () => {
    const value = Uint8Array.of(0, 255, 10, 13, 200);

    it('are taken once, byte by byte', async () => {
      await store.putTransaction('state', value, MINUTE);
      const takes = await Promise.all(
        Array.from({ length: 10 }, (_, n) => (n % 2 ? store : other).takeTransaction('state')),
      );
      const taken = takes.filter((one) => one !== null);
      assert.equal(taken.length, 1);
      assert.deepEqual([...(taken[0] as Uint8Array)], [...value]);
    });

    it('are gone from the moment they end, and when nobody put them', async () => {
      await store.putTransaction('state', value, MINUTE);
      clock.time += MINUTE;
      assert.equal(await store.takeTransaction('state'), null);
      assert.equal(await store.takeTransaction('other'), null);
    });
  });
}
