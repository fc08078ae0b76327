import { type RedisStore, redisStore } from '../store/redis-store.js';
import { type Arguments, type Terminal, UsageError } from './run.js';

/** Runs with the store that the arguments name, and ends its connections however that goes. */
export async function withStore<T>(
  { redis = undefined, prefix }: Arguments,
  { env }: Terminal,
  use: (store: RedisStore) => Promise<T>,
): Promise<T> {
  const url = redis ?? env.REDIS_URL;
  if (!url) throw new UsageError('say which Redis: --redis redis://… or REDIS_URL');
  // The client is an optional peer: only who uses Redis has it.
  const { createClient } = await import('redis');
  let client: ReturnType<typeof createClient>;
  try {
    client = createClient({ url });
  } catch {
    throw new UsageError(
      'the Redis URL is not one: redis://[user:password@]host[:port][/database]',
    );
  }
  const store = redisStore(client, { ...(prefix !== undefined && { prefix }), initialize: false });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
