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
import type { RedisClient } from './client.js';
import { STALENESS_MS } from './connection.js';
import { connectError } from './errors.js';
import { evictionWatch } from './eviction.js';
import { redisKeys } from './keys.js';
import { marker } from './marker.js';
import { assertPermissions } from './permissions.js';
import { redisRecords } from './records.js';
import { redisServers } from './servers.js';
import { redisTrails } from './trails.js';

export type { RedisClient } from './client.js';

export interface RedisStoreOptions {
  /** Begins every key; no braces. Default `sp:`. */
  readonly prefix?: string;
  /** The deadline of each store call, in milliseconds, 50 to 2000. Default 1000. */
  readonly timeout?: number;
  /** How many subjects, and how many sessions, are cached in this process. Default 50 000. */
  readonly maxEntries?: number;
  /** Default: the `database` that the client was made with; `select()` on the client is not seen. */
  readonly database?: number;
  /**
   * How many replicas must have a write before it counts as done: of enrollments, recovery codes, activation
   * keys, settings, resets, removals and raised epochs. With fewer within half the timeout, the call rejects
   * with `UnavailableError`; the write may stay all the same, and is safe to repeat. Default 0: what was
   * written in the last moments of a master may be lost with it.
   */
  readonly waitReplicas?: number;
  /** Accept a Redis whose maxmemory-policy may drop enrollments. Default false. */
  readonly allowEviction?: boolean;
  /** Whether `ready()` sets up an empty Redis. Default: only when NODE_ENV is `development` or `test`. */
  readonly initialize?: boolean;
  /** Milliseconds since 1970, in place of the server's clock; for tests. */
  readonly now?: () => number;
}

export interface RedisStore extends SecondFactorStore {
  /** Marks this Redis as set up, as `npx sallyport init` does; one that is stays as it is. */
  initialize(): Promise<void>;
}

const schema = optionsObject({
  // A brace would move the Cluster hash tag from the subject to the prefix.
  prefix: option<string>(
    'a text without braces',
    (value) => typeof value === 'string' && !/[{}]/.test(value),
  ).default('sp:'),
  timeout: integerOption(50, 2000).default(1000),
  maxEntries: integerOption(1, 10_000_000).default(50_000),
  database: integerOption(0, 65_535).optional(),
  waitReplicas: integerOption(0, 100).default(0),
  allowEviction: booleanOption().default(false),
  initialize: booleanOption().optional(),
  now: functionOption<() => number>('a function that gives milliseconds since 1970').optional(),
});

/**
 * A store in Redis 6 or later, shared by any number of processes: one server, a master that Sentinels name, or
 * a Cluster. It reads and writes over duplicates of `client` and on masters only, so the given one need not be
 * connected; `close()` ends the duplicates only.
 *
 * Throws ERR_OPTION and ERR_REDIS_CLIENT; `ready()` rejects with ERR_STORE_UNAVAILABLE,
 * ERR_STORE_NOT_INITIALIZED, ERR_REDIS_TRACKING, ERR_REDIS_PERMISSION or ERR_REDIS_EVICTION. Everything else rejects with
 * `UnavailableError`, within twice the timeout at the worst: connecting and the call itself.
 *
 * @example
 * const redis = createClient({ url: process.env.REDIS_URL });
 * const store = redisStore(redis, { prefix: 'console:2fa:' });
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const records = redisRecordStore(client, options);
  return { ...secondFactorStore(records), initialize: records.initialize };
}

/**
 * The records of that store alone.
 * @example
 * const records = redisRecordStore(client, { prefix: 'console:2fa:' });
 * const store = secondFactorStore(records);
 */
export function redisRecordStore(
  client: RedisClient,
  options: RedisStoreOptions,
): RecordStore & Pick<RedisStore, 'initialize'> {
  const { timeout, maxEntries, waitReplicas, prefix, database, allowEviction, initialize, now } =
    checkOptions(options, schema, { name: 'redisStore' });
  const keys = redisKeys(prefix);
  const setUp = initialize ?? setsUpByItself();

  const changes = changeListeners();
  const { shards, clustered } = redisServers(
    client,
    { timeout, database, watch: allowEviction ? undefined : evictionWatch },
    {
      invalidated(key) {
        if (key === null || mark.isMarker(key)) return forgetAll();
        // A changed record is told by its own key as well.
        if (keys.isLedger(key)) return;
        records.forget(key);
        changes.announce();
      },
      lost: forgetAll,
    },
  );
  const mark = marker(keys, shards, { clustered });
  const time = now ?? shards.now;
  const config = {
    ...{ keys, shards, marker: mark, now: time, marginMs: now ? 60 * 60 * 1000 : 0 },
    replicas: { count: waitReplicas, ms: Math.floor(timeout / 2) },
    written: changes.announce,
  };
  const records = serverRecords({
    ...{ maxEntries, timeout, now: time, trusted: shards.trusted, waits: waitReplicas > 0 },
    server: (kind) => redisRecords(kind, config),
  });

  function forgetAll(): void {
    mark.forget();
    records.clear();
    changes.announce();
  }

  async function open(): Promise<void> {
    await shards.open().catch((cause) => {
      throw connectError(cause);
    });
    await assertPermissions(keys, shards, { clustered, waits: waitReplicas > 0 });
  }

  return {
    name: 'redis',
    stalenessMs: STALENESS_MS,
    now: time,
    async ready() {
      await open();
      if (setUp && (await mark.create()) && initialize === undefined) {
        console.error(
          `sallyport: this Redis held no store and is set up now, since NODE_ENV is ${process.env.NODE_ENV}`,
        );
      }
      await mark.checkEach();
    },
    async close() {
      changes.clear();
      shards.close();
    },
    subscribe: changes.subscribe,
    read: records.read,
    update: records.update,
    ...redisTrails({ keys, shards, marker: mark, clock: now }),
    async initialize() {
      await open();
      await mark.create({ fillIn: true });
    },
  };
}
