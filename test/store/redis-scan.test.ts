import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keyring } from '../../src/crypto/keyring.js';
import { unescaped } from '../../src/store/escaped-id.js';
import { redisKeys } from '../../src/store/redis/keys.js';
import { redisScan } from '../../src/store/redis/scan.js';
import { beginUnder, enrollUnder, newKey, sallyport } from '../support/cli.js';
import { sharedRedis, startRedis, uniquePrefix } from '../support/redis.js';
import { closeStores, openClient, openStore } from '../support/redis-store.js';

/** How many records the scan takes at once. */
const BATCH = 200;

describe('a scan of what is stored in Redis', () => {
  afterEach(closeStores);

  it('reads any id back from its key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (id) => {
        const key = redisKeys('p:').record('subject', id);
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
      assert.equal(unescaped(redisKeys('').record('subject', id).slice('{s:'.length, -1)), id);
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
    const event = { type: 'unavailable', at: new Date(0) } as never;
    await store.appendEvent('acme', event, { trail: 'one', keep: 10, folds: [] });
    await store.appendHistory('user/1', event, { folds: [] });
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

  describe('tells what it finds', () => {
    const old = keyring([newKey()]);
    const [oldId = ''] = [Buffer.from(old.digest('x', 'x').keyId).toString('hex')];

    async function scanning(prefix = uniquePrefix()) {
      const url = await sharedRedis();
      const store = openStore(url, { prefix, initialize: true, allowEviction: true });
      await store.ready();
      const client = (await openClient(url)).withTypeMapping({ 36: Buffer, 37: Array });
      const scan = redisScan([(args) => client.sendCommand([...args])], prefix);
      async function all<T>(batches: AsyncGenerator<readonly T[]>): Promise<T[]> {
        const found: T[] = [];
        for await (const batch of batches) found.push(...batch);
        return found;
      }
      return {
        ...{ store, client, prefix },
        subjects: () => all(scan.subjects()),
        organizations: () => all(scan.organizations()),
      };
    }

    it('of a person: factors, what is pending, codes by their keys, and the activation key', async () => {
      const { store, subjects } = await scanning();
      const { id } = await enrollUnder(store, old, 'user1');
      await beginUnder(store, old, 'user1', { id: 'next' });
      const endsAt = await store.putActivationKey('user1', {
        ...{ digest: old.digest('A', 'x'), lifetimeMs: 60_000 },
      });
      const [found, ...others] = await subjects();
      assert.equal(others.length, 0);
      assert.equal(found?.id, 'user1');
      assert.deepEqual(
        found?.held?.enrollments.map((one) => one.id),
        [id],
      );
      assert.equal(found?.held?.pending?.id, 'next');
      assert.deepEqual(found?.held?.activationKey, { keyId: oldId, endsAt });
      assert.deepEqual([...(found?.held?.recoveryCodes ?? [])], [[oldId, 10]]);
    });

    it('of a person with nothing but an epoch: nothing', async () => {
      const { store, subjects } = await scanning();
      await store.raiseEpoch('user1');
      assert.deepEqual(
        (await subjects()).map(({ held }) => held),
        [{ enrollments: [], pending: null, activationKey: null, recoveryCodes: new Map() }],
      );
    });

    it('of codes that are spent: none of that key', async () => {
      const { store, subjects } = await scanning();
      await store.replaceRecoveryCodes('user1', []);
      const [found] = await subjects();
      assert.deepEqual([...(found?.held?.recoveryCodes ?? [])], []);
    });

    it('of what is damaged: that it is', async () => {
      const { client, prefix, subjects, organizations } = await scanning();
      await client.hSet(`${prefix}{s:user1}`, 'k', 'no record');
      await client.set(`${prefix}{o:acme}`, 'no record');
      const fault = 'The record of subject user1 is damaged';
      assert.deepEqual(await subjects(), [{ id: 'user1', fault, held: null }]);
      const [found] = await organizations();
      const { replace, ...rest } = found ?? assert.fail('found none');
      const organization = { id: 'acme', setting: null };
      assert.deepEqual(rest, {
        ...organization,
        fault: 'The record of organization acme is damaged',
      });
      assert.equal(await replace({}), false);
    });

    it('of a setting: as it is stored, so that it can be replaced while it still is', async () => {
      const { store, organizations } = await scanning();
      const save = (value: Record<string, unknown> | null) =>
        store.writeSetting('acme', { value, changedBy: 'admin', expectedVersion: null });
      await save({ note: 'x'.repeat(200) });
      const [found] = await organizations();
      assert.equal(found?.fault, null);
      assert.deepEqual(found?.setting?.value, { note: 'x'.repeat(200) });
      assert.equal(await found?.replace({ note: 'y' }), true);
      assert.equal(await found?.replace({ note: 'z' }), false);
      const [now] = await organizations();
      assert.deepEqual([now?.setting?.value, now?.setting?.version], [{ note: 'y' }, 1]);
      await save(null);
      const [gone] = await organizations();
      assert.deepEqual([gone?.setting, gone?.fault], [null, null]);
      assert.equal(await gone?.replace({}), false);
    });

    it('takes a prefix as it is, whatever it means in a pattern', async () => {
      const odd = `${uniquePrefix()}a[b]*?^-\\c:`;
      const { store, client, subjects } = await scanning(odd);
      await store.raiseEpoch('user1');
      await client.hSet(`${odd.replace('[b]', 'b')}{s:user2}`, 'e', '1');
      await client.hSet(`${odd.replace('*', 'x')}{s:user3}`, 'e', '1');
      assert.deepEqual(
        (await subjects()).map(({ id }) => id),
        ['user1'],
      );
    });
  });

  it('by the commands leaves nothing for the server to track', async () => {
    const redis = await startRedis();
    try {
      const store = openStore(redis.url, { initialize: true });
      await store.ready();
      const old = newKey();
      const people = Array.from({ length: 600 }, (_, n) => `user-${n}`);
      const enroll = (who: string) => enrollUnder(store, keyring([old]), who, { codes: false });
      for (let at = 0; at < people.length; at += 20) {
        await Promise.all(people.slice(at, at + 20).map(enroll));
      }
      await closeStores();
      const client = await openClient(redis.url);
      const tracked = async () => {
        const stats = String(await client.info('stats'));
        return Number(/tracking_total_items:(\d+)/.exec(stats)?.[1]);
      };
      // The store that has written them was to hear of what becomes of them; a change ends that.
      for (const key of await client.keys('sp:*')) {
        await client.expire(key, 100_000);
        await client.persist(key);
      }
      const before = await tracked();
      // `doctor` wants it, and each of the writes before would have waited for the disk.
      await client.configSet('appendonly', 'yes');
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
      // Of what the commands write, the hashes of the ledger are remembered: 16 384 at most, however many people.
      // And of one batch the records that are read and not yet written.
      const ledgers = (await client.keys('sp:l:*')).length;
      assert.ok(most <= before + ledgers + BATCH, `${before} before, ${most} meanwhile`);
      assert.ok(most < people.length + ledgers, 'the records of people are not remembered');
    } finally {
      await closeStores();
      await redis.stop();
    }
  });
});
