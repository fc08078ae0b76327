import type { Awaitable } from '../contracts.js';
import type { RedisConnection } from './redis-connection.js';
import { unreadable } from './redis-errors.js';
import type { Marker } from './redis-marker.js';
import { runScript, type Script } from './redis-scripts.js';
import type { TrackedReads } from './tracked-reads.js';

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
  /** The same for a script that changes nothing that is read with `read`. */
  ask: RedisRecords<V>['write'];
}

export function redisRecords<V, Reply>({
  connection,
  marker,
  reads,
  clock,
  command,
  decode,
}: {
  readonly connection: Pick<RedisConnection, 'call'>;
  readonly marker: Pick<Marker, 'key' | 'seen' | 'guard'>;
  readonly reads: TrackedReads<V>;
  /** The time to give to the scripts; empty for the server's. */
  readonly clock: () => string;
  readonly command: 'GET' | 'HGETALL';
  readonly decode: (reply: Reply) => V;
}): RedisRecords<V> {
  const load = (key: string): Promise<V> =>
    connection.call(async (send) => {
      // One pipeline, the marker last: a store emptied between the two is seen to lack it.
      const [record, mark] = await Promise.all([send([command, key]), send(['GET', marker.key])]);
      marker.seen(mark);
      return decoded(decode, record as Reply);
    });

  const ask: RedisRecords<V>['ask'] = (key, script, args, decodeReply) =>
    marker.guard(() =>
      connection.call(async (send) =>
        decoded(decodeReply, await runScript(send, script, key, [clock(), ...args.map(argument)])),
      ),
    );

  return {
    read: (key) => reads.get(key, load),
    ask,
    async write(key, script, args, decodeReply) {
      try {
        return await ask(key, script, args, decodeReply);
      } finally {
        // Also after a failure: what timed out may have applied. Whoever awaits us reads what we wrote.
        reads.forget(key);
      }
    },
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
