import { startPostgres } from '../test/support/postgres.js';
import { startRedis } from '../test/support/redis.js';

/** The servers of one bench, which are its own. */
export interface Servers {
  /** The address of its Redis. */
  readonly redis: string;
  /** The address of its Postgres, which is started for the first who asks. */
  postgres(): Promise<string>;
}

/** Starts them, and stops them when the work is done. */
export async function withServers<T>(work: (servers: Servers) => Promise<T>): Promise<T> {
  const redis = await startRedis();
  let postgres: ReturnType<typeof startPostgres> | undefined;
  try {
    return await work({
      redis: redis.url,
      async postgres() {
        postgres ??= startPostgres({
          // As it comes: what is written is on disk before it is answered.
          settings: { shared_preload_libraries: 'pg_stat_statements', fsync: 'on' },
        });
        return (await postgres).url;
      },
    });
  } finally {
    await redis.stop();
    await (await postgres)?.stop();
  }
}
