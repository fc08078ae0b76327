import { redisRecordStore } from '../../src/store/redis/store.js';
import { storeContract } from '../../src/testing/store-contract/store-contract.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { redisClient } from '../support/redis-client.js';
import { UNHURRIED } from '../support/unhurried.js';

storeContract('redisStore', async (now) => {
  const client = redisClient({ url: await sharedRedis() });
  const prefix = uniquePrefix();
  const make = () =>
    redisRecordStore(client, { ...UNHURRIED, now, prefix, initialize: true, allowEviction: true });
  const store = make();
  const other = make();
  await Promise.all([store.ready(), other.ready()]);
  return {
    store,
    other,
    async dispose() {
      await Promise.all([store.close(), other.close()]);
    },
  };
});
