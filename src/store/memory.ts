import { boundedMap } from '../bounded-map.js';
import { booleanOption, checkOptions, functionOption, optionsObject } from '../check-options.js';
import type { SecondFactorStore } from '../contracts.js';
import { SallyportError } from '../errors.js';
import { changeListeners } from './change-listeners.js';
import { memoryTrails } from './memory-trails.js';
import type { RecordStore } from './record-store.js';
import type { Kind, Records } from './records.js';
import { secondFactorStore } from './second-factor-store.js';

export interface MemoryStoreOptions {
  /** Must be true where NODE_ENV is `production`: that all enrollments end with the process is meant. */
  readonly production?: boolean;
  /** Milliseconds since 1970; for tests. Default: the process's clock. */
  readonly now?: () => number;
}

const schema = optionsObject({
  production: booleanOption().default(false),
  now: functionOption<() => number>('a function that gives milliseconds since 1970').optional(),
});

const AT_MOST = 100_000;

const LONGEST_MS = 2 ** 31 - 1;

interface Kept<R> {
  get(id: string): R | undefined;
  set(id: string, record: R, options: { readonly ttl: number }): unknown;
  delete(id: string): unknown;
}

type KeptByKind = { readonly [K in Kind]: Kept<Records[K]> };

/**
 * A store for development, tests and single-process demos: everything is gone when the process ends, and no
 * second process sees it. Operations are atomic because each runs to its end within one turn. Throws ERR_OPTION
 * where NODE_ENV is `production`, unless `production` says that it is meant.
 * @example
 * sallyport({ store: memoryStore(), … })
 * memoryStore({ now: testClock().now }) // in tests
 */
export function memoryStore(options: MemoryStoreOptions = {}): SecondFactorStore {
  const { now = Date.now, production } = checkOptions(options, schema, { name: 'memoryStore' });
  if (process.env.NODE_ENV === 'production' && !production) {
    throw new SallyportError(
      'ERR_OPTION',
      'memoryStore() forgets who has activated a second factor when the process ends, and NODE_ENV is production: use redisStore(client) or postgresStore(pool), or say memoryStore({ production: true }) if it is meant',
    );
  }
  return secondFactorStore(memoryRecords(now));
}

/** The records of that store alone. */
export function memoryRecords(now: () => number): RecordStore {
  const changes = changeListeners();
  // Records carry their own end; the ttl only frees memory, and so may come from the real clock.
  const kept: KeptByKind = {
    subject: new Map(),
    organization: new Map(),
    devices: new Map(),
    holders: new Map(),
    session: boundedMap<string, Records['session']>(AT_MOST),
    transaction: boundedMap<string, Records['transaction']>(AT_MOST),
  };

  return {
    name: 'memory',
    stalenessMs: 0,
    now,
    async ready() {},
    async close() {
      changes.clear();
    },
    subscribe: changes.subscribe,
    read: (kind, id) => kept[kind].get(id) ?? null,
    async update(kind, id, transition) {
      const records = kept[kind];
      const present = records.get(id) ?? null;
      const time = now();
      const {
        next,
        result,
        keptUntil = Number.POSITIVE_INFINITY,
      } = transition(present, time, null);
      if (next === present) return result;
      if (next === null) records.delete(id);
      else records.set(id, next, { ttl: Math.max(1, Math.min(keptUntil - time, LONGEST_MS)) });
      changes.announce();
      return result;
    },
    ...memoryTrails({ now }),
  };
}
