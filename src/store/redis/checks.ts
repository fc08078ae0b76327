import { SallyportError } from '../../errors.js';
import { replyCode } from './errors.js';
import type { RedisShards } from './shards.js';

/**
 * Refuses a Redis that may evict: an evicted enrollment is a lost lock. Also while `maxmemory` is 0, since
 * the policy takes effect the moment that somebody sets a limit, and nobody would check again.
 */
export async function assertNoEviction(shards: Pick<RedisShards, 'each'>): Promise<void> {
  // INFO and not CONFIG GET, which hosted Redis forbids.
  const infos = await shards
    .each(async (send) => String(await send(['INFO', 'memory'])))
    .catch((error) => {
      if (replyCode(error.cause) !== 'NOPERM') throw error;
      throw new SallyportError(
        'ERR_REDIS_EVICTION',
        'The Redis user may not run INFO, so maxmemory-policy cannot be checked: grant +info, or set ' +
          'allowEviction: true when you know that it is noeviction',
        { cause: error },
      );
    });
  const policies = infos.map((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'unknown');
  const policy = policies.find((one) => one !== 'noeviction');
  if (policy === undefined) return;
  throw new SallyportError(
    'ERR_REDIS_EVICTION',
    `Redis has maxmemory-policy ${policy}: it may drop enrollments, and with them the lock ` +
      'on an account. Set it to noeviction, or set allowEviction: true to accept that',
  );
}
