import assert from 'node:assert/strict';
import { emptySubject } from '../../src/contracts.js';
import {
  eventually,
  type RedisServer,
  sharedRedis,
  startRedis,
  uniquePrefix,
} from '../support/redis.js';
import {
  closeStores,
  coded,
  enroll,
  openClient,
  openStore,
  timed,
} from '../support/redis-store.js';

describe('reads of the redis store', () => {
  let url: string;
  let prefix: string;
  const open = () => openStore(url, { prefix, initialize: true, allowEviction: true });

  beforeEach(async () => {
    url = await sharedRedis();
    prefix = uniquePrefix();
  });
  afterEach(closeStores);

  it('see a write of another process within 100 ms', async () => {
    const [reader, writer] = [open(), open()];
    await Promise.all([reader.ready(), writer.ready()]);
    for (let epoch = 1; epoch <= 20; epoch += 1) {
      await reader.readSubject('user1');
      await writer.reset('user1');
      await eventually(async () => (await reader.readSubject('user1')).epoch === epoch, 100);
    }
  });

  it('never keep an old value, however reads and writes overlap', async () => {
    const [reader, writer] = [open(), open()];
    await Promise.all([reader.ready(), writer.ready()]);
    for (let epoch = 1; epoch <= 300; epoch += 1) {
      const racing = [];
      const written = writer.reset('user1');
      for (let n = 0; n < epoch % 7; n += 1) {
        racing.push(reader.readSubject('user1'));
        await Promise.resolve();
      }
      await Promise.all([written, ...racing]);
      await eventually(async () => (await reader.readSubject('user1')).epoch === epoch, 1000);
    }
  });

  it('see that a key has ended', async () => {
    const reader = open();
    await reader.ready();
    const proof = { subjectId: 'user1', epoch: 0, login: 'login', factors: [], lifetimeMs: 150 };
    await reader.prove('digest', proof);
    assert.equal((await reader.readAssurance('digest'))?.state, 'proven');
    // Whoever looks finds it gone, and so the server tells those who have read it. By itself it would come
    // upon it some time: it samples, and other tests leave it many keys to sample.
    const client = await openClient(url);
    await eventually(async () => (await client.exists(`${prefix}a:digest`)) === 0);
    await eventually(async () => (await reader.readAssurance('digest')) === null);
  });

  it('refuse a record that is damaged, rather than find nobody enrolled', async () => {
    const reader = open();
    await reader.ready();
    const client = await openClient(url);
    await client.set(`${prefix}{s:user1}`, 'not a hash');
    await client.hSet(`${prefix}{s:user2}`, { e: '0', m: 'nonsense' });
    await client.set(`${prefix}a:digest`, 'nonsense');
    const unavailable = coded('ERR_STORE_RECORD');
    await assert.rejects(async () => reader.readSubject('user1'), unavailable);
    await assert.rejects(async () => reader.readSubject('user2'), unavailable);
    await assert.rejects(async () => reader.readAssurance('digest'), unavailable);
    assert.deepEqual(await reader.readSubject('user3'), emptySubject);
  });

  it('read the database that the client was made with, or the one named', async () => {
    const address = new URL(url);
    address.pathname = '/5';
    const five = openStore(address.href, { prefix, initialize: true, allowEviction: true });
    const zero = openStore(address.href, {
      prefix,
      initialize: true,
      allowEviction: true,
      database: 0,
    });
    await Promise.all([five.ready(), zero.ready()]);
    await five.reset('user1');
    assert.equal((await five.readSubject('user1')).epoch, 1);
    assert.equal((await zero.readSubject('user1')).epoch, 0);
    const client = await openClient(address.href);
    assert.equal(await client.exists(`${prefix}{s:user1}`), 1);
    await client.del([`${prefix}{s:user1}`, `${prefix}initialized`]);
  });

  describe('on a server of their own', () => {
    let server: RedisServer;

    beforeEach(async () => {
      server = await startRedis();
      url = server.url;
    });
    afterEach(() => server.stop());

    /** Calls of each command since the server started, those within scripts included. */
    async function calls(client: Awaited<ReturnType<typeof openClient>>) {
      const stats = await client.info('commandstats');
      return (name: string) =>
        Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    }

    it('cost no command when warm, present or missing', async () => {
      const store = open();
      await store.ready();
      await enroll(store, 'user1');
      const client = await openClient(url);
      const names = ['get', 'evalsha', 'eval', 'hget', 'exists'];
      for (const who of ['user1', 'nobody']) await store.readSubject(who);
      await store.readAssurance('nothing');
      const earlier = await calls(client);
      for (let n = 0; n < 10_000; n += 1) {
        assert.ok(!(store.readSubject(n % 2 ? 'user1' : 'nobody') instanceof Promise));
        assert.equal(store.readAssurance('nothing'), null);
      }
      const later = await calls(client);
      for (const name of names) assert.equal(later(name), earlier(name), name);
    });

    it('cost one pipeline for all who ask for one cold key', async () => {
      const store = open();
      await store.ready();
      const client = await openClient(url);
      const earlier = await calls(client);
      await Promise.all(Array.from({ length: 100 }, () => store.readSubject('user1')));
      const later = await calls(client);
      // The record and the marker, and the entry in the ledger.
      assert.equal(later('get') - earlier('get'), 2);
      assert.equal(later('hget') - earlier('hget'), 1);
    });

    it('cost one command per write, once the server knows the script', async () => {
      const store = open();
      await store.ready();
      await enroll(store, 'user1');
      await store.commitAttempt('user1', { enrollmentId: 'abcdefghijkl', step: 2000, epoch: 0 });
      const client = await openClient(url);
      const earlier = await calls(client);
      await store.commitAttempt('user1', { enrollmentId: 'abcdefghijkl', step: 2001, epoch: 0 });
      const later = await calls(client);
      assert.equal(later('evalsha') - earlier('evalsha'), 1);
      assert.equal(later('eval') - earlier('eval'), 0);
      // Those of the script, before the write and after it; the marker is not asked for.
      assert.equal(later('get') - earlier('get'), 2);
      assert.ok(!(store.readSubject('user1') instanceof Promise));
      await client.scriptFlush();
      const again = { enrollmentId: 'abcdefghijkl', step: 2002, epoch: 0 };
      assert.equal((await store.commitAttempt('user1', again)).kind, 'committed');
    });

    it('answer nothing from a store that was emptied, nor write into it', async () => {
      const store = open();
      await store.ready();
      await enroll(store, 'user1');
      assert.equal((await store.readSubject('user1')).enrollments.length, 1);
      const client = await openClient(url);
      await client.flushAll();
      const lost = coded('ERR_STORE_NOT_INITIALIZED');
      await eventually(async () =>
        lost((await timed(async () => store.readSubject('user1'))).error),
      );
      await assert.rejects(async () => store.readSubject('user2'), lost);
      await assert.rejects(async () => store.readAssurance('digest'), lost);
      await assert.rejects(store.reset('user1'), lost);
      await assert.rejects(enroll(store, 'user1'), lost);
      await assert.rejects(store.end('digest', 1000), lost);
      assert.equal(await client.dbSize(), 0);
      await store.initialize();
      assert.deepEqual(await store.readSubject('user1'), emptySubject);
    });

    it('fails a write that ran on a store emptied just before', async function () {
      this.timeout(60_000);
      const store = open();
      await store.ready();
      await store.reset('warm');
      const client = await openClient(url);
      // Both are under way at once, so for some rounds the write runs before the word of the loss arrives.
      let late = 0;
      for (let round = 0; round < 600 && late < 40; round += 1) {
        const [, outcome] = await Promise.all([
          client.flushAll(),
          store.reset('user1').then(
            () => 'written',
            (error) => error.code,
          ),
        ]);
        const survived = (await client.exists(`${prefix}{s:user1}`)) === 1;
        if (survived) {
          late += 1;
          assert.equal(outcome, 'ERR_STORE_NOT_INITIALIZED');
        }
        await client.flushAll();
        await store.initialize();
        await eventually(async () => (await store.readSubject('warm')) && true);
      }
      assert.ok(late > 0, 'no write ran after the loss');
    });

    it('stop when the marker alone is lost', async () => {
      const store = open();
      await store.ready();
      await enroll(store, 'user1');
      await store.readSubject('user1');
      const client = await openClient(url);
      await client.del(`${prefix}initialized`);
      await eventually(async () => {
        const { error } = await timed(async () => store.readSubject('user1'));
        return coded('ERR_STORE_NOT_INITIALIZED')(error);
      });
      await client.set(`${prefix}initialized`, '1');
      await eventually(async () => (await store.readSubject('user1')).enrollments.length === 1);
    });
  });
});
