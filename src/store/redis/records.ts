import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { together } from '../../awaitable.js';
import type { Awaitable } from '../../contracts.js';
import { UnavailableError } from '../../errors.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import type { Transition, UpdateOptions } from '../record-store.js';
import type { Kind, Records } from '../records.js';
import type { Send } from './client.js';
import { lostRecord, notReplicated, replyCode } from './errors.js';
import type { RedisKeys } from './keys.js';
import { ledgerPlace } from './ledger.js';
import type { Marker } from './marker.js';
import { runScript } from './scripts.js';
import type { RedisShards } from './shards.js';
import { ABSENT, type State, stateOf } from './state.js';
import { NO_VERSION, SWAP, WRONG_TYPE } from './swap.js';
import { trackedReads } from './tracked-reads.js';
import { recordUpdates, type Write } from './updates.js';

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

  /** Runs the script once: null when it has written, otherwise what there is. */
  async function runSwap(
    id: string,
    { version, entry, value, keep, nextEntry, whenFull }: Swap,
    { durable }: { readonly durable: boolean },
  ): Promise<Seen | null> {
    const key = keyOf(id);
    const ledger = ledgerPlace(keys, kind, key);
    const run = (together: boolean) => async (send: Send) => {
      const withLedger = together ? ledger : null;
      return runScript(
        send,
        SWAP,
        withLedger ? [key, withLedger.key] : [key],
        [
          ...[version, withLedger ? entry : '', withLedger?.field ?? '', value, keep],
          ...[withLedger ? nextEntry : '', whenFull],
        ].map(argument),
      ).catch((error) => {
        if (replyCode(error) !== 'WRONGTYPE') throw error;
        throw lostRecord(kind, id, 'has no ledger: a key of the ledger is no hash', error);
      });
    };
    const guarded = (work: (send: Send) => Promise<unknown>) =>
      marker.guard(key, () =>
        durable && replicas.count > 0
          ? shards.callBlocking(key, (send) => safely(key, send, work))
          : shards.call(key, work),
      );
    try {
      const reply = await guarded(run(true));
      return Array.isArray(reply) ? seen(id, key, reply[0], reply[1]) : null;
    } catch (error) {
      if (!ledger || !isTryAgain(error)) throw error;
      // Their slot is on its way to another node of the Cluster, and one of the two has gone ahead. Nothing was
      // done. One after the other is as safe, since a record may be ahead of the ledger.
      const reply = await guarded(run(false));
      const field = [ledger.key, ledger.field];
      if (Array.isArray(reply)) {
        const found = await shards.call(ledger.key, (send) => send(['HGET', ...field]));
        return seen(id, key, reply[0], found);
      }
      if (nextEntry !== '') {
        await shards.call(ledger.key, (send) => send(['HSET', ...field, nextEntry]));
      }
      return null;
    }
  }

  /** WAIT counts what was written over its own connection, on which nobody hears of a lost marker in time. */
  async function safely(
    key: string,
    send: Send,
    run: (send: Send) => Promise<unknown>,
  ): Promise<unknown> {
    const reply = await run(send);
    const [mark, done] = await together(
      () => send(['GET', marker.keyFor(key)]),
      () => send(['WAIT', String(replicas.count), String(replicas.ms)]),
    );
    marker.seen(mark);
    if (Number(done) < replicas.count) {
      throw notReplicated(Number(done), replicas.count, replicas.ms);
    }
    return reply;
  }

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

/** What the script is given; see there. */
interface Swap {
  readonly version: Uint8Array;
  readonly entry: string;
  readonly value: Uint8Array | string;
  readonly keep: string;
  readonly nextEntry: string;
  readonly whenFull: string;
}

const LOOK: Swap = {
  ...{ version: NO_VERSION, entry: '', value: '', keep: '', nextEntry: '', whenFull: '' },
};

function isTryAgain(error: unknown): boolean {
  return error instanceof UnavailableError && replyCode(error.cause) === 'TRYAGAIN';
}

function argument(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
}

function bytesOrNull(value: unknown): Uint8Array | null {
  return value instanceof Uint8Array ? value : null;
}

function wrongType(error: unknown): Buffer {
  if (replyCode(error) === 'WRONGTYPE') return WRONG_TYPE;
  throw error;
}
