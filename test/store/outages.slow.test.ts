import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { emptySubject } from '../../src/contracts.js';
import { eventually, type RedisServer, startRedis } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import {
  closeStores,
  coded,
  enroll,
  isUnavailable,
  openClient,
  openStore,
  timed,
} from '../support/redis-store.js';

/** No request may wait longer than this, however many calls it makes. */
const BOUND_MS = 3000;

describe('the redis store through outages', function () {
  this.timeout(30_000);
  let server: RedisServer;
  const open = () => openStore(server.url, { initialize: true });

  async function openEnrolled() {
    const store = open();
    await store.ready();
    await enroll(store, 'user1');
    assert.equal((await store.readSubject('user1')).enrollments.length, 1);
    return store;
  }
  const enrolled = (store: ReturnType<typeof open>) => async () =>
    (await store.readSubject('user1')).enrollments.length === 1;

  beforeEach(async () => {
    server = await startRedis({ persist: true });
  });
  afterEach(async () => {
    await closeStores();
    await server.stop();
  });

  it('says in time that the server is not there, and serves once it is', async () => {
    await server.kill();
    const store = open();
    const { error, ms } = await timed(() => store.ready());
    assert.ok(isUnavailable(error), String(error));
    assert.match((error as Error).message, /cannot be reached: .*ECONNREFUSED/);
    assert.ok(ms < BOUND_MS);
    await server.start();
    await store.ready();
    assert.deepEqual(await store.readSubject('user1'), emptySubject);
  });

  it('says in time that the server hangs from the start', async () => {
    server.pause();
    const { error, ms } = await timed(() => open().ready());
    assert.ok(isUnavailable(error), String(error));
    assert.ok(ms < BOUND_MS);
    server.resume();
  });

  it('serves without ready() being called', async () => {
    const first = await openEnrolled();
    await first.close();
    assert.ok(await enrolled(open())());
  });

  it('denies in time while the server is away, and knows everybody again when it is back', async () => {
    const store = await openEnrolled();
    await server.kill();
    await eventually(async () => {
      const { error, ms } = await timed(async () => store.readSubject('user1'));
      assert.ok(ms < BOUND_MS);
      return isUnavailable(error);
    });
    const { error, ms } = await timed(() => store.reset('user1'));
    assert.ok(isUnavailable(error), String(error));
    assert.ok(ms < BOUND_MS);
    await server.start();
    await eventually(enrolled(store));
    const commit = { enrollmentId: 'abcdefghijkl', step: 5000, epoch: 0 };
    assert.equal((await store.commitAttempt('user1', commit)).kind, 'committed');
  });

  it('sees what was written elsewhere while it was cut off', async () => {
    const store = await openEnrolled();
    const client = await openClient(server.url);
    const connections = async () =>
      String(await client.sendCommand(['CLIENT', 'LIST', 'TYPE', 'normal'])).match(/\bid=\d+/g) ??
      [];
    const old = await connections();
    const { keyOf, altered } = recordsIn(client.withTypeMapping({ 36: Buffer }));
    const written = await altered('subject', 'user1', () => ({ epoch: 7 }));
    // Cuts every connection but this one, and writes before any of them can be back.
    const [cut] = await client
      .multi()
      .addCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
      .addCommand(['SET', keyOf('subject', 'user1'), written])
      .exec();
    assert.equal(Number(cut), 1);
    await eventually(async () =>
      (await connections()).some((id) => !(old as string[]).includes(id)),
    );
    // Waits for the new connection, and leaves alone what was read over the old one.
    await store.reset('user2');
    assert.equal((await store.readSubject('user1')).epoch, 7);
  });

  it('denies when the server comes back empty', async () => {
    const store = await openEnrolled();
    await server.stop();
    server = await startRedis({ port: server.port });
    await eventually(async () => {
      const { error } = await timed(async () => store.readSubject('user1'));
      return coded('ERR_STORE_NOT_INITIALIZED')(error);
    });
    await assert.rejects(store.reset('user1'), coded('ERR_STORE_NOT_INITIALIZED'));
    await assert.rejects(
      enroll(store, 'user1'),
      ({ message }: Error) =>
        /npx sallyport init/.test(message) && /restore your data/.test(message),
    );
    const client = await openClient(server.url);
    assert.equal(await client.dbSize(), 0);
  });

  it('denies within 5 s when the server hangs, in bounded time however often it is asked', async () => {
    const store = await openEnrolled();
    const hung = performance.now();
    server.pause();
    // One request that makes five calls, cold ones and writes, one after the other.
    const { ms } = await timed(async () => {
      for (const work of [
        async () => store.readAssurance('digest'),
        async () => store.readSubject('user2'),
        () =>
          store.reserveAttempt(
            'user1',
            { free: 5, waits: [], stop: 9 },
            { method: 'totp', stoppable: true },
          ),
        () => store.end('digest', 1000),
        () => store.reset('user2'),
      ]) {
        assert.ok(isUnavailable((await timed(work)).error));
      }
    });
    assert.ok(ms < BOUND_MS, `${ms} ms`);
    await eventually(async () =>
      isUnavailable((await timed(async () => store.readSubject('user1'))).error),
    );
    assert.ok(performance.now() - hung < 5000);
    server.resume();
    await eventually(enrolled(store));
  });

  it('stops to believe what it knows of a hung server, with nobody asking anything else', async () => {
    const store = await openEnrolled();
    const hung = performance.now();
    server.pause();
    assert.ok(!(store.readSubject('user1') instanceof Promise), 'is warm');
    await eventually(async () => {
      const { error, ms } = await timed(async () => store.readSubject('user1'));
      assert.ok(ms < BOUND_MS);
      return isUnavailable(error);
    });
    assert.ok(performance.now() - hung < 5000);
    server.resume();
    await eventually(enrolled(store));
  });

  it('tells subscribers that the store was lost', async () => {
    const store = await openEnrolled();
    let calls = 0;
    store.subscribe(() => {
      calls += 1;
    });
    await server.kill();
    await eventually(() => calls > 0);
  });

  it('refuses writes that the server refuses, and loses nothing by it', async () => {
    const store = await openEnrolled();
    const client = await openClient(server.url);
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await assert.rejects(store.reset('user1'), isUnavailable);
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await eventually(enrolled(store));
    await eventually(async () => (await store.reset('user2')).epoch > 0);
  });

  it('refuses attempts when the server is full, but lets people log out', async () => {
    const store = await openEnrolled();
    const proof = { subjectId: 'user1', epoch: 0, login: 'login', factors: [], lifetimeMs: 60_000 };
    await store.prove('digest', proof);
    const client = await openClient(server.url);
    await client.configSet('maxmemory', '1');
    const limits = { free: 5, waits: [1000], stop: 100 };
    const reserve = () =>
      store.reserveAttempt('user1', limits, { method: 'totp', stoppable: true });
    await assert.rejects(reserve(), isUnavailable);
    await assert.rejects(store.prove('another', proof), isUnavailable);
    assert.ok(await enrolled(store)());
    assert.equal(await store.end('digest', 60_000), true);
    assert.equal((await store.readAssurance('digest'))?.state, 'ended');
    await client.configSet('maxmemory', '0');
    assert.equal((await reserve()).kind, 'reserved');
  });

  it('keeps no process alive, with the store closed or never reached', async () => {
    const run = async (body: string) => {
      const program = `
        import { createClient } from 'redis';
        import { redisStore } from './src/store/redis/store.ts';
        const store = redisStore(createClient({ url: process.argv[1] }), { initialize: true });
        ${body}`;
      const args = ['--import=tsx', '--input-type=module', '-e', program, server.url];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      const [code] = await once(child, 'close');
      return { code, stderr };
    };
    assert.deepEqual(
      await run(`await store.ready(); await store.reset('a'); await store.close();`),
      {
        code: 0,
        stderr: '',
      },
    );
    await server.kill();
    const failing = `await store.ready().catch((error) => { console.error(error.code); process.exitCode = 1; });`;
    assert.deepEqual(await run(failing), { code: 1, stderr: 'ERR_STORE_UNAVAILABLE\n' });
  });

  it('refuses calls after it was closed', async () => {
    const store = await openEnrolled();
    await store.close();
    await assert.rejects(async () => store.readSubject('user1'), isUnavailable);
    await assert.rejects(store.reset('user1'), isUnavailable);
    await assert.rejects(store.ready(), isUnavailable);
    await store.close();
  });
});
