import { SallyportError } from '../../errors.js';
import { type ConnectionSettings, duplicates, kindOfClient, type RedisClient } from './client.js';
import { clusterShards } from './cluster.js';
import type { ConnectionListener } from './connection.js';
import { sentinelMaster } from './sentinel.js';
import { type RedisShards, redisNode, singleShard } from './shards.js';

/** The servers that a client leads to. Throws ERR_REDIS_CLIENT. */
export function redisServers(
  client: RedisClient,
  settings: ConnectionSettings,
  listener: ConnectionListener,
): { readonly shards: RedisShards; readonly clustered: boolean } {
  const kind = kindOfClient(client);
  switch (kind) {
    case 'standalone': {
      const node = redisNode(duplicates(client, settings), settings, listener);
      return { shards: singleShard(node), clustered: false };
    }
    case 'sentinel': {
      const { connect, close } = sentinelMaster(client, settings);
      const shard = singleShard(redisNode(connect, settings, listener));
      const closeAll = () => {
        shard.close();
        close();
      };
      return { shards: { ...shard, close: closeAll }, clustered: false };
    }
    case 'cluster':
      if (settings.database) {
        throw new SallyportError(
          'ERR_OPTION',
          `redisStore: a Cluster has no other database than 0, got ${settings.database}`,
        );
      }
      return { shards: clusterShards(client, settings, listener), clustered: true };
    default:
      throw kind satisfies never;
  }
}
