import type { Connect, ConnectionSettings } from './client.js';
import { type ConnectionListener, type RedisConnection, redisConnection } from './connection.js';
import type { Send } from './send.js';

/** The master, or the masters of a Cluster, behind a store; every call goes to the one that has the key. */
export interface RedisShards {
  /** Connects to all of them. Rejects with the plain cause. */
  open(): Promise<void>;
  /** Whether what was read of this key, and not invalidated since, may be believed now. */
  trusted(key: string): boolean;
  now(): number;
  /** See RedisConnection.call; all that `work` sends must be for the slot of this key. */
  call<T>(key: string, work: (send: Send) => Promise<T>): Promise<T>;
  /** The same over a connection for commands that block (WAIT), behind which later commands would wait. */
  callBlocking<T>(key: string, work: (send: Send) => Promise<T>): Promise<T>;
  /** Runs `work` on each master, and resolves to all results. */
  each<T>(work: (send: Send) => Promise<T>): Promise<T[]>;
  /** Groups keys by the master that has them at present; one `call` with the first key serves a whole group. */
  grouped(keys: readonly string[]): readonly (readonly string[])[];
  close(): void;
}

/** The two connections to one master. */
export interface RedisNode {
  readonly main: RedisConnection;
  /** Made when it is first used. */
  readonly blocking: RedisConnection;
  close(): void;
}

export function redisNode(
  connect: Connect,
  { timeout, watch }: Pick<ConnectionSettings, 'timeout' | 'watch'>,
  listener: ConnectionListener,
): RedisNode {
  const watched = { timeout, watch: watch?.() };
  const main = redisConnection(() => connect('tracked'), { ...watched, tracked: true }, listener);
  const noListener = { invalidated() {}, lost() {} };
  const blocking = redisConnection(() => connect('plain'), { timeout }, noListener);
  return {
    main,
    blocking,
    close() {
      main.close();
      blocking.close();
    },
  };
}

/** One server, or one master at a time. */
export function singleShard(node: RedisNode): RedisShards {
  const { main, blocking } = node;
  return {
    open: main.open,
    trusted: main.trusted,
    now: main.now,
    call: (_key, work) => main.call(work),
    callBlocking: (_key, work) => blocking.call(work),
    each: async (work) => [await main.call(work)],
    grouped: (keys) => [keys],
    close: node.close,
  };
}
