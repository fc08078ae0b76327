import { createCluster } from 'redis';
import { type RedisStoreOptions, redisStore } from '../../src/store/redis-store.js';
import { eventually, freePort, type RedisServer, startRedis } from './redis.js';
import { closeLater, openClient } from './redis-store.js';

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** What clients are given: all nodes, as they were when it was made. */
  readonly rootNodes: readonly { readonly url: string }[];
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** Masters that share the slots evenly, each with the arguments given. */
export async function startCluster(
  masters = 3,
  { args = [] as readonly string[], persist = false } = {},
): Promise<RedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: masters }, () => startClusterNode({ args, persist })),
  );
  for (const [at, node] of nodes.entries()) {
    const client = await openClient(node.url);
    const [from, to] = [at, at + 1].map((part) => Math.floor((part * SLOTS) / masters));
    await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(from), String(Number(to) - 1)]);
    await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1)]);
  }
  // Each of them, rather than wait for the gossip.
  for (const [at, node] of nodes.entries()) {
    for (const earlier of nodes.slice(0, at)) await meet(node, earlier);
  }
  await Promise.all(nodes.map(({ url }) => clusterOk(url)));
  return {
    nodes,
    rootNodes: nodes.map(({ url }) => ({ url })),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

export async function startClusterNode({
  args = [] as readonly string[],
  persist = false,
  port = undefined as number | undefined,
} = {}): Promise<RedisServer> {
  // Of its own, since the usual one is the port plus 10 000, and that may be beyond the last.
  const bus = await freePort();
  return startRedis({
    persist,
    ...(port === undefined ? {} : { port }),
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(bus)],
      ...['--cluster-node-timeout', '1000', ...args],
    ],
  });
}

export async function meet(node: RedisServer, other: RedisServer): Promise<void> {
  const [client, there] = [await openClient(node.url), await openClient(other.url)];
  const { 'cluster-port': bus } = await there.configGet('cluster-port');
  const words = ['CLUSTER', 'MEET', '127.0.0.1', String(other.port), String(bus)];
  await client.sendCommand(words);
}

export async function clusterOk(url: string): Promise<void> {
  const client = await openClient(url);
  await eventually(
    async () =>
      /cluster_state:ok[\s\S]*cluster_slots_ok:16384/.test(
        String(await client.sendCommand(['CLUSTER', 'INFO'])),
      ) && !/ (?:handshake|fail\??)/.test(String(await client.sendCommand(['CLUSTER', 'NODES']))),
    15_000,
  );
}

/** A store on a Cluster that `closeStores` ends. */
export function openClusterStore(
  rootNodes: RedisCluster['rootNodes'],
  options: RedisStoreOptions = {},
) {
  const client = createCluster({ rootNodes: rootNodes.map(({ url }) => ({ url })) });
  return closeLater(redisStore(client, options));
}
