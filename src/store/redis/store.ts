import {
  booleanOption,
  checkOptions,
  functionOption,
  integerOption,
  option,
  optionsObject,
} from '../../check-options.js';
import type {
  AssuranceRecord,
  SecondFactorStore,
  StoredSetting,
  SubjectRecord,
} from '../../contracts.js';
import { changeListeners } from '../change-listeners.js';
import { decodeAssurance } from '../redis-assurance.js';
import { subjectRecord } from '../redis-codec.js';
import { redisCodes } from '../redis-codes.js';
import { redisDevices } from '../redis-devices.js';
import { redisEvents } from '../redis-events.js';
import { redisRecords } from '../redis-records.js';
import { redisSessions } from '../redis-sessions.js';
import { redisSettings, settingRecord } from '../redis-settings.js';
import { redisSubjects } from '../redis-subjects.js';
import { redisTransactions } from '../redis-transactions.js';
import { assertNoEviction } from './checks.js';
import type { RedisClient } from './client.js';
import { STALENESS_MS } from './connection.js';
import { connectError } from './errors.js';
import { redisKeys } from './keys.js';
import { marker } from './marker.js';
import { redisServers } from './servers.js';
import { trackedReads } from './tracked-reads.js';

export type { RedisClient } from './client.js';

export interface RedisStoreOptions {
  /** Begins every key; no braces. Default `sp:`. */
  readonly prefix?: string;
  /** The deadline of each store call, in milliseconds, 50 to 2000. Default 1000. */
  readonly timeout?: number;
  /** How many subjects, and how many sessions, are kept at hand in this process. Default 50 000. */
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
  /** Whether `ready()` sets up an empty Redis. Default: only when NODE_ENV is not `production`. */
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
 * ERR_STORE_NOT_INITIALIZED, ERR_REDIS_TRACKING or ERR_REDIS_EVICTION. Everything else rejects with
 * `UnavailableError`, within twice the timeout at the worst: connecting and the call itself.
 *
 * @example
 * const redis = createClient({ url: process.env.REDIS_URL });
 * const store = redisStore(redis, { prefix: 'console:2fa:' });
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const { timeout, maxEntries, waitReplicas, prefix, database, allowEviction, initialize, now } =
    checkOptions(options, schema, { name: 'redisStore' });
  const keys = redisKeys(prefix);
  const setUp = initialize ?? process.env.NODE_ENV !== 'production';

  const changes = changeListeners();
  const { shards, clustered } = redisServers(
    client,
    { timeout, database },
    {
      invalidated(key) {
        if (key === null || mark.isMarker(key)) return forgetAll();
        subjects.forget(key);
        sessions.forget(key);
        settings.forget(key);
        changes.announce();
      },
      lost: forgetAll,
    },
  );
  const { trusted } = shards;
  const subjects = trackedReads<SubjectRecord>({ maxEntries, trusted });
  const sessions = trackedReads<AssuranceRecord | null>({ maxEntries, trusted });
  const settings = trackedReads<StoredSetting | null>({ maxEntries, trusted });
  const mark = marker(keys, shards, { clustered });
  const shared = {
    shards,
    marker: mark,
    replicas: { count: waitReplicas, ms: Math.floor(timeout / 2) },
    clock: now ? () => String(Math.round(now())) : () => '',
  };

  const subjectRecords = redisRecords({
    ...shared,
    reads: subjects,
    command: 'HGETALL',
    decode: subjectRecord,
  });
  const settingRecords = redisRecords({
    ...shared,
    reads: settings,
    command: 'HGETALL',
    decode: settingRecord,
  });
  const sessionRecords = redisRecords({
    ...shared,
    reads: sessions,
    command: 'GET',
    decode: (value: Buffer | null) => (value === null ? null : decodeAssurance(value)),
  });
  const { forgetHistory, ...events } = redisEvents(settingRecords, keys);
  const marginMs = now ? 60 * 60 * 1000 : 0;

  function forgetAll(): void {
    mark.forget();
    subjects.clear();
    sessions.clear();
    settings.clear();
    changes.announce();
  }

  async function open(): Promise<void> {
    await shards.open().catch((cause) => {
      throw connectError(cause);
    });
    if (!allowEviction) await assertNoEviction(shards);
  }

  return {
    name: 'redis',
    stalenessMs: STALENESS_MS,
    now: now ?? shards.now,
    async ready() {
      await open();
      if (setUp) await mark.create();
      await mark.checkEach();
    },
    async initialize() {
      await open();
      await mark.create({ fillIn: true });
    },
    async close() {
      changes.clear();
      shards.close();
    },
    subscribe: changes.subscribe,
    ...redisSubjects(subjectRecords, keys.subject, { forgetHistory }),
    ...redisCodes(subjectRecords, keys.subject),
    ...redisSettings(settingRecords, keys.organization),
    ...redisDevices(sessionRecords, keys.devices, { marginMs }),
    ...events,
    ...redisSessions(sessionRecords, keys.session, { marginMs }),
    ...redisTransactions(sessionRecords, keys.transaction, { marginMs }),
  } satisfies RedisStore;
}
