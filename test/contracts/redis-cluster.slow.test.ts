import { createCluster } from 'redis';
import { redisRecordStore } from '../../src/store/redis/store.js';
import { storeContract } from '../../src/testing/store-contract/store-contract.js';
import { someCluster } from '../support/redis-cluster.js';
import { closeLater, closeStores, openClient } from '../support/redis-store.js';
import { UNHURRIED } from '../support/unhurried.js';

describe('over a Cluster,', function () {
  this.timeout(30_000);
  let cluster: Awaited<ReturnType<typeof someCluster>>;

  before(async () => {
    cluster = await someCluster();
  });
  after(() => cluster.stop());

  storeContract('redisStore', async (now) => {
    await Promise.all(cluster.urls.map(removeRecords));
    const rootNodes = cluster.urls.map((url) => ({ url }));
    const client = createCluster({ rootNodes });
    const make = () =>
      closeLater(redisRecordStore(client, { ...UNHURRIED, now, initialize: true }));
    const [store, other] = [make(), make()];
    // One after the other: both would set up the Cluster, and one would find it half done.
    await store.ready();
    await other.ready();
    return { store, other, dispose: closeStores };
  });

  /** All but the 16 384 markers: records, their ledger and trails. */
  async function removeRecords(url: string): Promise<void> {
    const client = await openClient(url);
    const found = await client.sendCommand(['KEYS', 'sp:[{athl]*']);
    for (const key of found as unknown as string[]) await client.del(key);
  }
});
