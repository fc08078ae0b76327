import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keyring } from '../../src/crypto/keyring.js';
import { redisKeys, unescaped } from '../../src/store/redis-keys.js';
import { redisScan } from '../../src/store/redis-scan.js';
import { enrollUnder, newKey, sallyport } from '../support/cli.js';
import { sharedRedis, startRedis, uniquePrefix } from '../support/redis.js';
import { closeStores, openClient, openStore } from '../support/redis-store.js';

describe('a scan of what is stored in Redis', () => {
  afterEach(closeStores);

  it('reads any id back from its key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (id) => {
        const key = redisKeys('p:').subject(id);
        assert.equal(unescaped(key.slice('p:{s:'.length, -1)), id);
      }),
    );
    for (const id of [
      '%',
      '%25.',
      '%ud800',
      '\ud800',
      '\udfff%u',
      'a{b}c',
      'ü%c3bc.',
      '😀\ud83d',
    ]) {
      assert.equal(unescaped(redisKeys('').subject(id).slice('{s:'.length, -1)), id);
    }
  });

  it('finds everybody among more than fit into a batch, and each organization', async () => {
    const url = await sharedRedis();
    const prefix = uniquePrefix();
    const store = openStore(url, { prefix, initialize: true, allowEviction: true });
    await store.ready();
    const people = Array.from({ length: 500 }, (_, n) => `user/${n}`);
    await Promise.all(people.map((who) => store.raiseEpoch(who)));
    const value = { mode: 'off' };
    for (const id of ['acme', 'globex']) {
      await store.writeSetting(id, { value, changedBy: 'x', expectedVersion: null });
    }
    // Beside a subject and an organization, and none of either.
    await store.appendEvent('acme', { type: 'unavailable', at: new Date(0) } as never, 10);
    await store.putTransaction('t', Buffer.from('x'), 60_000);

    const client = (await openClient(url)).withTypeMapping({ 36: Buffer, 37: Array });
    const scan = redisScan([(args) => client.sendCommand([...args])], prefix);
    const found = new Set<string>();
    for await (const batch of scan.subjects()) {
      for (const { id, held } of batch) {
        found.add(id);
        assert.deepEqual(held?.enrollments, []);
      }
    }
    assert.deepEqual([...found].sort(), [...people].sort());
    const organizations: string[] = [];
    for await (const batch of scan.organizations())
      organizations.push(...batch.map(({ id }) => id));
    assert.deepEqual(organizations.sort(), ['acme', 'globex']);
  });

  it('by the commands leaves nothing for the server to track', async () => {
    const redis = await startRedis({ persist: true });
    try {
      const store = openStore(redis.url, { initialize: true });
      await store.ready();
      const old = newKey();
      const people = Array.from({ length: 300 }, (_, n) => `user-${n}`);
      for (const who of people) await enrollUnder(store, keyring([old]), who, { codes: false });
      const client = await openClient(redis.url);
      const tracked = async () => {
        const stats = String(await client.info('stats'));
        return Number(/tracking_total_items:(\d+)/.exec(stats)?.[1]);
      };
      const before = await tracked();
      const env = { SALLYPORT_KEYS: `${newKey()},${old}` };
      let most = 0;
      const watching = setInterval(
        () => void tracked().then((now) => (most = Math.max(most, now))),
        5,
      );
      for (const command of ['doctor', 'reseal']) {
        assert.equal((await sallyport([command, '--redis', redis.url], { env })).code, 0);
      }
      clearInterval(watching);
      assert.ok(most > 0, 'it was looked at meanwhile');
      assert.ok(most < before + 50, `${before} before, ${most} meanwhile`);
    } finally {
      await closeStores();
      await redis.stop();
    }
  });
});
