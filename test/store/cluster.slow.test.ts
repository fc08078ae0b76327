import assert from 'node:assert/strict';
import { emptySubject } from '../../src/contracts.js';
import { slotOf, slotTags } from '../../src/store/redis/slots.js';
import { eventually, type RedisServer, sharedRedis } from '../support/redis.js';
import {
  clusterOk,
  meet,
  openClusterStore,
  type RedisCluster,
  startCluster,
  startClusterNode,
  subjectOn,
} from '../support/redis-cluster.js';
import {
  closeStores,
  coded,
  enroll,
  isUnavailable,
  openClient,
  timed,
} from '../support/redis-store.js';

const BOUND_MS = 3000;
const lost = coded('ERR_STORE_NOT_INITIALIZED');

describe('the slots of keys', () => {
  it('are those that Redis computes', async () => {
    const cluster = await startCluster(1);
    try {
      const client = await openClient(cluster.nodes[0]!.url);
      const keys = ['', 'a', 'sp:{s:user1}', '{}x', 'a{b}c{d}', '{{x}}', 'ü{ü}', 'x}y{z', 'é€😀'];
      for (const key of keys) {
        const expected = await client.sendCommand(['CLUSTER', 'KEYSLOT', key]);
        assert.equal(slotOf(key), Number(expected), key);
      }
    } finally {
      await closeStores();
      await cluster.stop();
    }
  });

  it('have each a tag that lies in it', () => {
    assert.equal(slotTags().length, 16_384);
    for (const [slot, tag] of slotTags().entries()) assert.equal(slotOf(`x{${tag}}`), slot);
  });
});

describe('the redis store on a Cluster', function () {
  this.timeout(40_000);
  let cluster: RedisCluster;
  const more: RedisServer[] = [];
  const open = () => openClusterStore(cluster.rootNodes, { initialize: true });

  let subjects: string[];
  let tests = 0;

  async function openEnrolled() {
    const store = open();
    await store.ready();
    for (const subject of subjects) {
      await enroll(store, subject);
      assert.equal((await store.readSubject(subject)).enrollments.length, 1);
    }
    return store;
  }
  type Store = Awaited<ReturnType<typeof openEnrolled>>;
  const enrolled = async (store: Store, subject: string) =>
    (await store.readSubject(subject)).enrollments.length === 1;

  before(async () => {
    const args = ['--cluster-require-full-coverage', 'no'];
    cluster = await startCluster(3, { persist: true, args });
  });
  after(() => Promise.all([cluster.stop(), ...more.map((node) => node.stop())]));
  beforeEach(() => {
    tests += 1;
    subjects = [0, 1, 2].map((node) => subjectOn(node, `user-${tests}-`));
  });
  afterEach(closeStores);

  it('reads without a command when warm, and sees a write of another process', async () => {
    const [store, other] = [await openEnrolled(), open()];
    for (const [at, subject] of subjects.entries()) {
      await store.readSubject(subject);
      assert.ok(!(store.readSubject(subject) instanceof Promise), 'is warm');
      await other.reset(subject);
      await eventually(async () => (await store.readSubject(subject)).epoch === 1, 500);
      const client = await openClient(cluster.nodes[at]!.url);
      assert.equal(await client.exists(`sp:{s:${subject}}`), 1, 'lies where it belongs');
    }
  });

  it('denies those on a node that is away, in time, and serves the others', async () => {
    const store = await openEnrolled();
    const [gone = '', ...others] = subjects;
    await cluster.nodes[0]?.kill();
    await eventually(async () => {
      const { error, ms } = await timed(async () => store.readSubject(gone));
      assert.ok(ms < BOUND_MS, `${ms} ms`);
      return isUnavailable(error);
    });
    assert.ok(isUnavailable((await timed(() => store.reset(gone))).error));
    for (const other of others) {
      assert.ok(await enrolled(store, other));
      assert.equal((await store.reset(other)).epoch, 1);
    }
    await cluster.nodes[0]?.start();
    await eventually(() => enrolled(store, gone), 15_000);
  });

  it('does not believe what it knows of a node that hangs', async () => {
    const store = await openEnrolled();
    const [hung = '', ...others] = subjects;
    cluster.nodes[0]?.pause();
    const since = performance.now();
    await eventually(async () => {
      const { error, ms } = await timed(async () => store.readSubject(hung));
      assert.ok(ms < BOUND_MS, `${ms} ms`);
      return isUnavailable(error);
    });
    assert.ok(performance.now() - since < 5000);
    for (const other of others) assert.ok(await enrolled(store, other));
    cluster.nodes[0]?.resume();
    await eventually(() => enrolled(store, hung), 15_000);
  });

  it('follows a slot to another node, and hears of what is enrolled there meanwhile', async () => {
    const [store, other] = [await openEnrolled(), open()];
    await other.ready();
    const [moved = ''] = subjects;
    const slot = slotOf(`sp:{s:${moved}}`);
    // In the same slot, and nobody yet: what a process knows of it must not survive the move.
    let n = 0;
    while (slotOf(`sp:{s:late${n}}`) !== slot) n += 1;
    const late = `late${n}`;
    assert.equal(await store.readSubject(late), emptySubject);
    assert.ok(await enrolled(store, moved));

    const [from, to] = await Promise.all(
      cluster.nodes.slice(0, 2).map(async ({ url, port }) => {
        const client = await openClient(url);
        const id = String(await client.sendCommand(['CLUSTER', 'MYID']));
        return { client, id, port };
      }),
    );
    const set = (at: typeof from, ...words: string[]) =>
      at!.client.sendCommand(['CLUSTER', 'SETSLOT', String(slot), ...words]);
    await set(to, 'IMPORTING', from!.id);
    await set(from, 'MIGRATING', to!.id);

    // In the middle: the keys are on the way, one of them begun over there.
    const migrate = (key: string) =>
      from!.client.sendCommand(['MIGRATE', '127.0.0.1', String(to!.port), key, '0', '1000']);
    await migrate(`sp:{s:${moved}}`);
    assert.ok(await enrolled(store, moved));
    await enroll(other, late);
    await eventually(() => enrolled(store, late));
    assert.equal((await store.reset(moved)).epoch, 1);

    // Whatever is left, the mark of the slot among it, as an operator moves it.
    const left = await from!.client.sendCommand(['CLUSTER', 'GETKEYSINSLOT', String(slot), '100']);
    for (const key of Array.isArray(left) ? left : []) await migrate(String(key));
    for (const at of [to, from]) await set(at, 'NODE', to!.id);
    await eventually(() => enrolled(store, late));
    await eventually(async () => (await other.reset(late)).epoch === 1);
    await eventually(async () => (await store.readSubject(late)).epoch === 1);
    assert.equal((await store.readSubject(moved)).epoch, 1);
  });

  it('asks every master whether it may evict', async () => {
    const client = await openClient(cluster.nodes[2]!.url);
    await client.configSet('maxmemory-policy', 'allkeys-lru');
    await assert.rejects(open().ready(), coded('ERR_REDIS_EVICTION'));
    await client.configSet('maxmemory-policy', 'noeviction');
  });

  it('says in time that no node is there, or that it is no Cluster', async () => {
    const nowhere = openClusterStore([{ url: 'redis://127.0.0.1:1' }]);
    const { error, ms } = await timed(() => nowhere.ready());
    assert.ok(isUnavailable(error), String(error));
    assert.ok(ms < BOUND_MS);
    const none = openClusterStore([{ url: await sharedRedis() }]);
    assert.ok(isUnavailable((await timed(() => none.ready())).error));
  });

  it('takes a node that came back empty for lost, not for one where nobody is enrolled', async () => {
    const store = await openEnrolled();
    const [gone = '', ...others] = subjects;
    const node = cluster.nodes[0]!;
    const client = await openClient(cluster.nodes[1]!.url);
    const line = String(await client.sendCommand(['CLUSTER', 'NODES']))
      .split('\n')
      .find((one) => one.includes(`:${node.port}@`));
    const [dead, , , , , , , , ...slots] = String(line).split(' ');
    await node.stop();
    // Another server takes over its slots, as an operator does by hand when there is no replica.
    const empty = await startClusterNode({ args: ['--cluster-require-full-coverage', 'no'] });
    more.push(empty);
    const fresh = await openClient(empty.url);
    await meet(empty, cluster.nodes[1]!);
    const id = String(await fresh.sendCommand(['CLUSTER', 'MYID']));
    for (const known of cluster.nodes.slice(1)) {
      const one = await openClient(known.url);
      await eventually(async () =>
        String(await one.sendCommand(['CLUSTER', 'NODES'])).includes(id),
      );
      await one.sendCommand(['CLUSTER', 'FORGET', String(dead)]);
    }
    const ranges = slots.flatMap((range) => range.split('-'));
    await fresh.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', ...ranges]);
    await clusterOk(empty.url);
    await eventually(
      async () => lost((await timed(async () => store.readSubject(gone))).error),
      15_000,
    );
    await assert.rejects(store.reset(gone), lost);
    await assert.rejects(enroll(store, subjectOn(0, 'another')), lost);
    assert.equal((await fresh.keys('sp:*')).length, 0, 'nothing was written there');
    for (const other of others) assert.ok(await enrolled(store, other));
    // A process that starts now does not set up what was lost, outside production neither.
    const { rootNodes } = cluster;
    const starting = openClusterStore(rootNodes.slice(1), { initialize: true });
    await assert.rejects(starting.ready(), lost);
    // Whoever knows that there is nothing to restore says so.
    await starting.initialize();
    assert.deepEqual(await starting.readSubject(gone), emptySubject);
    assert.ok(await enrolled(starting, others[0]!));
  });
});
