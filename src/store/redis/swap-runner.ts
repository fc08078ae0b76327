import { together } from '../../awaitable.js';
import { UnavailableError } from '../../errors.js';
import { lostRecord } from '../lost-record.js';
import type { Kind, Records } from '../records.js';
import type { State } from '../state.js';
import { notReplicated, replyCode } from './errors.js';
import type { RedisKeys } from './keys.js';
import { ledgerPlace } from './ledger.js';
import type { Marker } from './marker.js';
import { runScript } from './scripts.js';
import type { Send } from './send.js';
import type { RedisShards } from './shards.js';
import { NO_VERSION, SWAP } from './swap.js';

/** The arguments of the script; see `swap.ts`. */
export interface Swap {
  readonly version: Uint8Array;
  readonly entry: string;
  readonly value: Uint8Array | string;
  readonly keep: string;
  readonly nextEntry: string;
  readonly whenFull: string;
  readonly follow: string;
}

/** Expects a version that no record has, so it writes nothing and gives the present state. */
export const LOOK: Swap = {
  version: NO_VERSION,
  entry: '',
  value: '',
  keep: '',
  nextEntry: '',
  whenFull: '',
  follow: '',
};

export interface SwapConfig<R> {
  readonly keys: RedisKeys;
  readonly shards: Pick<RedisShards, 'call' | 'callBlocking'>;
  readonly marker: Pick<Marker, 'keyFor' | 'seen' | 'guard'>;
  /** How many replicas durable writes wait for, and for how long. */
  readonly replicas: { readonly count: number; readonly ms: number };
  /** The state that the replies of Redis stand for. */
  readonly seen: (id: string, key: string, value: unknown, entry: unknown) => State<R>;
}

/** Runs the script once: null when it has written, otherwise the present state. */
export function swapRunner<K extends Kind>(
  kind: K,
  { keys, shards, marker, replicas, seen }: SwapConfig<Records[K]>,
): (
  id: string,
  swap: Swap,
  options: { readonly durable: boolean },
) => Promise<State<Records[K]> | null> {
  async function runSwap(
    id: string,
    { version, entry, value, keep, nextEntry, whenFull, follow }: Swap,
    { durable }: { readonly durable: boolean },
  ): Promise<State<Records[K]> | null> {
    const key = keys.record(kind, id);
    const ledger = ledgerPlace(keys, kind, key);
    const run = (both: boolean) => async (send: Send) => {
      const withLedger = both ? ledger : null;
      return runScript(
        send,
        SWAP,
        withLedger ? [key, withLedger.key] : [key],
        [
          ...[version, withLedger ? entry : '', withLedger?.field ?? '', value, keep],
          ...[withLedger ? nextEntry : '', whenFull, follow],
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
      // The slot is being moved to another node of the Cluster, and only one of the two keys has arrived there.
      // Nothing was written. One write after the other is as safe, since a record may be ahead of the ledger.
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

  /** WAIT counts writes of its own connection, which is not tracked: so the marker is read beside it. */
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

  return runSwap;
}

function isTryAgain(error: unknown): boolean {
  return error instanceof UnavailableError && replyCode(error.cause) === 'TRYAGAIN';
}

function argument(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
}
