import { SallyportError } from '../errors.js';

/** A standalone client of node-redis (`createClient` of `redis` 5 or 6), connected or not. */
export interface RedisClient {
  // biome-ignore lint/suspicious/noExplicitAny: any instantiation of node-redis's generics is accepted
  duplicate(overrides?: any): any;
  readonly isOpen: boolean;
}

/** Sends one command on the tracked connection; replies hold Buffers, maps are flat arrays. */
export type Send = (args: readonly (string | Buffer)[]) => Promise<unknown>;

/** What we use of a duplicate. */
export interface TrackedClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: readonly (string | Buffer)[]): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'invalidate', listener: (key: Buffer | string | null) => void): unknown;
}

// RESP 3's own type letters, so that `redis` is not imported: '$' is a blob string, '%' a map.
const BINARY_REPLIES = { 36: Buffer, 37: Array };

/**
 * Returns a factory of connections of our own. Each serves for one socket and is thrown away with it: what
 * it has been told (tracking, scripts, invalidations) never outlives the connection it was told on.
 * Throws ERR_REDIS_CLIENT for anything but a standalone client.
 */
export function trackedClients(
  client: RedisClient,
  { timeout, database }: { readonly timeout: number; readonly database: number | undefined },
): () => TrackedClient {
  assertStandalone(client);
  const options = (client as { options?: Record<string, unknown> }).options ?? {};
  return () =>
    client.duplicate({
      RESP: 3,
      emitInvalidate: true,
      clientSideCache: undefined,
      disableOfflineQueue: true,
      pingInterval: undefined,
      readonly: false,
      // Parsed into the other options already; parsed again it would undo the database below.
      url: undefined,
      // The one that the client was made with: select() on it is not carried over.
      database: database ?? options.database,
      // May move the socket to another server, and with it what we believe.
      maintNotifications: 'disabled',
      commandOptions: { typeMapping: BINARY_REPLIES, timeout: undefined },
      socket: {
        ...(options.socket as object | undefined),
        reconnectStrategy: false,
        socketTimeout: undefined,
        // Before our own deadline, or an abandoned connection could still be made after it.
        connectTimeout: Math.max(1, Math.floor(timeout * 0.9)),
      },
    }) as TrackedClient;
}

function assertStandalone(client: unknown): void {
  const other = otherThanStandalone(client);
  if (other === null) return;
  throw new SallyportError(
    'ERR_REDIS_CLIENT',
    `redisStore needs a client made by createClient() of redis 5 or 6, got ${other}`,
  );
}

function otherThanStandalone(client: unknown): string | null {
  if (typeof client !== 'object' || client === null) return String(client);
  if (!('duplicate' in client) || typeof client.duplicate !== 'function') {
    return 'a pool, or something else without duplicate()';
  }
  if ('slots' in client) return 'a cluster, which is not supported yet';
  if (!('socketEpoch' in client)) return 'a sentinel or another kind, which is not supported yet';
  return null;
}
