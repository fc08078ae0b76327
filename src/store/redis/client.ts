import { SallyportError } from '../../errors.js';
import type { Watch } from './send.js';

/**
 * A client of node-redis (`redis` 5.9 or later, or 6), connected or not: of `createClient()`, `createSentinel()` or
 * `createCluster()`.
 */
export interface RedisClient {
  // biome-ignore lint/suspicious/noExplicitAny: any instantiation of node-redis's generics is accepted
  duplicate(overrides?: any): any;
  readonly isOpen: boolean;
}

/** What we use of a node-redis client. */
export interface TrackedClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: readonly (string | Buffer)[]): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'invalidate', listener: (key: Buffer | string | null) => void): unknown;
  /** Rejects when this is no longer the server to ask: asked once connected and with each heartbeat. */
  verify?(): Promise<void>;
}

/** `tracked`: the server tells of changes of what was read over it. */
export type ConnectionKind = 'tracked' | 'plain';

/** Makes a connection to one server, or to the one that is the master at that time. */
export type Connect = (kind: ConnectionKind) => TrackedClient;

export interface ConnectionSettings {
  readonly timeout: number;
  readonly database: number | undefined;
  /** Makes the check that runs with each heartbeat of one server. */
  readonly watch?: (() => Watch) | undefined;
}

export type NodeRedisOptions = { readonly [name: string]: unknown };

// RESP 3's own type letters, so that `redis` is not imported: '$' is a blob string, '%' a map.
const BINARY_REPLIES = { 36: Buffer, 37: Array };

/**
 * The options of the given client, with our changes. Each connection uses one socket and is discarded with it, so its
 * state (tracking, scripts, invalidations) never outlives the socket.
 */
export function connectionOptions(
  options: NodeRedisOptions,
  kind: ConnectionKind,
  { timeout, database }: ConnectionSettings,
): NodeRedisOptions {
  return {
    RESP: 3,
    emitInvalidate: kind === 'tracked',
    clientSideCache: undefined,
    disableOfflineQueue: true,
    pingInterval: undefined,
    readonly: false,
    // Parsed into the other options already; parsed again it would undo the database below.
    url: undefined,
    // The one that the client was made with: select() on it is not carried over.
    database: database ?? options.database,
    // Could move the socket to another server, which tracks nothing for us.
    maintNotifications: 'disabled',
    commandOptions: { typeMapping: BINARY_REPLIES, timeout: undefined },
    socket: {
      ...(options.socket as object | undefined),
      reconnectStrategy: false,
      socketTimeout: undefined,
      // Less than our own deadline, or a connection could still be made after we gave it up.
      connectTimeout: Math.max(1, Math.floor(timeout * 0.9)),
    },
  };
}

/**
 * node-redis before 5.9 ignores `emitInvalidate`, so changes of other processes would not be told. Throws
 * ERR_REDIS_CLIENT.
 */
export function assertTellsOfChanges<T extends RedisClient>(client: T): T {
  try {
    // Versions that know `emitInvalidate` refuse it with RESP 2, before any connection is made.
    const others = { clientSideCache: undefined, maintNotifications: 'disabled' };
    client.duplicate({ RESP: 2, emitInvalidate: true, ...others });
  } catch {
    return client;
  }
  throw notAClient('one that does not tell what another process has changed');
}

/** Duplicates of a standalone client. */
export function duplicates(client: RedisClient, settings: ConnectionSettings): Connect {
  const { options = {} } = assertTellsOfChanges<RedisClient & { options?: NodeRedisOptions }>(
    client,
  );
  return (kind) => {
    const one = client.duplicate(connectionOptions(options, kind, settings)) as TrackedClient;
    return Object.assign(one, { verify: () => assertMaster(one) });
  };
}

/** Rejects for a replica, whose answers may be outdated without bound. A proxy that tells no role is accepted. */
export async function assertMaster(client: TrackedClient): Promise<void> {
  // HELLO, since ROLE needs a permission of its own.
  const fields = (await client.sendCommand(['HELLO'])) as unknown[];
  const role = String(fields[fields.findIndex((field) => String(field) === 'role') + 1]);
  if (role === 'replica' || role === 'slave') throw new Error('this server is a replica');
}

export function destroy(client: TrackedClient): void {
  try {
    client.destroy();
  } catch {
    // node-redis 5 throws when there is nothing left to destroy.
  }
}

/** Throws ERR_REDIS_CLIENT for anything but a client of node-redis. */
export function kindOfClient(client: unknown): 'standalone' | 'sentinel' | 'cluster' {
  if (typeof client !== 'object' || client === null) throw notAClient(String(client));
  if (!('duplicate' in client) || typeof client.duplicate !== 'function') {
    throw notAClient('a pool, or something else without duplicate()');
  }
  if ('getSentinelNode' in client) return 'sentinel';
  if ('slots' in client) return 'cluster';
  if ('socketEpoch' in client) return 'standalone';
  throw notAClient('something else');
}

/**
 * The options that a Sentinel or Cluster client was made with. node-redis passes them only to the constructor of a
 * duplicate, which it takes from the prototype: so `duplicate()` is called with a constructor that keeps them.
 */
export function optionsOfClient<T extends object>(client: RedisClient, needed: keyof T): T {
  let options: Partial<T> | undefined;
  function Keep(given: T): void {
    options = given;
  }
  const prototype = Object.create(client, { constructor: { value: Keep } });
  Object.create(prototype).duplicate();
  if (!Array.isArray(options?.[needed])) {
    throw notAClient(`one of another version, whose ${String(needed)} cannot be found`);
  }
  return options as T;
}

function notAClient(got: string): SallyportError {
  return new SallyportError(
    'ERR_REDIS_CLIENT',
    'redisStore needs a client made by createClient(), createSentinel() or createCluster() of redis 5.9 ' +
      `or later, or of 6, got ${got}`,
  );
}
