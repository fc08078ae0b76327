import {
  assertTellsOfChanges,
  type ConnectionKind,
  type ConnectionSettings,
  connectionOptions,
  type NodeRedisOptions,
  type RedisClient,
  type TrackedClient,
} from './client.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** node-redis's option of this name, for servers that are known by other addresses than ours. */
export type NodeAddressMap =
  | Readonly<Record<string, Address>>
  | ((address: string) => Address | undefined);

export function mapped(address: Address, map: NodeAddressMap | undefined): Address {
  const name = nameOf(address);
  return (typeof map === 'function' ? map(name) : map?.[name]) ?? address;
}

export function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

/** node-redis makes a class for each client it creates (20 ms and more), but none for a duplicate. */
let template: Promise<RedisClient> | undefined;

/** A client of one server that a Sentinel or a Cluster has named. */
export async function nodeClient(
  options: NodeRedisOptions,
  { host, port }: Address,
  kind: ConnectionKind,
  settings: ConnectionSettings,
): Promise<TrackedClient> {
  // Imported here, since only hosts with a Sentinel or Cluster client need to have it.
  template ??= import('redis').then(({ createClient }) => assertTellsOfChanges(createClient()));
  const ours = connectionOptions(options, kind, settings);
  return (await template).duplicate({
    ...options,
    ...ours,
    socket: { ...(ours.socket as object), host, port },
  }) as TrackedClient;
}

type Subscription =
  | [event: 'error', listener: (error: unknown) => void]
  | [event: 'invalidate', listener: (key: Buffer | string | null) => void];

/** A client whose server is found when it connects. */
export function foundClient(
  find: () => Promise<TrackedClient>,
  verify: (client: TrackedClient) => Promise<void>,
): TrackedClient {
  const subscriptions: ((client: TrackedClient) => unknown)[] = [];
  let found: TrackedClient | null = null;
  let destroyed = false;

  function present(): TrackedClient {
    if (!found) throw new Error('not connected');
    return found;
  }

  return {
    get isReady() {
      return found?.isReady ?? false;
    },
    async connect() {
      const client = await find();
      if (destroyed) throw new Error('the connection was closed');
      found = client;
      for (const subscribe of subscriptions) subscribe(client);
      await client.connect();
    },
    destroy() {
      destroyed = true;
      found?.destroy();
    },
    sendCommand: async (args) => present().sendCommand(args),
    on: (...[event, listener]: Subscription) =>
      subscriptions.push((client) =>
        event === 'error' ? client.on(event, listener) : client.on(event, listener),
      ),
    verify: () => verify(present()),
  };
}
