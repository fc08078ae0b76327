import assert from 'node:assert/strict';
import { MINUTE, type Stage } from './stage.js';

export function transactions({ describe, it, store, other, clock }: Stage): void {
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

    it('are read by whoever asks, without being taken, until they are', async () => {
      await store.putTransaction('state', value, MINUTE);
      for (const by of [store, other, store]) {
        assert.deepEqual([...((await by.readTransaction('state')) ?? [])], [...value]);
      }
      assert.equal(await store.readTransaction('other'), null);
      await other.takeTransaction('state');
      assert.equal(await store.readTransaction('state'), null);
      await store.putTransaction('state', value, MINUTE);
      clock.time += MINUTE - 1;
      assert.notEqual(await other.readTransaction('state'), null);
      clock.time += 1;
      assert.equal(await store.readTransaction('state'), null);
    });

    it('are read as what another process has put in their place', async () => {
      for (let n = 0; n < 5; n += 1) {
        await other.claim('state', { owner: `${n}`, instead: `${n - 1}`, lifetimeMs: MINUTE });
        const kept = await store.readTransaction('state');
        assert.equal(Buffer.from(kept ?? []).toString(), `${n}`);
      }
    });

    it('are gone from the moment they end, and when nobody put them', async () => {
      await store.putTransaction('state', value, MINUTE);
      clock.time += MINUTE;
      assert.equal(await store.takeTransaction('state'), null);
      assert.equal(await store.takeTransaction('other'), null);
    });

    it('claim what one owner has at a time, for as long as it is claimed', async () => {
      const claim = (owner: string, instead: string | null = null, lifetimeMs = MINUTE) =>
        store.claim('name', { owner, instead, lifetimeMs });
      const owners = await Promise.all(
        ['one', 'two', 'three'].map((owner) =>
          other.claim('name', { owner, instead: null, lifetimeMs: MINUTE }),
        ),
      );
      assert.equal(new Set(owners).size, 1, 'one of many who come at once');
      const [first = ''] = owners;
      assert.equal(await claim('ü', 'nobody'), first);
      assert.equal(await claim('ü', first, 2 * MINUTE), 'ü');
      assert.equal(await claim('ü', null, 1), 'ü', 'which shortens nothing');
      clock.time += 2 * MINUTE - 1;
      assert.equal(await claim('one'), 'ü');
      clock.time += 1;
      assert.equal(await claim('one'), 'one');
    });

    it('count what is bounded, exactly, for all processes, and anew after the window', async () => {
      const bound = { most: 5, windowMs: MINUTE };
      const use = (n: number) => (n % 2 ? store : other).countUse('prompts', bound);
      const uses = await Promise.all(Array.from({ length: 20 }, (_, n) => use(n)));
      assert.equal(uses.filter((one) => one === null).length, 5);
      const refused = new Set(uses.filter((one) => one !== null));
      assert.deepEqual([...refused], [clock.time + MINUTE]);
      assert.equal(await store.countUse('others', bound), null);
      clock.time += MINUTE - 1;
      assert.equal(await use(0), clock.time + 1);
      clock.time += 1;
      assert.equal(await use(1), null);
    });
  });
}
