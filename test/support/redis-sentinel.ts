import { createSentinel } from 'redis';
import { type RedisStoreOptions, redisStore } from '../../src/store/redis/store.js';
import { eventually, type RedisServer, startRedis } from './redis.js';
import { startReplica } from './redis-replica.js';
import { closeLater, openClient } from './redis-store.js';

export interface RedisTrio {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** How long the master must be gone before the Sentinels replace it. */
  patience(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const NAME = 'main';

/** One that is cut off from the others, and still names a master that they have replaced. */
export function startLoneSentinel({ port }: Pick<RedisServer, 'port'>): Promise<RedisServer> {
  const config = `sentinel monitor ${NAME} 127.0.0.1 ${port} 1\n`;
  return startRedis({ config, args: ['--sentinel'] });
}

/** A master and its replica, watched by three Sentinels who act fast. */
export async function startSentinels(): Promise<RedisTrio> {
  const master = await startRedis({ persist: true, args: ['--repl-diskless-sync-delay', '0'] });
  const replica = await startReplica(master);
  const config = [
    `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 3000`,
    '',
  ].join('\n');
  const sentinels = await Promise.all(
    Array.from({ length: 3 }, () => startRedis({ config, args: ['--sentinel'] })),
  );
  for (const { url } of sentinels) {
    const client = await openClient(url);
    // Each must know the two others and the replica before it can act.
    await eventually(async () => {
      const state = await client.sendCommand(['SENTINEL', 'MASTER', NAME]);
      const { 'num-other-sentinels': others, 'num-slaves': replicas } = {
        ...(state as unknown as Record<string, unknown>),
      };
      return String(others) === '2' && String(replicas) === '1';
    }, 15_000);
  }
  return {
    master,
    replica,
    sentinels,
    async patience(ms) {
      const command = ['SENTINEL', 'SET', NAME, 'down-after-milliseconds', String(ms)];
      for (const { url } of sentinels) await (await openClient(url)).sendCommand(command);
    },
    async stop() {
      await Promise.all([...sentinels, master, replica].map((one) => one.stop()));
    },
  };
}

/** A store on the master that the Sentinels name; `closeStores` ends it. */
export function openSentinelStore(
  { sentinels }: Pick<RedisTrio, 'sentinels'>,
  options: RedisStoreOptions = {},
) {
  return closeLater(redisStore(sentinelClient({ sentinels }), options));
}

function sentinelClient({ sentinels }: Pick<RedisTrio, 'sentinels'>) {
  const sentinelRootNodes = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  return createSentinel({ name: NAME, sentinelRootNodes });
}
