import { createCluster } from 'redis';
import { slotOf } from '../../src/store/redis/slots.js';
import { type RedisStoreOptions, redisStore } from '../../src/store/redis/store.js';
import { eventually, freePort, type RedisServer, startRedis } from './redis.js';
import { caughtUp } from './redis-replica.js';
import { closeLater, openClient } from './redis-store.js';

export interface RedisCluster {
  /** The masters that it was made with. */
  readonly nodes: readonly RedisServer[];
  /** What clients are given: all nodes, as they were when it was made. */
  readonly rootNodes: readonly { readonly url: string }[];
  /** A replica of that master, which has caught up with it and would take its place. */
  addReplica(node: number): Promise<RedisServer>;
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
    const [from, to] = [firstSlot(at, masters), firstSlot(at + 1, masters) - 1];
    await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(from), String(to)]);
    await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1)]);
  }
  // Each of them, rather than wait for the gossip.
  for (const [at, node] of nodes.entries()) {
    for (const earlier of nodes.slice(0, at)) await meet(node, earlier);
  }
  await Promise.all(nodes.map(({ url }) => clusterOk(url)));
  const replicas: RedisServer[] = [];
  return {
    nodes,
    rootNodes: nodes.map(({ url }) => ({ url })),
    async addReplica(at) {
      const master = nodes[at]!;
      const replica = await startClusterNode({
        persist,
        args: [...args, '--cluster-replica-validity-factor', '0'],
      });
      replicas.push(replica);
      await meet(replica, master);
      const client = await openClient(replica.url);
      const id = await (await openClient(master.url)).sendCommand(['CLUSTER', 'MYID']);
      await eventually(() => client.sendCommand(['CLUSTER', 'REPLICATE', String(id)]), 15_000);
      await caughtUp(replica);
      await Promise.all([replica, ...nodes].map(({ url }) => clusterOk(url)));
      return replica;
    },
    async stop() {
      await Promise.all([...nodes, ...replicas].map((node) => node.stop()));
    },
  };
}

function firstSlot(node: number, masters: number): number {
  return Math.floor((node * SLOTS) / masters);
}

/** Which of a Cluster's masters had the slot of this key when it was made. */
export function nodeOf(key: string, masters = 3): number {
  const slot = slotOf(key);
  let node = 0;
  while (slot >= firstSlot(node + 1, masters)) node += 1;
  return node;
}

/** An id that nobody has yet, of a subject whose record lies on that node. */
export function subjectOn(node: number, name = 'user', tenant = ''): string {
  for (let n = 1; ; n += 1) {
    const id = `${name}${n}${tenant}`;
    if (nodeOf(`sp:{s:${id}}`) === node) return id;
  }
}

/**
 * What only needs some Cluster: REDIS_CLUSTER (addresses with commas between them), which is left running, or
 * one of its own. Nobody else may use it meanwhile.
 */
export async function someCluster(): Promise<{
  readonly urls: readonly string[];
  stop(): Promise<void>;
}> {
  const given = process.env.REDIS_CLUSTER;
  if (given) return { urls: given.split(','), async stop() {} };
  const { nodes, stop } = await startCluster();
  return { urls: nodes.map(({ url }) => url), stop };
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
      ...['--cluster-node-timeout', '1000', '--repl-diskless-sync-delay', '0', ...args],
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
