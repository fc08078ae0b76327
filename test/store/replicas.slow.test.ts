import assert from 'node:assert/strict';
import { eventually, type RedisServer, startRedis } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import { startReplica } from '../support/redis-replica.js';
import {
  closeStores,
  coded,
  enroll,
  isUnavailable,
  openClient,
  openStore,
  timed,
} from '../support/redis-store.js';

const ID = 'abcdefghijkl';
const CODES = [1, 2].map((n) => ({ keyId: Buffer.alloc(4), bytes: Buffer.alloc(10, n) }));

describe('a redis store that waits for replicas', function () {
  this.timeout(30_000);
  let master: RedisServer;
  let replica: RedisServer;
  const open = (waitReplicas = 1, timeout = 2000) =>
    openStore(master.url, { initialize: true, waitReplicas, timeout });
  /** With a replica that hangs there is nothing to wait for. */
  const impatient = () => open(1, 600);

  beforeEach(async () => {
    master = await startRedis({ persist: true, args: ['--repl-diskless-sync-delay', '0'] });
    replica = await startReplica(master);
  });
  afterEach(async () => {
    await closeStores();
    await Promise.all([master.stop(), replica.stop()]);
  });

  /** Every write that must not be lost. */
  const lasting: Record<string, (store: ReturnType<typeof open>) => Promise<unknown>> = {
    confirmEnrollment: (store) => enroll(store, 'new'),
    unenroll: (store) => store.unenroll('user1', ID, 0),
    reset: (store) => store.reset('user1'),
    voidPending: (store) => store.voidPending('user1'),
    raiseEpoch: (store) => store.raiseEpoch('user1'),
    deleteSubject: (store) => store.deleteSubject('user1'),
    replaceRecoveryCodes: (store) => store.replaceRecoveryCodes('user1', CODES),
    spendRecoveryCode: (store) => store.spendRecoveryCode('user1', CODES.slice(0, 1), 0),
    putActivationKey: (store) =>
      store.putActivationKey('user1', { digest: CODES[0]!, lifetimeMs: 60_000 }),
    revokeActivationKey: (store) => store.revokeActivationKey('user1'),
    writeSetting: (store) =>
      store.writeSetting('acme', { value: {}, changedBy: 'admin', expectedVersion: null }),
    writeUserSetting: (store) =>
      store.writeUserSetting('user1', { value: {}, changedBy: 'admin', expectedVersion: null }),
  };

  it('has the replica know each write that it reports as done', async () => {
    const store = open();
    await store.ready();
    const client = (await openClient(replica.url)).withTypeMapping({ 36: Buffer });
    const { read } = recordsIn(client);
    const version = async () => String((await read('organization', 'acme')).settingVersion);
    for (let n = 1; n <= 100; n += 1) {
      await lasting.writeSetting?.(store);
      assert.equal(await version(), String(n));
    }
  });

  it('does everything as without replicas, and reads what it wrote', async () => {
    const store = open();
    await store.ready();
    await enroll(store, 'user1');
    await store.replaceRecoveryCodes('user1', CODES);
    for (const write of Object.values(lasting)) await write(store);
    assert.equal((await store.readSubject('new')).enrollments.length, 1);
    // unenroll, reset, raiseEpoch and deleteSubject.
    assert.equal((await store.readSubject('user1')).epoch, 4);
    assert.equal((await store.readSubject('user1')).setting?.version, 1);
  });

  it('reports no write as done that a hung replica does not have, and stays of use', async () => {
    const store = impatient();
    await store.ready();
    const patient = open();
    await enroll(patient, 'user1');
    await patient.replaceRecoveryCodes('user1', CODES);
    replica.pause();
    try {
      for (const [name, write] of Object.entries(lasting)) {
        const { error, ms } = await timed(() => write(store));
        assert.ok(isUnavailable(error), `${name}: ${String(error)}`);
        assert.match((error as Error).message, /0 of the 1 replicas .* within 300 ms/, name);
        assert.ok(ms < 1500, `${name} took ${ms} ms`);
        // Nobody else waits with it.
        assert.equal((await timed(async () => store.readSubject(`cold-${name}`))).error, undefined);
      }
      const limits = { free: 5, waits: [1000], stop: 100 };
      const reserve = { method: 'totp', stoppable: true };
      assert.equal((await store.reserveAttempt('user1', limits, reserve)).kind, 'reserved');
    } finally {
      replica.resume();
    }
    await eventually(async () => (await store.reset('user1')).epoch > 0);
  });

  it('bounds many such writes at once, and reads go on meanwhile', async () => {
    const store = impatient();
    await store.ready();
    replica.pause();
    try {
      const writes = Array.from({ length: 20 }, (_, n) => timed(() => store.reset(`user${n}`)));
      const reads = Array.from({ length: 20 }, (_, n) =>
        timed(async () => store.readSubject(`reader${n}`)),
      );
      for (const { error } of await Promise.all(reads)) assert.equal(error, undefined);
      for (const { error, ms } of await Promise.all(writes)) {
        assert.ok(isUnavailable(error), String(error));
        assert.ok(ms < 3000, `${ms} ms`);
      }
      assert.equal((await timed(async () => store.readSubject('one more'))).error, undefined);
    } finally {
      replica.resume();
    }
    await eventually(async () => (await store.reset('user1')).epoch > 0);
  });

  it('may be asked again after a write that was not reported as done', async () => {
    const store = impatient();
    await store.ready();
    replica.pause();
    await assert.rejects(enroll(store, 'user1'), isUnavailable);
    replica.resume();
    // It stayed: nobody is enrolled twice, or un-enrolled.
    assert.equal((await store.readSubject('user1')).enrollments.length, 1);
    const again = { id: ID, session: 'x'.repeat(43), step: 1000, replaces: null, epoch: 0 };
    await eventually(async () => {
      const { kind } = await store.confirmEnrollment('user1', again);
      return kind === 'superseded';
    });
    assert.equal((await store.readSubject('user1')).enrollments.length, 1);
  });

  it('reports nothing as done in a store that was emptied', async () => {
    const store = open();
    await store.ready();
    await lasting.reset?.(store);
    const client = await openClient(master.url);
    let late = 0;
    for (let round = 0; round < 600 && late < 10; round += 1) {
      const [, { error }] = await Promise.all([
        client.flushAll(),
        timed(() => store.reset('user1')),
      ]);
      const survived = (await client.exists('sp:{s:user1}')) === 1;
      if (survived) {
        late += 1;
        assert.ok(coded('ERR_STORE_NOT_INITIALIZED')(error), String(error));
      }
      await client.flushAll();
      await store.initialize();
    }
    assert.ok(late > 0, 'no write ran after the loss');
  });

  it('says so when there are fewer replicas than it is to wait for', async () => {
    const store = open(2);
    await store.ready();
    await assert.rejects(store.reset('user1'), /1 of the 2 replicas/);
    assert.equal((await open(0).reset('user1')).epoch, 2);
  });

  it('refuses a number of replicas that is none', () => {
    for (const wrong of [-1, 1.5, Number.NaN]) assert.throws(() => open(wrong), /waitReplicas/);
  });
});
