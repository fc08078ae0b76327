import assert from 'node:assert/strict';
import { MINUTE, START, type Stage } from './stage.js';

const DAY = 24 * 60 * MINUTE;
const GRACE = 30_000;

export function devices({ describe, it, clock, store, other }: Stage): void {
  const put = (id: string, lifetimeMs = 30 * DAY) =>
    store.putDevice('user1', {
      id,
      tenantId: 'acme',
      token: `${id}-1`,
      label: 'Browser "é" {x}',
      method: 'totp',
      epoch: 3,
      lifetimeMs,
    });
  const use = (id: string, token: string, next: string, on = store) =>
    on.useDevice('user1', { id, token, next, graceMs: GRACE });

  describe('remembered devices', () => {
    it('are kept as they were given, the newest first', async () => {
      await put('a');
      clock.time += MINUTE;
      await put('b');
      const found = await other.readDevices('user1');
      assert.deepEqual(found, [
        {
          id: 'b',
          tenantId: 'acme',
          label: 'Browser "é" {x}',
          method: 'totp',
          epoch: 3,
          createdAt: START + MINUTE,
          lastUsedAt: START + MINUTE,
          endsAt: START + MINUTE + 30 * DAY,
        },
        {
          id: 'a',
          tenantId: 'acme',
          label: 'Browser "é" {x}',
          method: 'totp',
          epoch: 3,
          createdAt: START,
          lastUsedAt: START,
          endsAt: START + 30 * DAY,
        },
      ]);
      assert.deepEqual(await store.readDevices('user2'), []);
    });

    it('are in the order of their first day, in whichever they were put or used', async () => {
      for (const id of ['b', 'd', 'a', 'c']) {
        await put(id);
        clock.time += MINUTE;
      }
      await use('b', 'b-1', 'x');
      assert.deepEqual(
        (await store.readDevices('user1')).map(({ id }) => id),
        ['c', 'a', 'd', 'b'],
      );
    });

    it('rotate their token with each use', async () => {
      await put('a');
      clock.time += DAY;
      const first = await use('a', 'a-1', 'a-2');
      assert.equal(first.kind, 'rotated');
      assert.equal(first.kind === 'rotated' && first.device.lastUsedAt, START + DAY);
      assert.equal((await use('a', 'a-2', 'a-3')).kind, 'rotated');
    });

    it('take the token before for a moment, and rotate nothing then', async () => {
      await put('a');
      await use('a', 'a-1', 'a-2');
      clock.time += GRACE - 1;
      const again = await use('a', 'a-1', 'x');
      assert.equal(again.kind, 'just-rotated');
      assert.equal(again.kind === 'just-rotated' && again.device.lastUsedAt, START);
      assert.equal((await use('a', 'a-2', 'a-3')).kind, 'rotated');
    });

    it('are forgotten when an older token comes back', async () => {
      await put('a');
      await use('a', 'a-1', 'a-2');
      clock.time += GRACE;
      assert.equal((await use('a', 'a-1', 'x')).kind, 'stolen');
      assert.equal((await use('a', 'a-2', 'a-3')).kind, 'unknown');
      assert.deepEqual(await store.readDevices('user1'), []);
    });

    it('are forgotten at once when a token comes that was neither the last nor the one before', async () => {
      await put('a');
      await use('a', 'a-1', 'a-2');
      await use('a', 'a-2', 'a-3');
      assert.equal((await use('a', 'a-1', 'x')).kind, 'stolen');
      assert.equal((await use('a', 'a-3', 'a-4')).kind, 'unknown');
    });

    it('rotate once for many who come with one token together', async () => {
      await put('a');
      const uses = await Promise.all(
        Array.from({ length: 20 }, (_, n) => use('a', 'a-1', `n-${n}`, n % 2 ? store : other)),
      );
      assert.equal(uses.filter(({ kind }) => kind === 'rotated').length, 1);
      assert.equal(uses.filter(({ kind }) => kind === 'just-rotated').length, 19);
    });

    it('are gone from the moment they end', async () => {
      await put('a', DAY);
      await put('b', 2 * DAY);
      clock.time += DAY;
      assert.equal((await use('a', 'a-1', 'x')).kind, 'unknown');
      assert.deepEqual(
        (await store.readDevices('user1')).map(({ id }) => id),
        ['b'],
      );
    });

    it('are removed one by one', async () => {
      await put('a');
      await put('b');
      assert.equal(await store.removeDevice('user1', 'a'), true);
      assert.equal(await other.removeDevice('user1', 'a'), false);
      assert.equal((await use('a', 'a-1', 'x')).kind, 'unknown');
      assert.equal((await use('b', 'b-1', 'x')).kind, 'rotated');
    });
  });
}
