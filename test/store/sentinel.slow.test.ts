import assert from 'node:assert/strict';
import type { SubjectRecord } from '../../src/contracts.js';
import { eventually, startRedis } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import {
  openSentinelStore,
  type RedisTrio,
  startLoneSentinel,
  startSentinels,
} from '../support/redis-sentinel.js';
import {
  closeStores,
  coded,
  enroll,
  isUnavailable,
  openClient,
  openStore,
  timed,
} from '../support/redis-store.js';

/** Twice the timeout for what is still to be found out, and the machine's own slowness. */
const BOUND_MS = 4000;

describe('the redis store under Sentinel', function () {
  this.timeout(60_000);
  let trio: RedisTrio;
  const open = (waitReplicas = 0) => openSentinelStore(trio, { initialize: true, waitReplicas });
  type Store = ReturnType<typeof open>;
  const enrolled = async (store: Store, subject: string) =>
    (await store.readSubject(subject)).enrollments.length === 1;

  beforeEach(async () => {
    trio = await startSentinels();
  });
  afterEach(async () => {
    await closeStores();
    await trio.stop();
  });

  it('works with the master that they name, and after it is gone with the next', async () => {
    const store = open(1);
    const reader = open();
    await store.ready();
    await reader.ready();
    await store.replaceRecoveryCodes('user0', []);
    const master = await openClient(trio.master.url);
    assert.equal(await master.exists('sp:{s:user0}'), 1, 'is on the master');

    const acknowledged: string[] = [];
    let killed: Promise<void> | null = null;
    // Writes one after the other, of which some fail: the master is killed while they are under way.
    for (let n = 0; n < 60; n += 1) {
      if (n === 40) killed = trio.master.kill();
      const { error, ms } = await timed(() => enroll(store, `user${n}`));
      assert.ok(ms < BOUND_MS, `${ms} ms`);
      if (error === undefined) acknowledged.push(`user${n}`);
      else assert.ok(isUnavailable(error), String(error));
    }
    await killed;
    assert.ok(acknowledged.length >= 40, `${acknowledged.length} were acknowledged`);

    // Whatever is answered until the next one serves: never that nobody is enrolled.
    await eventually(async () => {
      const { value, error, ms } = await timed(async () => reader.readSubject('user7'));
      assert.ok(ms < BOUND_MS, `${ms} ms`);
      if (error) assert.ok(isUnavailable(error) && !coded('ERR_STORE_NOT_INITIALIZED')(error));
      else assert.equal((value as SubjectRecord).enrollments.length, 1);
      return (await timed(() => reader.raiseEpoch('after'))).error === undefined;
    }, 30_000);
    for (const subject of acknowledged) {
      assert.ok(await enrolled(reader, subject), `${subject} was acknowledged and is lost`);
      assert.ok(await enrolled(store, subject), subject);
    }
    // What the next master is told is seen, warm as it was.
    const direct = openStore(trio.replica.url);
    await direct.reset('user7');
    await eventually(async () => !(await enrolled(reader, 'user7')));

    // With no replica nothing lasting is reported as done, until the old master is back as one.
    await assert.rejects(store.reset('user8'), isUnavailable);
    await trio.master.start();
    await eventually(async () => (await store.reset('user8')).epoch > 0, 30_000);
    assert.ok(!(await enrolled(reader, 'user8')));
  });

  it('leaves a master that was replaced while it lives', async () => {
    const [store, other] = [open(), open()];
    await store.ready();
    await enroll(store, 'user1');
    assert.ok(await enrolled(store, 'user1'));
    const [sentinel, ...others] = await Promise.all(
      trio.sentinels.map(({ url }) => openClient(url)),
    );
    await sentinel?.sendCommand(['SENTINEL', 'FAILOVER', 'main']);
    const replica = await openClient(trio.replica.url);
    // Until they agree a write may still go to the old one, and be lost.
    for (const one of others) {
      await eventually(async () => {
        const named = await one.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main']);
        return String(named) === `127.0.0.1,${trio.replica.port}`;
      }, 20_000);
    }
    // Over the new one, by a process that has only just come.
    await eventually(async () => (await other.reset('user1')).epoch > 0, 20_000);
    await eventually(async () => !(await enrolled(store, 'user1')));
    const { read } = recordsIn(replica.withTypeMapping({ 36: Buffer }));
    assert.equal((await read('subject', 'user1')).epoch, 1);
  });

  it('is led by most of the Sentinels, and not by the first, which was cut off from them', async () => {
    const old = await startRedis();
    const lone = await startLoneSentinel(old);
    try {
      const store = openSentinelStore(
        { sentinels: [lone, ...trio.sentinels] },
        { initialize: true },
      );
      await store.ready();
      await enroll(store, 'user1');
      const [there, here] = [await openClient(old.url), await openClient(trio.master.url)];
      assert.deepEqual(await there.keys('*'), []);
      assert.equal(await here.exists('sp:{s:user1}'), 1);
    } finally {
      await lone.stop();
      await old.stop();
    }
  });

  it('works while one Sentinel hangs and another is gone, and says when none answers', async () => {
    trio.sentinels[0]?.pause();
    await trio.sentinels[1]?.kill();
    const store = openSentinelStore(trio, { initialize: true, timeout: 2000 });
    await store.ready();
    await enroll(store, 'user1');
    await trio.sentinels[2]?.kill();
    const late = await timed(() => open().ready());
    assert.ok(isUnavailable(late.error), String(late.error));
    assert.match((late.error as Error).message, /no Sentinel names a master for main/);
    assert.ok(late.ms < BOUND_MS);
    // Who has a master keeps it.
    assert.equal((await store.reset('user1')).epoch, 1);
    trio.sentinels[0]?.resume();
  });
});
