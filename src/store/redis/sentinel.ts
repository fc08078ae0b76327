import { together } from '../../awaitable.js';
import { withDeadline } from '../../deadline.js';
import {
  assertMaster,
  type Connect,
  type ConnectionSettings,
  destroy,
  type NodeRedisOptions,
  optionsOfClient,
  type RedisClient,
  type TrackedClient,
} from './client.js';
import {
  type Address,
  foundClient,
  mapped,
  type NodeAddressMap,
  nameOf,
  nodeClient,
} from './node.js';

interface SentinelOptions {
  readonly name: string;
  readonly sentinelRootNodes: readonly Address[];
  readonly nodeClientOptions?: NodeRedisOptions;
  readonly sentinelClientOptions?: NodeRedisOptions;
  readonly nodeAddressMap?: NodeAddressMap;
}

/**
 * Connections to the master that Sentinels name. Each is made after asking them, its server must call itself a
 * master, and both are asked again with every heartbeat: a master that was replaced is left within a second of the
 * Sentinels' agreement, even when it does not know of it yet.
 */
export function sentinelMaster(
  client: RedisClient,
  settings: ConnectionSettings,
): { readonly connect: Connect; close(): void } {
  const options = optionsOfClient<SentinelOptions>(client, 'sentinelRootNodes');
  const { name, sentinelRootNodes: sentinels } = options;
  const patience = Math.floor(settings.timeout * 0.4);
  const open = new Map<string, Promise<TrackedClient>>();

  function sentinelAt(sentinel: Address): Promise<TrackedClient> {
    const at = nameOf(sentinel);
    const present = open.get(at);
    if (present !== undefined) return present;
    const opening = connectTo(sentinel, () => drop(at, opening));
    open.set(at, opening);
    opening.catch(() => drop(at, opening));
    return opening;
  }

  async function connectTo(sentinel: Address, lost: () => void): Promise<TrackedClient> {
    const given = { ...options.sentinelClientOptions, database: undefined };
    const address = mapped(sentinel, options.nodeAddressMap);
    const one = await nodeClient(given, address, 'plain', { ...settings, database: undefined });
    one.on('error', lost);
    // A connection to a Sentinel does not keep the process alive.
    (one as { unref?(): void }).unref?.();
    try {
      await withDeadline(one.connect(), patience);
      return one;
    } catch (error) {
      destroy(one);
      throw error;
    }
  }

  function drop(at: string, opening: Promise<TrackedClient>): void {
    if (open.get(at) === opening) open.delete(at);
    opening.then(destroy, () => {});
  }

  async function ask(sentinel: Address): Promise<string | null> {
    const opening = sentinelAt(sentinel);
    try {
      const one = await opening;
      const asked = one.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
      const reply = (await withDeadline(asked, patience)) as [Buffer, Buffer] | null;
      return reply && nameOf({ host: String(reply[0]), port: Number(reply[1]) });
    } catch (error) {
      drop(nameOf(sentinel), opening);
      throw error;
    }
  }

  /**
   * The master that most of all Sentinels name; after half the timeout, the one that most of those name that have
   * answered.
   */
  function findMaster(): Promise<Address> {
    const votes = new Map<string, number>();
    let waitingFor = sentinels.length;
    let enough = sentinels.length / 2;
    return new Promise((resolve, reject) => {
      function settle(then: () => void): void {
        clearTimeout(half);
        clearTimeout(end);
        then();
      }
      function decide(): void {
        const [best] = [...votes].toSorted(([, one], [, other]) => other - one);
        if (best && (best[1] > enough || waitingFor <= 0)) {
          const at = best[0].lastIndexOf(':');
          const address = { host: best[0].slice(0, at), port: Number(best[0].slice(at + 1)) };
          settle(() => resolve(address));
        } else if (waitingFor <= 0) {
          settle(() => reject(new Error(`no Sentinel names a master for ${name}`)));
        }
      }
      const half = setTimeout(() => {
        enough = 0;
        decide();
      }, settings.timeout * 0.5);
      const end = setTimeout(() => {
        waitingFor = 0;
        decide();
      }, settings.timeout * 0.8);
      for (const sentinel of sentinels) {
        ask(sentinel)
          .then(
            (address) => void (address && votes.set(address, (votes.get(address) ?? 0) + 1)),
            () => {},
          )
          .finally(() => {
            waitingFor -= 1;
            decide();
          });
      }
    });
  }

  let finding: Promise<Address> | null = null;
  /** Concurrent calls share one lookup. */
  function master(): Promise<Address> {
    finding ??= findMaster().finally(() => {
      finding = null;
    });
    return finding;
  }

  return {
    connect(kind) {
      let connectedTo = '';
      return foundClient(
        async () => {
          const found = await master();
          connectedTo = nameOf(found);
          const address = mapped(found, options.nodeAddressMap);
          return nodeClient(options.nodeClientOptions ?? {}, address, kind, settings);
        },
        async (one) => {
          const [named] = await together(
            // That no Sentinel can be reached says nothing about the master.
            () => master().then(nameOf, () => connectedTo),
            () => assertMaster(one),
          );
          if (named !== connectedTo) throw new Error(`the master is ${named}, not ${connectedTo}`);
        },
      );
    },
    close() {
      for (const [at, opening] of open) drop(at, opening);
    },
  };
}
