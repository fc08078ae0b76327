import { createClient, type RedisClientOptions } from 'redis';

// node-redis makes a class for each client with other options than the one before (some 40 ms of CPU), but none for
// a duplicate.
const template = createClient();

/** What `createClient(options)` gives. */
export function redisClient(options: Pick<RedisClientOptions, 'url' | 'disableOfflineQueue'>) {
  return template.duplicate(options);
}
