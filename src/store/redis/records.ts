import { together } from '../../awaitable.js';
import { KINDS, type Kind, type Records } from '../records.js';
import type { RecordServer } from '../server-records.js';
import { type State, stateOf } from '../state.js';
import type { Write } from '../updates.js';
import { replyCode } from './errors.js';
import type { RedisKeys } from './keys.js';
import { ledgerPlace } from './ledger.js';
import type { Marker } from './marker.js';
import type { RedisShards } from './shards.js';
import { WRONG_TYPE } from './swap.js';
import { LOOK, swapRunner } from './swap-runner.js';

/**
 * Record and ledger are read by two commands, between which others may write: so a mismatch is read again, up to this
 * many times.
 */
const READS = 3;

export interface RedisRecordsConfig {
  readonly keys: RedisKeys;
  readonly shards: Pick<RedisShards, 'call' | 'callBlocking'>;
  readonly marker: Pick<Marker, 'keyFor' | 'seen' | 'guard'>;
  /** How many replicas durable writes wait for, and for how long. */
  readonly replicas: { readonly count: number; readonly ms: number };
  readonly now: () => number;
  /** How much longer keys are kept than their records say, when the clock is not the server's (tests). */
  readonly marginMs: number;
  /** Called when a record that gates read may have been written: the server tells only other processes. */
  readonly written: () => void;
}

/** The records of one kind. */
export function redisRecords<K extends Kind>(
  kind: K,
  { keys, shards, marker, replicas, now, marginMs, written }: RedisRecordsConfig,
): RecordServer<Records[K]> {
  type Seen = State<Records[K]>;

  const keyOf = (id: string) => keys.record(kind, id);

  function seen(id: string, key: string, value: unknown, entry: unknown): Seen {
    const written = bytesOrNull(entry);
    return stateOf(kind, id, keys.place(key), bytesOrNull(value), written?.length ? written : null);
  }

  /** A write that waits for replicas uses a connection without tracking, and an ended session is not read again. */
  const follows = ({ record, durable, whenFull }: Write<Records[K]>): boolean =>
    KINDS[kind].watched && record !== null && !whenFull && !(durable && replicas.count > 0);

  const runSwap = swapRunner(kind, { keys, shards, marker, replicas, seen });

  return {
    keyOf,
    placeOf: (id) => keys.place(keyOf(id)),

    async load(id) {
      const key = keyOf(id);
      const ledger = ledgerPlace(keys, kind, key);
      for (let times = 1; ; times += 1) {
        const state = await shards.call(key, async (send) => {
          // One pipeline with the marker last: when the store is emptied in between, the marker is missing.
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
    },

    async look(id, durable) {
      const found = await runSwap(id, LOOK, { durable });
      if (!found) throw new Error('a version that no record has was found');
      return found;
    },

    swap(id, { version, entry }, write) {
      const { body, nextEntry, keptUntil, durable, whenFull, follow } = write;
      return runSwap(
        id,
        {
          version,
          entry,
          value: body ?? '',
          keep:
            body === null || keptUntil === undefined
              ? ''
              : String(Math.max(1, Math.ceil(keptUntil - now() + marginMs))),
          nextEntry: nextEntry === entry ? '' : nextEntry,
          whenFull: whenFull ? '1' : '',
          follow: follow ? '1' : '',
        },
        { durable },
      );
    },

    follows,
    ...(KINDS[kind].watched && { written }),
  };
}

function bytesOrNull(value: unknown): Uint8Array | null {
  return value instanceof Uint8Array ? value : null;
}

function wrongType(error: unknown): Buffer {
  if (replyCode(error) === 'WRONGTYPE') return WRONG_TYPE;
  throw error;
}
