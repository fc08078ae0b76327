import { together } from '../../awaitable.js';
import { withDeadline } from '../../deadline.js';
import { UnavailableError } from '../../errors.js';
import { closedError } from '../lost-record.js';
import {
  type ConnectionSettings,
  destroy,
  type NodeRedisOptions,
  optionsOfClient,
  type RedisClient,
} from './client.js';
import type { ConnectionListener, RedisConnection } from './connection.js';
import { redirection, replyCode, unavailable } from './errors.js';
import {
  type Address,
  foundClient,
  mapped,
  type NodeAddressMap,
  nameOf,
  nodeClient,
} from './node.js';
import type { Send } from './send.js';
import { type RedisNode, type RedisShards, redisNode } from './shards.js';
import { slotOf } from './slots.js';
import { readNodeState, readTopology, type Topology } from './topology.js';

interface ClusterOptions {
  readonly rootNodes: readonly NodeRedisOptions[];
  readonly defaults?: NodeRedisOptions;
  readonly nodeAddressMap?: NodeAddressMap;
}

interface Member {
  readonly address: Address;
  readonly node: RedisNode;
  /** What it last said of its slots; null before that. */
  fingerprint: string | null;
  moving: ReadonlySet<number>;
}

const REFRESH_MS = 250;

/**
 * The masters of a Cluster, each with a tracked connection. Everything read so far is dropped whenever a key may have
 * moved: a connection was lost, the slots of a node changed or began to move, or a redirection came.
 */
export function clusterShards(
  client: RedisClient,
  settings: ConnectionSettings,
  listener: ConnectionListener,
): RedisShards {
  const options = optionsOfClient<ClusterOptions>(client, 'rootNodes');
  const members = new Map<string, Member>();
  let topology: Topology | null = null;
  /** The members that have slots, in the order of `topology.masters`. */
  let order: readonly Member[] = [];
  let refreshing: Promise<Topology> | null = null;
  let refreshTimer: NodeJS.Timeout | undefined;
  let closed = false;

  function memberAt(address: Address): Member {
    const name = nameOf(address);
    const present = members.get(name);
    if (present) return present;
    const given = { ...options.defaults };
    const reached = mapped(address, options.nodeAddressMap);
    const node = redisNode(
      (kind) =>
        foundClient(
          () => nodeClient(given, reached, kind, settings),
          async (one) => {
            const state = await readNodeState((args) => one.sendCommand(args));
            if (!state.master) throw new Error(`${name} is not a master any more`);
            if (kind === 'tracked') noteState(member, state.fingerprint, state.moving);
          },
        ),
      settings,
      {
        invalidated: listener.invalidated,
        lost() {
          listener.lost();
          refreshSoon();
        },
      },
    );
    const member: Member = { address, node, fingerprint: null, moving: new Set() };
    members.set(name, member);
    return member;
  }

  function noteState(member: Member, fingerprint: string, moving: ReadonlySet<number>): void {
    const changed = member.fingerprint !== null && member.fingerprint !== fingerprint;
    member.fingerprint = fingerprint;
    member.moving = moving;
    if (!changed) return;
    listener.lost();
    refreshSoon();
  }

  function refreshSoon(): void {
    if (closed || refreshTimer) return;
    refreshTimer = setTimeout(() => {
      refreshTimer = undefined;
      refresh().catch(refreshSoon);
    }, REFRESH_MS).unref();
  }

  /** Reads the topology from the node that answers first. */
  function refresh(): Promise<Topology> {
    refreshing ??= discover()
      .then(adopt)
      .finally(() => {
        refreshing = null;
      });
    return refreshing;
  }

  async function discover(): Promise<Topology> {
    const connected = order.filter(({ node }) => node.main.trusted());
    const asked = connected.map(({ address, node }) =>
      node.main.call((send) => readTopology(send, address)),
    );
    try {
      return await Promise.any(asked);
    } catch {
      return await fromRoots();
    }
  }

  async function fromRoots(): Promise<Topology> {
    const roots = options.rootNodes.map((root) => ({ root, address: addressOf(root) }));
    const known = order.map(({ address }) => ({ root: {}, address }));
    const asked = [...roots, ...known].map(async ({ root, address }) => {
      const given = { ...options.defaults, ...root };
      const reached = mapped(address, options.nodeAddressMap);
      const one = await nodeClient(given, reached, 'plain', settings);
      one.on('error', () => {});
      try {
        return await withDeadline(
          one.connect().then(() => readTopology((args) => one.sendCommand(args), address)),
          settings.timeout,
        );
      } finally {
        destroy(one);
      }
    });
    return Promise.any(asked).catch((error) => {
      throw error.errors?.[0] ?? error;
    });
  }

  function adopt(found: Topology): Topology {
    if (closed) throw closedError();
    if (topology && !sameOwners(topology, found)) listener.lost();
    order = found.masters.map(memberAt);
    topology = found;
    for (const [name, member] of members) {
      if (order.includes(member)) continue;
      members.delete(name);
      member.node.close();
    }
    return found;
  }

  function ownerOf(slot: number): Member | null {
    const place = topology?.owners[slot] ?? -1;
    return order[place] ?? null;
  }

  async function owner(slot: number): Promise<Member> {
    if (closed) throw closedError();
    if (!topology) await refresh();
    const member = ownerOf(slot);
    if (member) return member;
    refreshSoon();
    throw new Error(`no node of the Cluster has slot ${slot}`);
  }

  /** Follows ASK for this one command: the other keys of the slot may be on either node. */
  function asking(send: Send, through: 'main' | 'blocking'): Send {
    return async (args) => {
      try {
        return await send(args);
      } catch (error) {
        const ask = redirection(error);
        if (ask?.kind !== 'ASK') throw error;
        const { node } = memberAt(ask.address);
        return node[through]
          .call(
            async (there) =>
              (
                await together(
                  () => there(['ASKING']),
                  () => there(args),
                )
              )[1],
          )
          .catch((failed) => {
            // As it would have come from the node itself.
            throw replyCode(failed.cause) === null ? failed : failed.cause;
          });
      }
    };
  }

  async function run<T>(
    key: string,
    through: 'main' | 'blocking',
    work: (send: Send) => Promise<T>,
  ): Promise<T> {
    try {
      const slot = slotOf(key);
      const attempt = async () => {
        const connection: RedisConnection = (await owner(slot)).node[through];
        return connection.call((send) => work(asking(send, through)));
      };
      try {
        return await withDeadline(attempt(), 2 * settings.timeout);
      } catch (error) {
        if (redirection(error)?.kind !== 'MOVED') throw error;
        // The command did not run, and what was read of that slot came from the wrong node.
        listener.lost();
        await withDeadline(refresh(), settings.timeout);
        return await attempt();
      }
    } catch (error) {
      if (!closed) refreshSoonAfter(error);
      throw unavailable(error);
    }
  }

  /** A node that cannot be reached may have been replaced by another. */
  function refreshSoonAfter(error: unknown): void {
    const cause = error instanceof UnavailableError ? error.cause : error;
    if (cause === undefined) return;
    const refused = replyCode(cause);
    if (refused === null || refused === 'CLUSTERDOWN' || refused === 'READONLY') refreshSoon();
  }

  return {
    async open() {
      const { owners } = await refresh();
      if (owners.includes(-1)) throw new Error('some slots of the Cluster belong to no node');
      await Promise.all(order.map(({ node }) => node.main.open()));
    },

    trusted(key) {
      const slot = slotOf(key);
      const member = ownerOf(slot);
      return member?.node.main.trusted() === true && !member.moving.has(slot);
    },

    now() {
      const connected = order.find(({ node }) => node.main.trusted()) ?? order[0];
      return connected?.node.main.now() ?? performance.timeOrigin + performance.now();
    },

    call: (key, work) => run(key, 'main', work),
    callBlocking: (key, work) => run(key, 'blocking', work),

    async each(work) {
      if (!topology) await refresh();
      return Promise.all(order.map(({ node }) => node.main.call(work)));
    },

    grouped(keys) {
      const groups = new Map<number, string[]>();
      for (const key of keys) {
        const place = topology?.owners[slotOf(key)] ?? -1;
        const group = groups.get(place);
        if (group) group.push(key);
        else groups.set(place, [key]);
      }
      return [...groups.values()];
    },

    close() {
      closed = true;
      clearTimeout(refreshTimer);
      for (const { node } of members.values()) node.close();
    },
  };
}

function sameOwners(one: Topology, other: Topology): boolean {
  const names = ({ masters }: Topology) => masters.map(nameOf).join();
  return (
    names(one) === names(other) && one.owners.every((place, slot) => place === other.owners[slot])
  );
}

function addressOf(root: NodeRedisOptions): Address {
  if (typeof root.url === 'string') {
    const { hostname, port } = new URL(root.url);
    return { host: hostname || '127.0.0.1', port: Number(port || 6379) };
  }
  const { host = '127.0.0.1', port = 6379 } = (root.socket ?? {}) as Partial<Address>;
  return { host, port };
}
