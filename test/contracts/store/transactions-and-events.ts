import assert from 'node:assert/strict';
import type { AuditEvent } from '../../../src/contracts.js';
import { MINUTE, START, type Stage } from './stage.js';

export function transactionsAndEvents({ store, other, clock }: Stage): void {
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

  describe('events', () => {
    const event = (n: number): AuditEvent => ({
      type: 'verification.succeeded',
      at: new Date(START + n),
      subjectId: `user-${n}`,
      tenantId: 'acme',
      actorId: null,
      method: 'totp',
      from: '127.0.0.1',
      detail: null,
    });

    it('are read newest first, page by page, each as it was', async () => {
      for (let n = 0; n < 25; n += 1) await store.appendEvent('acme', event(n), 100);
      await store.appendEvent('globex', event(99), 100);
      assert.equal((await other.readEvents('globex', { before: null, limit: 10 })).length, 1);
      const seen: unknown[] = [];
      const ids: string[] = [];
      let before: string | null = null;
      for (;;) {
        const page = await other.readEvents('acme', { before, limit: 10 });
        if (page.length === 0) break;
        assert.ok(page.length <= 10, `${page.length} on a page`);
        for (const { id, ...rest } of page) {
          ids.push(id);
          seen.push(rest);
        }
        before = ids.at(-1) as string;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 25 }, (_, n) => event(24 - n)),
      );
      assert.deepEqual(ids, [...ids].sort().reverse());
      assert.equal(new Set(ids).size, 25);
    });

    it('are capped: the oldest go', async () => {
      for (let n = 0; n < 30; n += 1) await store.appendEvent('acme', event(n), 10);
      const kept = await store.readEvents('acme', { before: null, limit: 100 });
      assert.equal(kept[0]?.subjectId, 'user-29');
      assert.ok(kept.length >= 10 && kept.length < 30, `${kept.length} kept`);
    });

    it('are none before an id that nobody was given, or where none is wanted', async () => {
      await store.appendEvent('acme', event(1), 100);
      for (const before of ['', '0']) {
        assert.deepEqual(await store.readEvents('acme', { before, limit: 10 }), [], before);
      }
      assert.equal((await store.readEvents('acme', { before: null, limit: 1 })).length, 1);
      assert.deepEqual(await store.readEvents('acme', { before: null, limit: 0 }), []);
    });

    it('are none for an organization without any', async () => {
      assert.deepEqual(await store.readEvents('nobody', { before: null, limit: 10 }), []);
    });
  });
}
