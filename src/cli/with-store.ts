import { type RedisStore, redisStore } from '../store/redis/store.js';
import { type Arguments, type Terminal, UsageError } from './run.js';
import { findServers, type Servers } from './servers.js';

/** A store in Redis, as a command works on it. */
export interface Installation extends Pick<Servers, 'masters' | 'clustered'> {
  readonly store: RedisStore;
  readonly prefix: string;
}

/** Runs with what the arguments name, and ends its connections however that goes. */
export async function withStore<T>(
  { redis, prefix = 'sp:' }: Arguments,
  { env }: Terminal,
  use: (installation: Installation) => Promise<T>,
  { allowEviction = false } = {},
): Promise<T> {
  const url = redis ?? env.REDIS_URL;
  if (!url) throw new UsageError('say which Redis: --redis redis://… or REDIS_URL');
  const servers = await findServers(url);
  const { client, masters, clustered } = servers;
  const store = redisStore(client, { prefix, allowEviction, initialize: false });
  try {
    return await use({ store, masters, clustered, prefix });
  } finally {
    await store.close();
    servers.close();
  }
}
