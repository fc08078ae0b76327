import { withDeadline } from '../deadline.js';
import { SallyportError } from '../errors.js';
import { replyCode, unavailable } from '../store/redis/errors.js';
import type { Send } from '../store/redis/send.js';
import { slotOf } from '../store/redis/slots.js';
import { readTopology } from '../store/redis/topology.js';
import { UsageError } from './command.js';

const COMMAND_MS = 5000;

/** One server, over a connection of our own without tracking. */
export interface Server {
  /** `host:port`, without user and password. */
  readonly name: string;
  /** Within a deadline; rejects with `UnavailableError`. */
  readonly send: Send;
  close(): void;
}

export interface Servers {
  /** One, or the masters of a Cluster. */
  readonly masters: readonly Server[];
  readonly clustered: boolean;
  /** The master of a key. */
  masterOf(key: string): Server;
  /** For `redisStore`. */
  readonly client: Parameters<typeof import('../store/redis/store.js').redisStore>[0];
  close(): void;
}

/** node-redis makes a class for each client it creates (some 30 ms), but none for a duplicate. */
let template: ReturnType<typeof import('redis').createClient> | undefined;

/** Finds out what is behind a URL: one server, or a node of a Cluster. The package `redis` is an optional peer. */
export async function findServers(url: string): Promise<Servers> {
  const { createClient, createCluster } = await driver();
  const parsed = parseUrl(url);
  template ??= createClient();
  const clients = template;

  const open = (address: string): Server => {
    const client = clients.duplicate({
      url: address,
      RESP: 2,
      maintNotifications: 'disabled',
      disableOfflineQueue: true,
      commandOptions: { typeMapping: { 36: Buffer } },
      socket: { reconnectStrategy: false, connectTimeout: COMMAND_MS },
    });
    // The command that was under way is rejected with it.
    client.on('error', () => {});
    let connecting: Promise<unknown> | undefined;
    return {
      name: new URL(address).host,
      async send(args) {
        try {
          connecting ??= client.connect();
          await withDeadline(connecting, COMMAND_MS);
          return await withDeadline(client.sendCommand([...args]), COMMAND_MS);
        } catch (cause) {
          throw unavailable(cause);
        }
      },
      close() {
        // A connection attempt to a server that hangs would never end by itself.
        connecting?.catch(() => {});
        if (client.isOpen) client.destroy();
      },
    };
  };

  const first = open(url);
  const servers = [first];
  const close = () => {
    for (const server of servers) server.close();
  };
  try {
    const cluster = await clusterMasters(first, parsed);
    if (!cluster) {
      const masterOf = () => first;
      const client = clients.duplicate({ url });
      return { masters: [first], clustered: false, masterOf, client, close };
    }
    const masters = cluster.addresses.map(open);
    servers.push(...masters);
    const masterOf = (key: string): Server => {
      const master = masters[cluster.owners[slotOf(key)] ?? -1];
      if (!master) throw unavailable(new Error('a slot of the Cluster belongs to no master'));
      return master;
    };
    const { username, password, protocol } = parsed;
    const client = createCluster({
      rootNodes: [{ url }],
      defaults: {
        ...(username && { username: decodeURIComponent(username) }),
        ...(password && { password: decodeURIComponent(password) }),
        ...(protocol === 'rediss:' && { socket: { tls: true as const } }),
      },
    });
    return { masters, clustered: true, masterOf, client, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function driver(): Promise<typeof import('redis')> {
  try {
    return await import('redis');
  } catch (cause) {
    throw new SallyportError(
      'ERR_DEPENDENCY',
      'Redis is reached with the package redis, which could not be loaded: npm install redis@6',
      { cause },
    );
  }
}

/** The URLs of a Cluster's masters, and which of them has each slot; null for a server that is in none. */
async function clusterMasters(
  { send }: Server,
  url: URL,
): Promise<{ readonly addresses: readonly string[]; readonly owners: Int16Array } | null> {
  const from = { host: url.hostname, port: Number(url.port || 6379) };
  try {
    const { masters, owners } = await readTopology(send, from);
    const addresses = masters.map(({ host, port }) => {
      const address = new URL(url);
      address.hostname = host.includes(':') ? `[${host}]` : host;
      address.port = String(port);
      return address.href;
    });
    return { addresses, owners };
  } catch (error) {
    const code = replyCode((error as { cause?: unknown }).cause);
    // No Cluster, or the user may not run CLUSTER: a single server.
    if (code === 'ERR' || code === 'NOPERM') return null;
    throw error;
  }
}

function parseUrl(url: string): URL {
  // The URL is not shown, since it may hold a password.
  if (URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol)) return new URL(url);
  throw new UsageError('the Redis URL is not one: redis://[user:password@]host[:port][/database]');
}
