import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { together } from '../../awaitable.js';
import type { Awaitable } from '../../contracts.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import type { Transition, UpdateOptions } from '../record-store.js';
import type { Kind, Records } from '../records.js';
import { ABSENT, type State, stateOf } from '../state.js';
import { trackedReads } from '../tracked-reads.js';
import { recordUpdates, type Write } from '../updates.js';
import { replyCode } from './errors.js';
import type { RedisKeys } from './keys.js';
import { ledgerPlace } from './ledger.js';
import type { Marker } from './marker.js';
import type { RedisShards } from './shards.js';
import { WRONG_TYPE } from './swap.js';
import { LOOK, type Swap, swapRunner } from './swap-runner.js';

/** Record and ledger are read by two commands, between which others may write; so often are they read again. */
const READS = 3;
/** How many records that this process has written itself are remembered, to write them again. */
const WRITTEN = 2000;

export interface RedisRecords<R> {
  /** Without a command when the record is at hand, "nothing there" included. */
  read(id: string): Awaitable<R | null>;
  update<T>(id: string, transition: Transition<R, T>, options?: UpdateOptions): Promise<T>;
  /** A key has changed; of another kind too, which does nothing. */
  forget(key: string): void;
  clear(): void;
}

export interface RecordsConfig {
  readonly keys: RedisKeys;
  readonly shards: Pick<RedisShards, 'call' | 'callBlocking' | 'trusted'>;
  readonly marker: Pick<Marker, 'keyFor' | 'seen' | 'guard'>;
  readonly maxEntries: number;
  /** How many replicas durable writes wait for, and for how long. */
  readonly replicas: { readonly count: number; readonly ms: number };
  readonly timeout: number;
  readonly now: () => number;
  /** How much longer keys are kept than they count, when time is not the server's (tests). */
  readonly marginMs: number;
}

/** The records of one kind. */
export function redisRecords<K extends Kind>(
  kind: K,
  { keys, shards, marker, maxEntries, replicas, timeout, now, marginMs }: RecordsConfig,
): RedisRecords<Records[K]> {
  type Seen = State<Records[K]>;

  const reads = trackedReads<Seen>({ maxEntries, trusted: shards.trusted });
  const written = new LRUCache<string, Seen>({ max: WRITTEN });
  const keyOf = (id: string) => keys.record(kind, id);

  function seen(id: string, key: string, value: unknown, entry: unknown): Seen {
    const written = bytesOrNull(entry);
    return stateOf(kind, id, keys.place(key), bytesOrNull(value), written?.length ? written : null);
  }

  async function load(id: string, key: string): Promise<Seen> {
    const ledger = ledgerPlace(keys, kind, key);
    for (let times = 1; ; times += 1) {
      const state = await shards.call(key, async (send) => {
        // One pipeline, the marker last: a store emptied between the two is seen to lack it.
        const [value, entry, mark] = await together(
          () => send(['GET', key]).catch(wrongType),
          () => ledger && send(['HGET', ledger.key, ledger.field]).catch(wrongType),
          () => send(['GET', marker.keyFor(key)]),
        );
        marker.seen(mark);
        return seen(id, key, value, entry);
      });
      if (!state.lost) return state;
      if (times >= READS || state.lost.error.cause !== undefined) throw state.lost.error;
    }
  }

  const runSwap = swapRunner(kind, { keys, shards, marker, replicas, seen });

  const { update } = recordUpdates<Records[K]>(
    {
      now,
      waits: replicas.count > 0,
      known(id) {
        const key = keyOf(id);
        const nothing = shards.trusted(key) ? ABSENT : undefined;
        return reads.peek(key) ?? written.get(key) ?? nothing;
      },
      async look(id, durable) {
        const found = await runSwap(id, LOOK, { durable });
        if (!found) throw new Error('a version that no record has was found');
        return found;
      },
      async swap(id, from, write) {
        const key = keyOf(id);
        const next = encoded(key, from, write);
        try {
          const found = await runSwap(id, next.swap, write);
          if (found) return found;
          written.set(key, next.state);
          return 'written';
        } catch (error) {
          written.delete(key);
          throw error;
        } finally {
          // Also after a failure: what timed out may have applied. Whoever awaits us reads what we wrote.
          reads.forget(key);
        }
      },
    },
    { timeoutMs: 2 * timeout },
  );

  function encoded(
    key: string,
    from: Seen,
    { record, sequence, keptUntil, whenFull }: Write<Records[K]>,
  ): { readonly swap: Swap; readonly state: Seen } {
    const entry = ledgerPlace(keys, kind, key) && sequence > 0 ? String(sequence) : '';
    const version = randomBytes(VERSION_BYTES);
    const value =
      record === null ? '' : encodeRecord(kind, keys.place(key), version, { record, sequence });
    const keep =
      keptUntil === undefined ? '' : String(Math.max(1, Math.ceil(keptUntil - now() + marginMs)));
    return {
      swap: {
        ...{ version: from.version, entry: from.entry, value, keep },
        nextEntry: entry === from.entry ? '' : entry,
        whenFull: whenFull ? '1' : '',
      },
      state: {
        ...{ record, sequence, entry, lost: null },
        version: record === null ? ABSENT.version : version,
      },
    };
  }

  return {
    read(id) {
      const key = keyOf(id);
      const found = reads.get(key, () => load(id, key));
      return found instanceof Promise ? found.then(({ record }) => record) : found.record;
    },
    update,
    forget: reads.forget,
    clear() {
      reads.clear();
      written.clear();
    },
  };
}

function bytesOrNull(value: unknown): Uint8Array | null {
  return value instanceof Uint8Array ? value : null;
}

function wrongType(error: unknown): Buffer {
  if (replyCode(error) === 'WRONGTYPE') return WRONG_TYPE;
  throw error;
}
