import connectPg from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import pg from 'pg';
import { createClient } from 'redis';
import { memoryStore } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import type { ConsoleOptions } from './app.js';

/** Where sessions and enrollments are kept. */
export type Stores = Pick<ConsoleOptions, 'sessionStore' | 'store'> & { close(): Promise<void> };

export function inMemory(): Stores {
  return {
    sessionStore: new session.MemoryStore(),
    store: memoryStore(),
    close: async () => {},
  };
}

export async function inRedis(url: string): Promise<Stores> {
  if (!/^rediss?:/.test(url)) throw new Error('REDIS_URL must begin with redis: or rediss:');
  let started = false;
  const redis = createClient({
    url,
    // While Redis is away, fail at once; the default keeps requests waiting for it.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 2000,
      // Not there at the start is a mistake to report; lost later, it is expected back.
      reconnectStrategy: (retries) => (started ? Math.min(50 * 2 ** retries, 1000) : false),
    },
  });
  // A client without a listener for errors ends the process when the connection breaks.
  redis.on('error', (error: Error) => {
    if (started) console.error(`Redis: ${reason(error)}`);
  });
  await inTime(redis.connect()).catch((error: Error) => {
    throw new Error(`no Redis at REDIS_URL: ${reason(error)}`);
  });
  started = true;
  return {
    sessionStore: new RedisStore({ client: redis, prefix: 'console:session:' }),
    store: redisStore(redis),
    close: async () => redis.destroy(),
  };
}

export async function inPostgres(url: string): Promise<Stores> {
  if (!/^postgres(ql)?:/.test(url)) throw new Error('DATABASE_URL must begin with postgres:');
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: 2000,
    statement_timeout: 2000,
  });
  // A pool without a listener for errors ends the process when an idle connection breaks.
  pool.on('error', (error: Error) => console.error(`Postgres: ${reason(error)}`));
  await inTime(pool.query('SELECT 1')).catch((error: Error) => {
    throw new Error(`no Postgres at DATABASE_URL: ${reason(error)}`);
  });
  const ConnectPg = connectPg(session);
  return {
    sessionStore: new ConnectPg({ pool, tableName: 'console_session', createTableIfMissing: true }),
    store: postgresStore(pool),
    close: () => pool.end(),
  };
}

/** A server that hangs accepts the connection and then says nothing. */
function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(reject, 5000, new Error('it does not answer'));
    work.then(resolve, reject).finally(() => clearTimeout(deadline));
  });
}

export function reason(error: Error & { code?: string; errors?: readonly Error[] }): string {
  return error.message || error.errors?.[0]?.message || error.code || error.name;
}
