import { eventually, type RedisServer, startRedis } from './redis.js';
import { openClient } from './redis-store.js';

/** A replica that has caught up with its master. */
export async function startReplica(
  { port }: RedisServer,
  args: readonly string[] = [],
): Promise<RedisServer> {
  const replicaOf = ['--replicaof', '127.0.0.1', String(port)];
  const replica = await startRedis({
    persist: true,
    args: [...replicaOf, '--repl-diskless-sync-delay', '0', ...args],
  });
  await caughtUp(replica);
  return replica;
}

export async function caughtUp(replica: RedisServer): Promise<void> {
  const client = await openClient(replica.url);
  await eventually(
    async () => /master_link_status:up/.test(String(await client.info('replication'))),
    15_000,
  );
}
