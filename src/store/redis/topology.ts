import { together } from '../../awaitable.js';
import { type Address, nameOf } from './node.js';
import type { Send } from './send.js';
import { SLOTS } from './slots.js';

/** Who has which slot, as one node of a Cluster sees it. */
export interface Topology {
  readonly masters: readonly Address[];
  /** By slot, the index in `masters`; -1 for a slot that no node has. */
  readonly owners: Int16Array;
}

type SlotRange = readonly [start: number, end: number, master: readonly [Buffer | null, number]];

/** Asks the node at `from`. */
export async function readTopology(send: Send, from: Address): Promise<Topology> {
  const masters: Address[] = [];
  const places = new Map<string, number>();
  const owners = new Int16Array(SLOTS).fill(-1);
  for (const [start, end, [host, port]] of (await send(['CLUSTER', 'SLOTS'])) as SlotRange[]) {
    const named = host === null ? '' : String(host);
    // A node that does not know its own address leaves it out: then it is the address that was asked.
    const address = { host: named === '' || named === '?' ? from.host : named, port };
    const name = nameOf(address);
    const place = places.get(name) ?? masters.push(address) - 1;
    places.set(name, place);
    owners.fill(place, start, end + 1);
  }
  if (masters.length === 0) throw new Error('the Cluster has given no slot to any node');
  return { masters, owners };
}

/** What a node says of itself. */
export interface NodeState {
  readonly master: boolean;
  /** Changes whenever the slots it has, or is about to give or take, change. */
  readonly fingerprint: string;
  /** Slots whose keys are on their way from or to another node. */
  readonly moving: ReadonlySet<number>;
}

export async function readNodeState(send: Send): Promise<NodeState> {
  const [nodes, info] = await together(
    () => send(['CLUSTER', 'NODES']).then(String),
    () => send(['CLUSTER', 'INFO']).then(String),
  );
  // The node refuses reads, so earlier reads must not stay valid.
  if (!/^cluster_state:ok/m.test(info)) throw new Error('CLUSTERDOWN the Cluster is down');
  const own = nodes.split('\n').find((line) => /^\S+ \S+ \S*\bmyself\b/.test(line)) ?? '';
  const [, , flags = '', , , , , , ...slots] = own.split(' ');
  const moving = slots.map((slot) => /^\[(\d+)-[<>]-/.exec(slot)?.[1]).filter(Boolean);
  return {
    master: flags.split(',').includes('master'),
    fingerprint: slots.join(' '),
    moving: new Set(moving.map(Number)),
  };
}
