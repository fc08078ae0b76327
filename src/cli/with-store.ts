import { withDeadline } from '../store/deadline.js';
import type { Send } from '../store/redis-client.js';
import { unavailable } from '../store/redis-errors.js';
import { type RedisStore, redisStore } from '../store/redis-store.js';
import { type Arguments, type Terminal, UsageError } from './run.js';

const COMMAND_MS = 5000;

/** A Redis with a store in it, as a command works on it. */
export interface Installation {
  readonly store: RedisStore;
  /** A command over a connection of its own, without tracking, made when it is first needed. */
  readonly send: Send;
  readonly prefix: string;
}

/** Runs with what the arguments name, and ends its connections however that goes. */
export async function withStore<T>(
  { redis = undefined, prefix = 'sp:' }: Arguments,
  { env }: Terminal,
  use: (installation: Installation) => Promise<T>,
  { allowEviction = false } = {},
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
  const store = redisStore(client, { prefix, allowEviction, initialize: false });

  const plain = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandOptions: { typeMapping: { 36: Buffer } },
    socket: { reconnectStrategy: false, connectTimeout: COMMAND_MS },
  });
  // The command that was under way is rejected with it.
  plain.on('error', () => {});
  let connecting: Promise<unknown> | undefined;
  const send: Send = async (args) => {
    try {
      connecting ??= plain.connect();
      await withDeadline(connecting, COMMAND_MS);
      return await withDeadline(plain.sendCommand([...args]), COMMAND_MS);
    } catch (cause) {
      throw unavailable(cause);
    }
  };

  try {
    return await use({ store, send, prefix });
  } finally {
    await store.close();
    // A server that hangs would never let go of the connection that is being made.
    connecting?.catch(() => {});
    if (plain.isOpen) plain.destroy();
  }
}
