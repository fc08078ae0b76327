import {
  booleanOption,
  checkOptions,
  functionOption,
  integerOption,
  option,
  optionsObject,
} from '../../check-options.js';
import type { SecondFactorStore } from '../../contracts.js';
import { changeListeners } from '../change-listeners.js';
import type { RecordStore } from '../record-store.js';
import { secondFactorStore } from '../second-factor-store.js';
import { serverRecords } from '../server-records.js';
import { setsUpByItself } from '../set-up.js';
import { postgresConnection, STALENESS_MS } from './connection.js';
import { ownClient } from './driver.js';
import { unavailable } from './errors.js';
import { inOrder } from './in-order.js';
import { laterNotices } from './later-notices.js';
import { assertPermissions } from './permissions.js';
import { changedSince } from './polls.js';
import { assertPool, type PostgresClient, type PostgresPool } from './pool.js';
import { postgresRecords } from './records.js';
import { postgresTables } from './schema.js';
import { sweeper } from './sweeper.js';
import { postgresTrails } from './trails.js';

export type { PostgresClient, PostgresPool } from './pool.js';

export interface PostgresStoreOptions {
  /** The schema that holds the tables, whatever the `search_path`. Default `public`. */
  readonly schema?: string;
  /** Begins the names of the tables. Default `sallyport_`. */
  readonly prefix?: string;
  /**
   * The connection to listen on, by its address or as a function that makes a Client of pg, not connected: needed
   * where the pool goes through PgBouncer in transaction mode. Default: one connection of the pool is kept for it.
   * `false`: no connection listens; one query each second asks which of the cached records have changed, so a change
   * of another process is seen after about a second, and after 5 seconds at most, as always.
   */
  readonly listen?: string | (() => PostgresClient) | false;
  /** The deadline of each store call, in milliseconds, 50 to 2000. Default 1000. */
  readonly timeout?: number;
  /** How many subjects, and how many sessions, are cached in this process. Default 50 000. */
  readonly maxEntries?: number;
  /** Whether `ready()` makes the tables. Default: only when NODE_ENV is `development` or `test`. */
  readonly initialize?: boolean;
  /** Milliseconds since 1970, in place of the server's clock; for tests. */
  readonly now?: () => number;
}

export interface PostgresStore extends SecondFactorStore {
  /** Makes the tables and marks them as set up, as `npx sallyport init` does; what is there stays as it is. */
  initialize(): Promise<void>;
}

/** How many records of a kind, those used last, stay cached when changes are polled. */
const POLLED = 2000;
/** How many connections may write events at a time: nobody waits for events, but requests wait for the pool. */
const APPENDED_AT_ONCE = 4;

const NAME = 'a name of lower case letters, digits and _, 40 characters at most';
const isName = (value: unknown) =>
  typeof value === 'string' && /^[a-z_][a-z0-9_]{0,39}$/.test(value);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** A longer one is cut off by the server. */
const LONGEST_NAME = 63;
const isSchema = (value: unknown) =>
  isText(value) && !value.includes('\0') && Buffer.byteLength(value) <= LONGEST_NAME;

const schema = optionsObject({
  schema: option<string>(`a name, ${LONGEST_NAME} bytes at most`, isSchema).optional(),
  prefix: option<string>(NAME, isName).default('sallyport_'),
  listen: option<NonNullable<PostgresStoreOptions['listen']>>(
    'an address, a function that makes a Client of pg, or false',
    (value) => value === false || typeof value === 'function' || isText(value),
  ).optional(),
  timeout: integerOption(50, 2000).default(1000),
  maxEntries: integerOption(1, 10_000_000).default(50_000),
  initialize: booleanOption().optional(),
  now: functionOption<() => number>('a function that gives milliseconds since 1970').optional(),
});

/**
 * A store in Postgres 12 or later, shared by any number of processes: two tables, which `npx sallyport init
 * --postgres URL` makes. Statements go through `pool`, which stays the host's to end; one more connection hears
 * of what others change.
 *
 * Throws ERR_OPTION and ERR_POSTGRES_POOL; `ready()` rejects with ERR_STORE_UNAVAILABLE,
 * ERR_STORE_NOT_INITIALIZED, ERR_POSTGRES_SCHEMA, ERR_POSTGRES_PERMISSION, ERR_POSTGRES_READ_ONLY or
 * ERR_POSTGRES_LISTEN. Everything else rejects with `UnavailableError`, within twice the timeout at the worst.
 *
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL, statement_timeout: 2000 });
 * const store = postgresStore(pool, { schema: 'auth' });
 */
export function postgresStore(
  pool: PostgresPool,
  options: PostgresStoreOptions = {},
): PostgresStore {
  const records = postgresRecordStore(pool, options);
  return { ...secondFactorStore(records), initialize: records.initialize };
}

/**
 * The records of that store alone.
 * @example
 * const records = postgresRecordStore(pool, { schema: 'auth' });
 * const store = secondFactorStore(records);
 */
export function postgresRecordStore(
  pool: PostgresPool,
  options: PostgresStoreOptions,
): RecordStore & Pick<PostgresStore, 'initialize'> {
  const { timeout, maxEntries, initialize, listen, ...given } = checkOptions(options, schema, {
    name: 'postgresStore',
  });
  assertPool(pool, { listens: listen === undefined });
  const tables = postgresTables({ schema: given.schema, prefix: given.prefix });
  const setsUp = initialize ?? setsUpByItself();

  const changes = changeListeners();
  const connection = postgresConnection(
    pool,
    { timeout, tables, listen: listenerOf(listen) },
    {
      changed(keys) {
        if (keys === null) return forgetAll();
        for (const key of keys) records.forget(key);
        changes.announce();
      },
      lost: forgetAll,
      async poll(run) {
        const changed = await changedSince(run, tables, records.keepAtHand(POLLED));
        for (const key of changed) records.forget(key);
        if (changed.length > 0) changes.announce();
      },
    },
  );
  const now = given.now ?? connection.now;
  const later = laterNotices(connection, tables);
  const appending = inOrder({ timeout, atOnce: APPENDED_AT_ONCE });
  const sweep = sweeper({ connection, tables, now });
  const config = { connection, tables, tellLater: later.tell, written: changes.announce };
  const records = serverRecords({
    ...{ maxEntries, timeout, now, trusted: connection.trusted, waits: false },
    server: (kind) => postgresRecords(kind, config),
  });

  function forgetAll(): void {
    records.clear();
    changes.announce();
  }

  return {
    name: 'postgres',
    stalenessMs: STALENESS_MS,
    now,
    async ready() {
      if (setsUp && (await connection.setUp({ onlyEmpty: true })) && initialize === undefined) {
        console.error(
          `sallyport: this database held no store and is set up now, since NODE_ENV is ${process.env.NODE_ENV}`,
        );
      }
      await connection.open().catch((error) => {
        throw unavailable(error, pool);
      });
      await assertPermissions(connection, tables);
      sweep.start();
    },
    async close() {
      sweep.stop();
      changes.clear();
      await later.flush();
      await appending.settled();
      connection.close();
    },
    subscribe: changes.subscribe,
    read: records.read,
    update: records.update,
    ...postgresTrails({ connection, tables, inOrder: appending, now }),
    async initialize() {
      await connection.setUp({ onlyEmpty: false });
    },
  };
}

function listenerOf(listen: PostgresStoreOptions['listen']) {
  if (listen === false) return 'none';
  if (typeof listen === 'string') return () => ownClient(listen);
  return listen ?? 'pool';
}
