import { together } from '../awaitable.js';
import type { Awaitable } from '../contracts.js';
import { notReplicated, unreadable } from './redis/errors.js';
import type { Marker } from './redis/marker.js';
import { runScript, type Script } from './redis/scripts.js';
import type { RedisShards } from './redis/shards.js';
import type { TrackedReads } from './redis/tracked-reads.js';

/** Reading and writing the records of one kind. */
export interface RedisRecords<V> {
  /** Without a command when the record is at hand, "no such key" included. */
  read(key: string): Awaitable<V>;
  /** Runs a script on one key: one command. `decode` takes its reply. */
  write<T>(
    key: string,
    script: Script,
    args: readonly (string | number | Buffer)[],
    decode: (reply: unknown) => T,
  ): Promise<T>;
  /** The same for what must not be lost: done when the replicas that the store waits for have it too. */
  save: RedisRecords<V>['write'];
  /** The same as `write` for a script that changes nothing that is read with `read`. */
  ask: RedisRecords<V>['write'];
}

export function redisRecords<V, Reply>({
  shards,
  marker,
  reads,
  replicas,
  clock,
  command,
  decode,
}: {
  readonly shards: Pick<RedisShards, 'call' | 'callBlocking'>;
  readonly marker: Pick<Marker, 'keyFor' | 'seen' | 'guard'>;
  readonly reads: TrackedReads<V>;
  /** How many replicas `save` waits for, and for how long. */
  readonly replicas: { readonly count: number; readonly ms: number };
  /** The time to give to the scripts; empty for the server's. */
  readonly clock: () => string;
  readonly command: 'GET' | 'HGETALL';
  readonly decode: (reply: Reply) => V;
}): RedisRecords<V> {
  const load = (key: string): Promise<V> =>
    shards.call(key, async (send) => {
      // One pipeline, the marker last: a store emptied between the two is seen to lack it.
      const [record, mark] = await together(
        () => send([command, key]),
        () => send(['GET', marker.keyFor(key)]),
      );
      marker.seen(mark);
      return decoded(decode, record as Reply);
    });

  const ask: RedisRecords<V>['ask'] = (key, script, args, decodeReply) =>
    marker.guard(key, () =>
      shards.call(key, async (send) =>
        decoded(decodeReply, await runScript(send, script, key, [clock(), ...args.map(argument)])),
      ),
    );

  /** WAIT counts what was written over its own connection, on which nobody hears of a lost marker in time. */
  const askAndWait: RedisRecords<V>['ask'] = (key, script, args, decodeReply) =>
    marker.guard(key, () =>
      shards.callBlocking(key, async (send) => {
        const reply = await runScript(send, script, key, [clock(), ...args.map(argument)]);
        const [mark, done] = await together(
          () => send(['GET', marker.keyFor(key)]),
          () => send(['WAIT', String(replicas.count), String(replicas.ms)]),
        );
        marker.seen(mark);
        if (Number(done) < replicas.count) {
          throw notReplicated(Number(done), replicas.count, replicas.ms);
        }
        return decoded(decodeReply, reply);
      }),
    );

  const forgetting =
    (run: RedisRecords<V>['ask']): RedisRecords<V>['ask'] =>
    async (key, ...rest) => {
      try {
        return await run(key, ...rest);
      } finally {
        // Also after a failure: what timed out may have applied. Whoever awaits us reads what we wrote.
        reads.forget(key);
      }
    };

  return {
    read: (key) => reads.get(key, load),
    ask,
    write: forgetting(ask),
    save: forgetting(replicas.count > 0 ? askAndWait : ask),
  };
}

function argument(value: string | number | Buffer): string | Buffer {
  return typeof value === 'number' ? String(Math.round(value)) : value;
}

function decoded<Reply, T>(decode: (reply: Reply) => T, reply: Reply): T {
  try {
    return decode(reply);
  } catch (cause) {
    throw unreadable(cause);
  }
}
