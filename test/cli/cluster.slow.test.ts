import assert from 'node:assert/strict';
import { keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/duo/credentials.js';
import { sealingContext } from '../../src/methods/sealing-context.js';
import { enrollUnder, newKey, sallyport, sealedOf } from '../support/cli.js';
import { dumpFile, removeDumps } from '../support/dumps.js';
import { openClusterStore, type RedisCluster, startCluster } from '../support/redis-cluster.js';
import { closeStores, coded } from '../support/redis-store.js';

describe('npx sallyport, given a node of a Cluster', function () {
  this.timeout(60_000);
  const [oldKey, newest] = [newKey(), newKey()];
  const [old, onlyNew] = [keyring([oldKey]), keyring([newest])];
  const people = Array.from({ length: 30 }, (_, n) => `user-${n}`);
  let cluster: RedisCluster;

  before(async () => {
    cluster = await startCluster(3, { persist: true });
  });
  after(async () => {
    await closeStores();
    await cluster.stop();
  });

  it('works on all of its masters', async () => {
    const at = (n: number) => ['--redis', cluster.nodes[n]?.url ?? '', '--prefix', 'c:'];
    const env = { SALLYPORT_KEYS: `${newest},${oldKey}` };
    assert.equal((await sallyport(['init', ...at(0)])).code, 0);
    const store = openClusterStore(cluster.rootNodes, { prefix: 'c:', initialize: false });
    await store.ready();
    for (const who of people) await enrollUnder(store, old, who);
    const duo = {
      keys: sealCredentials(old, 'acme', {
        ...{ clientId: 'DI'.padEnd(20, 'X'), clientSecret: 's'.repeat(40), version: '1' },
        apiHost: 'api-5150cafe.duosecurity.com',
      }),
    };
    const value = { mode: 'off', duo };
    await store.writeSetting('acme', { value, changedBy: 'admin', expectedVersion: null });

    const resealed = await sallyport(['reseal', ...at(1)], { env });
    assert.equal(resealed.code, 0, resealed.err);
    assert.match(resealed.out, /^Sealed again: 31\. /);
    for (const who of people) {
      const [sealed] = (await sealedOf(store, who)).values();
      assert.ok(sealed);
      assert.equal(onlyNew.open(sealed, sealingContext('totp', who, 'phone')).length, 20);
    }

    // Without what Duo is asked with: that would be the real one.
    await store.writeSetting('acme', { value: null, changedBy: 'admin', expectedVersion: null });
    const doctor = await sallyport(['doctor', ...at(2)], { env });
    assert.equal(doctor.code, 0, doctor.out);
    assert.equal(doctor.out.match(/^OK {4}redis .*version .*cluster$/gm)?.length, 3, doctor.out);
    assert.match(doctor.out, /\(the first\) holds 30 sealed secrets$/m);
    assert.match(doctor.out, /\(older\) holds 300 recovery codes: keep it/);

    const reset = await sallyport(['reset', 'acme', 'user-7', ...at(0)]);
    assert.equal(reset.code, 0, reset.err);
    assert.match((await sallyport(['doctor', ...at(0)], { env })).out, /holds 29 sealed secrets$/m);
  });

  it('exports all of its masters, imports into each what is its own, and takes them out of service', async () => {
    const at = (n: number, prefix: string) => [
      ...['--redis', cluster.nodes[n]?.url ?? '', '--prefix', prefix],
    ];
    const open = (prefix: string) =>
      openClusterStore(cluster.rootNodes, { prefix, initialize: false });
    assert.equal((await sallyport(['init', ...at(0, 'e:')])).code, 0);
    const store = open('e:');
    await store.ready();
    for (const who of people) await enrollUnder(store, old, who);
    const file = dumpFile();
    const exported = await sallyport(['export', file, '--final', ...at(1, 'e:')]);
    assert.equal(exported.code, 0, exported.err);
    for (const who of people) {
      await assert.rejects(() => store.reset(who), coded('ERR_STORE_NOT_INITIALIZED'), who);
    }

    assert.equal((await sallyport(['init', ...at(2, 'i:')])).code, 0);
    const imported = await sallyport(['import', file, ...at(2, 'i:')]);
    assert.match(imported.out, /^Imported: 30\./, imported.err);
    const moved = open('i:');
    await moved.ready();
    for (const who of people) {
      assert.equal((await moved.readSubject(who)).enrollments.length, 1, who);
      assert.equal((await moved.readSubject(who)).recoveryCodesLeft, 10, who);
    }
    assert.match((await sallyport(['import', file, ...at(0, 'i:')])).err, /is not empty/);
    removeDumps();
  });
});
