import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createClient, createClientPool } from 'redis';
import { type AuditEvent, emptySubject } from '../../src/contracts.js';
import { assertNoEviction } from '../../src/store/redis/checks.js';
import {
  type RedisClient,
  type RedisStoreOptions,
  redisStore,
} from '../../src/store/redis/store.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { closeStores, coded, enroll, openClient, openStore } from '../support/redis-store.js';

const ID = 'abcdefghijkl';
const PLACE = { trail: 'one', keep: 10, folds: [{ key: 'one', each: 1, withinMs: 1000 }] };

describe('redisStore refuses', () => {
  it('a pool, and what is no client at all', () => {
    const others = [
      createClientPool({ url: 'redis://127.0.0.1:1' }),
      // Looks like one, and does not show how it was made.
      { duplicate() {}, slots: [] },
      { duplicate: () => createClient(), getSentinelNode() {} },
      {},
      undefined,
    ];
    for (const other of others) {
      assert.throws(() => redisStore(other as unknown as RedisClient), coded('ERR_REDIS_CLIENT'));
    }
  });

  it('options that make no sense, by name and value', () => {
    const client = createClient();
    const bad: [RedisStoreOptions, RegExp][] = [
      [{ prefix: '{sp}:' }, /prefix .*\{sp\}/],
      [{ timeout: 0 }, /timeout .*0/],
      [{ timeout: 60_000 }, /timeout .*60000/],
      [{ maxEntries: 1.5 }, /maxEntries .*1\.5/],
    ];
    for (const [options, message] of bad) {
      assert.throws(
        () => redisStore(client, options),
        (error: Error) => coded('ERR_OPTION')(error) && message.test(error.message),
      );
    }
  });
});

describe('ready() of the redis store', () => {
  let server: RedisServer;
  let production: string | undefined;

  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());
  beforeEach(async () => {
    production = process.env.NODE_ENV;
    const client = await openClient(server.url);
    await client.flushAll();
  });
  afterEach(async () => {
    if (production === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = production;
    const client = await openClient(server.url);
    await client.configSet('maxmemory-policy', 'noeviction');
    await closeStores();
  });

  async function user(name: string, ...rules: string[]): Promise<string> {
    const client = await openClient(server.url);
    await client.sendCommand(['ACL', 'SETUSER', name, 'reset', 'on', '>secret', '~*', ...rules]);
    return server.url.replace('redis://', `redis://${name}:secret@`);
  }

  it('sets up an empty Redis outside production', async () => {
    process.env.NODE_ENV = 'development';
    const store = openStore(server.url);
    await store.ready();
    assert.deepEqual(await store.readSubject('user1'), emptySubject);
  });

  it('refuses an empty Redis in production, until it is initialized', async () => {
    process.env.NODE_ENV = 'production';
    const store = openStore(server.url);
    await assert.rejects(store.ready(), coded('ERR_STORE_NOT_INITIALIZED'));
    const cli = openStore(server.url);
    await cli.initialize();
    await cli.initialize();
    await store.ready();
    assert.deepEqual(await store.readSubject('user1'), emptySubject);
  });

  it('does as it is told by the option initialize', async () => {
    process.env.NODE_ENV = 'development';
    const never = openStore(server.url, { initialize: false });
    await assert.rejects(never.ready(), coded('ERR_STORE_NOT_INITIALIZED'));
    process.env.NODE_ENV = 'production';
    await openStore(server.url, { initialize: true }).ready();
    await never.ready();
  });

  it('goes well with a Redis user who may do what the documentation says, and so does all that follows', async () => {
    const page = await readFile(new URL('../../docs/writing-a-store.md', import.meta.url), 'utf8');
    const said = /The Redis user needs[^\n]*? in a Cluster: ([^\n]*?), on the keys/.exec(page)?.[1];
    const rules = [...(said ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => `+${name}`);
    const url = await user('careful', '-@all', ...rules, 'resetkeys', '~sp:*');
    const store = openStore(url);
    await store.ready();
    const digest = { keyId: new Uint8Array(4), bytes: new Uint8Array(10) };
    const limits = { free: 5, waits: [1000], stop: 100 };
    const change = { value: {}, changedBy: 'admin', expectedVersion: null };
    const device = {
      id: 'one',
      tenantId: 'acme',
      token: 'one',
      label: 'one',
      method: 'totp',
      epoch: 0,
    };
    const use = { id: 'one', token: 'one', next: 'two', graceMs: 1000 };
    await enroll(store, 'user1');
    await store.reserveAttempt('user1', limits, { method: 'totp', stoppable: true });
    await store.commitAttempt('user1', { enrollmentId: ID, step: 1001, epoch: 0 });
    await store.resumeEnrollment('user1', 'session');
    await store.reseal('user1', ID, new Uint8Array(1), new Uint8Array(1));
    await store.putActivationKey('user1', { digest, lifetimeMs: 1000 });
    await store.revokeActivationKey('user1');
    await store.replaceRecoveryCodes('user1', [digest]);
    await store.spendRecoveryCode('user1', [digest], 0);
    await store.writeUserSetting('user1', change);
    await store.writeSetting('acme', change);
    await store.readSetting('acme');
    await store.openPending('session', {
      subjectId: 'user1',
      epoch: 0,
      login: 'login',
      lifetimeMs: 1000,
      keepMs: 1000,
    });
    await store.readAssurance('session');
    await store.prove('other', {
      subjectId: 'user1',
      epoch: 0,
      login: 'login',
      factors: [],
      lifetimeMs: 1000,
    });
    await store.end('other', 1000);
    await store.putTransaction('one', new Uint8Array(1), 1000);
    await store.takeTransaction('one');
    await store.putDevice('user1', { ...device, lifetimeMs: 1000 });
    await store.useDevice('user1', use);
    await store.readDevices('user1');
    await store.removeDevice('user1', 'one');
    await store.appendEvent('acme', {} as AuditEvent, PLACE);
    await store.appendHistory('user1', {} as AuditEvent, PLACE);
    await store.readHistory('user1', { before: null, limit: 10 });
    await store.readEvents('acme', { before: null, limit: 10 });
    await store.unlock('user1');
    await store.voidPending('user1');
    await store.unenroll('user1', ID, 0);
    await store.raiseEpoch('user1');
    await store.reset('user1');
    await store.deleteSubject('user1');
  });

  it('refuses a store that another version has laid out', async () => {
    const client = await openClient(server.url);
    await client.set('sp:initialized', '99');
    await assert.rejects(openStore(server.url).ready(), /another version/);
  });

  const says = (pattern: string) => (error: Error) =>
    coded('ERR_REDIS_EVICTION')(error) && new RegExp(pattern).test(error.message);

  it('takes for one that may evict what does not say how it is', async () => {
    const asked = (...infos: unknown[]) => ({
      each: async (run: (send: never) => Promise<unknown>) =>
        Promise.all(infos.map((info) => run((async () => info) as never))) as never,
    });
    await assertNoEviction(asked('# Memory\r\nmaxmemory_policy:noeviction\r\n'));
    for (const info of ['', 'used_memory:1', 'xmaxmemory_policy:noeviction']) {
      await assert.rejects(
        assertNoEviction(asked('maxmemory_policy:noeviction', info)),
        says('has maxmemory-policy unknown: '),
      );
    }
    const down = new Error('down');
    await assert.rejects(assertNoEviction({ each: () => Promise.reject(down) }), down);
  });

  it('refuses a Redis that may evict, unless it is told that this is accepted', async () => {
    const client = await openClient(server.url);
    for (const policy of ['allkeys-lru', 'volatile-ttl']) {
      await client.configSet('maxmemory-policy', policy);
      await assert.rejects(
        openStore(server.url).ready(),
        says(`has maxmemory-policy ${policy}: .* Set it to noeviction, or set allowEviction: true`),
      );
    }
    assert.equal(await client.exists('sp:initialized'), 0);
    await openStore(server.url, { allowEviction: true }).ready();
  });

  it('needs the permission to track, and says which', async () => {
    const url = await user('blind', '+@all', '-client|tracking');
    await assert.rejects(
      openStore(url).ready(),
      (error: Error) =>
        coded('ERR_REDIS_TRACKING')(error) && /client\|tracking/.test(error.message),
    );
  });

  it('needs the permission to look at the eviction policy, or to be told', async () => {
    const url = await user('short', '+@all', '-info');
    await assert.rejects(
      openStore(url).ready(),
      says('may not run INFO, .* grant \\+info, or set allowEviction: true when you know'),
    );
    await openStore(url, { allowEviction: true }).ready();
  });

  it('says that the password is wrong, and does not repeat it', async () => {
    const url = server.url.replace('redis://', 'redis://nobody:hunter2@');
    await assert.rejects(openStore(url).ready(), (error: Error) => {
      assert.ok(coded('ERR_STORE_UNAVAILABLE')(error));
      assert.match(error.message, /WRONGPASS/);
      assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter2/);
      return true;
    });
  });

  it('works with the least permissions that it names', async () => {
    const url = await user(
      'least',
      ...['+hello', '+client', '+time', '+info', '+get', '+set', '+del', '+evalsha', '+eval'],
      ...['+hget', '+hset', '+hdel', '+hincrby'],
    );
    const store = openStore(url);
    await store.ready();
    await store.reset('user1');
    assert.equal((await store.readSubject('user1')).epoch, 1);
    assert.equal(await store.end('digest', 1000), true);
    await store.putTransaction('state', Buffer.from('x'), 1000);
    await store.takeTransaction('state');
    await store.writeSetting('acme', { value: {}, changedBy: 'admin', expectedVersion: 0 });
    const event = { type: 'unavailable', at: new Date(0) } as AuditEvent;
    await store.appendEvent('acme', event, PLACE);
    assert.equal((await store.readEvents('acme', { before: null, limit: 10 })).length, 1);
  });

  it('is as often called as anybody likes', async () => {
    const store = openStore(server.url);
    await Promise.all([store.ready(), store.ready()]);
    await store.ready();
  });

  it('takes its time from the server', async () => {
    const store = openStore(server.url);
    await store.ready();
    const client = await openClient(server.url);
    const [seconds, micros] = (await client.sendCommand(['TIME'])) as unknown as [string, string];
    const there = Number(seconds) * 1000 + Number(micros) / 1000;
    assert.ok(Math.abs(store.now() - there) < 500);
    const limits = { free: 5, waits: [], stop: 100 };
    const at = await store.reserveAttempt('user1', limits, { method: 'totp', stoppable: true });
    assert.ok(at.kind === 'reserved' && Math.abs(at.at - there) < 2000);
  });
});
