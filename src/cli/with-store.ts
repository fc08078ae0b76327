import type { SecondFactorStore } from '../contracts.js';
import type { StoreDump } from '../store/dump.js';
import { ownPool } from '../store/postgres/driver.js';
import { postgresDump } from '../store/postgres/dump.js';
import { postgresRun } from '../store/postgres/run.js';
import { postgresScan } from '../store/postgres/scan.js';
import { postgresTables } from '../store/postgres/schema.js';
import { postgresStore } from '../store/postgres/store.js';
import { redisDump } from '../store/redis/dump.js';
import { redisScan } from '../store/redis/scan.js';
import { redisStore } from '../store/redis/store.js';
import type { StoreScan } from '../store/scan.js';
import { type Arguments, type Terminal, UsageError } from './command.js';
import { examinePostgres } from './commands/doctor-postgres.js';
import { examineRedis } from './commands/doctor-redis.js';
import type { Report } from './findings.js';
import { findServers } from './servers.js';

export const STORE_OPTIONS = ['redis', 'postgres', 'schema', 'prefix'] as const;
export const POSTGRES_PREFIX = 'sallyport_';

/** One server of a store. */
export interface Examined {
  /** Shown in each line when there are several servers; null for a single one. */
  readonly name: string | null;
  examine(now: () => number, report: Report): Promise<void>;
}

/** A store and what commands do with it. */
export interface Installation {
  readonly name: 'Redis' | 'Postgres';
  readonly store: SecondFactorStore & { initialize(): Promise<void> };
  readonly scan: StoreScan;
  readonly dump: StoreDump;
  readonly servers: readonly Examined[];
}

type Use<T> = (installation: Installation) => Promise<T>;
interface WithStoreOptions {
  readonly allowEviction?: boolean;
}

/** Runs `use` with the store that the arguments name, and always closes its connections. */
export async function withStore<T>(
  given: Arguments,
  { env }: Terminal,
  use: Use<T>,
  { allowEviction = false }: WithStoreOptions = {},
): Promise<T> {
  const { redis, postgres } = given;
  if (redis !== undefined && postgres !== undefined) {
    throw new UsageError('give --redis or --postgres, not both');
  }
  if (postgres !== undefined) return withPostgres(postgres, given, use);
  if (given.schema !== undefined) throw new UsageError('--schema goes with --postgres');
  const url = redis ?? env.REDIS_URL;
  if (!url) {
    throw new UsageError(
      'say which store: --redis redis://… or REDIS_URL, or --postgres postgres://…',
    );
  }
  return withRedis(url, given, use, { allowEviction });
}

/** A command reads each of many records once, so a small cache will do. */
const MAX_ENTRIES = 1000;

async function withRedis<T>(
  url: string,
  { prefix = 'sp:' }: Arguments,
  use: Use<T>,
  { allowEviction = false }: WithStoreOptions,
): Promise<T> {
  const servers = await findServers(url);
  const { client, masters, clustered } = servers;
  const store = redisStore(client, {
    ...{ prefix, allowEviction, initialize: false, maxEntries: MAX_ENTRIES },
  });
  const sends = masters.map(({ send }) => send);
  try {
    return await use({
      ...{ name: 'Redis', store, scan: redisScan(sends, prefix) },
      dump: redisDump({
        ...{ masters: sends, clustered, prefix, now: store.now },
        masterOf: (key) => servers.masterOf(key).send,
      }),
      servers: masters.map(({ name, send }) => ({
        name: clustered ? name : null,
        examine: (now, report) => examineRedis(send, now, report),
      })),
    });
  } finally {
    await store.close();
    servers.close();
  }
}

async function withPostgres<T>(
  url: string,
  { schema, prefix = POSTGRES_PREFIX }: Arguments,
  use: Use<T>,
): Promise<T> {
  // The URL is not shown, since it may hold a password.
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new UsageError(
      'the Postgres URL is not one: postgres://[user:password@]host[:port]/database',
    );
  }
  const pool = await ownPool(url, { max: 6, connectionTimeoutMillis: 5000 });
  const store = postgresStore(pool, {
    ...{ prefix, timeout: 2000, initialize: false, maxEntries: MAX_ENTRIES },
    ...(schema !== undefined && { schema }),
  });
  const run = postgresRun(pool, { timeout: 5000 });
  const tables = postgresTables({ schema, prefix });
  try {
    return await use({
      ...{ name: 'Postgres', store },
      ...{ scan: postgresScan(run, tables), dump: postgresDump(run, tables) },
      servers: [{ name: null, examine: (now, report) => examinePostgres(run, now, report) }],
    });
  } finally {
    await store.close();
    await pool.end();
  }
}
