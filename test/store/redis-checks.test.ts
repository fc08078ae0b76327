import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createClient, createClientPool } from 'redis';
import { type AuditEvent, emptySubject } from '../../src/contracts.js';
import { evictionWatch } from '../../src/store/redis/eviction.js';
import {
  type RedisClient,
  type RedisStoreOptions,
  redisStore,
} from '../../src/store/redis/store.js';
import { eventually, type RedisServer, startRedis } from '../support/redis.js';
import {
  closeStores,
  coded,
  enroll,
  openClient,
  openStore,
  timed,
} from '../support/redis-store.js';

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

  it('a client of before 5.9, which does not tell what other processes change', () => {
    const client = createClient();
    // Options that it does not know were nothing to it.
    const old = Object.assign(Object.create(client), {
      duplicate: ({ emitInvalidate: _, ...known }: object & { emitInvalidate?: boolean }) =>
        client.duplicate(known),
    });
    assert.throws(
      () => redisStore(old),
      (error: Error) => coded('ERR_REDIS_CLIENT')(error) && /5\.9 or later/.test(error.message),
    );
    assert.equal(redisStore(client).name, 'redis');
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

  it('sets up an empty Redis for development and tests, and says so once', async () => {
    const client = await openClient(server.url);
    for (const environment of ['development', 'test']) {
      await client.flushAll();
      process.env.NODE_ENV = environment;
      const said = await saidOnStderr(async () => {
        const store = openStore(server.url);
        await store.ready();
        assert.deepEqual(await store.readSubject('user1'), emptySubject);
        await openStore(server.url).ready();
      });
      assert.equal(said.length, 1, said.join());
      assert.match(said[0] ?? '', new RegExp(`set up now, since NODE_ENV is ${environment}$`));
    }
  });

  it('sets up nothing where NODE_ENV is unset or says anything else', async () => {
    for (const environment of [undefined, '', 'staging', 'Development', 'production']) {
      if (environment === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = environment;
      await assert.rejects(
        openStore(server.url).ready(),
        coded('ERR_STORE_NOT_INITIALIZED'),
        String(environment),
      );
    }
    const client = await openClient(server.url);
    assert.equal(await client.dbSize(), 0);
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
    const page = await readFile(new URL('../../docs/stores.md', import.meta.url), 'utf8');
    const said = /The Redis user needs[^\n]*? in a Cluster: ([^\n]*?), on the keys/.exec(page)?.[1];
    const rules = [...(said ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => `+${name}`);
    const url = await user('careful', '-@all', ...rules, 'resetkeys', '~sp:*');
    const store = openStore(url, { initialize: true });
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
    const asked = (memory: unknown, stats: unknown = '') => {
      const replies = [memory, stats];
      return evictionWatch()(async () => replies.shift());
    };
    await asked('# Memory\r\nmaxmemory_policy:noeviction\r\n');
    for (const info of ['', 'used_memory:1', 'xmaxmemory_policy:noeviction']) {
      await assert.rejects(asked(info), says('has maxmemory-policy unknown: '));
    }
    const down = new Error('down');
    await assert.rejects(
      evictionWatch()(() => Promise.reject(down)),
      down,
    );
  });

  it('hears of keys that were evicted, each time that there are more of them', async () => {
    const server = { evicted: 5 };
    const watch = evictionWatch();
    const look = () =>
      watch(async ([, section]) =>
        section === 'stats' ? `evicted_keys:${server.evicted}\r\n` : 'maxmemory_policy:noeviction',
      );
    await look();
    server.evicted = 7;
    await assert.rejects(look(), says('has evicted 2 keys: records may be lost. .* doctor'));
    await look();
    // A server that was started again.
    server.evicted = 0;
    await look();
  });

  it('notices that it may evict from now on, denies, and serves when it may no longer', async () => {
    const client = await openClient(server.url);
    const store = openStore(server.url, { initialize: true });
    await store.ready();
    await enroll(store, 'user1');
    await store.readSubject('user1');
    await client.configSet('maxmemory-policy', 'allkeys-lru');
    const refused = says('has maxmemory-policy allkeys-lru');
    await eventually(async () => {
      const { error } = await timed(async () => store.readSubject('user1'));
      return error !== undefined && refused(error as Error);
    });
    await assert.rejects(store.reset('user1'), refused);
    await assert.rejects(store.reset('user1'), { status: 503 });
    await client.configSet('maxmemory-policy', 'noeviction');
    await eventually(async () => (await store.readSubject('user1')).enrollments.length === 1);
    const accepting = openStore(server.url, { allowEviction: true });
    await accepting.ready();
    await client.configSet('maxmemory-policy', 'allkeys-lru');
    await assert.rejects(openStore(server.url).ready(), refused);
    assert.equal((await accepting.readSubject('user1')).enrollments.length, 1);
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
    await openStore(server.url, { allowEviction: true, initialize: true }).ready();
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
    await openStore(url, { allowEviction: true, initialize: true }).ready();
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

  it('needs what docs/operations.md says of the Redis user, all of it and no more', async () => {
    const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const rules = /^ACL SETUSER sallyport (.*)$/m.exec(page)?.[1]?.split(' ') ?? [];
    const commands = rules.filter((rule) => rule.startsWith('+'));
    assert.ok(commands.length > 10 && rules.includes('-@all'), rules.join(' '));
    await openStore(server.url, { initialize: true }).ready();
    const client = await openClient(server.url);
    await client.sendCommand(['ACL', 'SETUSER', 'sallyport', 'reset', ...rules]);
    const url = server.url.replace('redis://', 'redis://sallyport:secret@');
    await openStore(url).ready();
    for (const command of commands) {
      const less = rules.filter((rule) => rule !== command);
      await client.sendCommand(['ACL', 'SETUSER', 'sallyport', 'reset', ...less]);
      await assert.rejects(openStore(url, { timeout: 2000 }).ready(), command);
    }
  });

  it('names each command that is refused, and the keys', async () => {
    const needed = ['get', 'set', 'del', 'evalsha', 'eval', 'hget', 'hset', 'hdel', 'hincrby'];
    await openStore(server.url, { initialize: true }).ready();
    for (const [n, command] of needed.entries()) {
      const url = await user(`short${n}`, '+@all', `-${command}`);
      await assert.rejects(
        openStore(url).ready(),
        (error: Error) =>
          coded('ERR_REDIS_PERMISSION')(error) &&
          error.message.includes(`may not run ${command.toUpperCase()}, `) &&
          error.message.includes(`grant +${command} `),
        command,
      );
    }
    const two = await user('two', '+@all', '-hset', '-eval');
    await assert.rejects(openStore(two).ready(), /may not run HSET, EVAL, .*grant \+hset \+eval /);
    const elsewhere = await user('elsewhere', '+@all', 'resetkeys', '~other:*');
    await assert.rejects(openStore(elsewhere).ready(), /keys that begin with the prefix/);
    const unsafe = await user('unsafe', '+@all', '-wait');
    await openStore(unsafe).ready();
    await assert.rejects(openStore(unsafe, { waitReplicas: 1 }).ready(), /may not run WAIT/);
    const client = await openClient(server.url);
    assert.deepEqual(await client.keys('sp:probe*'), [], 'nothing is left of what was tried');
  });

  it('works with the least permissions that it names', async () => {
    const url = await user(
      'least',
      ...['+hello', '+client', '+time', '+info', '+get', '+set', '+del', '+evalsha', '+eval'],
      ...['+hget', '+hset', '+hdel', '+hincrby'],
    );
    const store = openStore(url, { initialize: true });
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
    const store = openStore(server.url, { initialize: true });
    await Promise.all([store.ready(), store.ready()]);
    await store.ready();
  });

  it('takes its time from the server', async () => {
    const store = openStore(server.url, { initialize: true });
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

/** The lines that go to stderr meanwhile. */
async function saidOnStderr(work: () => Promise<void>): Promise<string[]> {
  const said: string[] = [];
  const { error } = console;
  console.error = (line: string) => said.push(line);
  try {
    await work();
  } finally {
    console.error = error;
  }
  return said;
}
