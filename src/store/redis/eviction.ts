import { together } from '../../awaitable.js';
import { UnavailableError } from '../../errors.js';
import { replyCode } from './errors.js';
import type { Watch } from './send.js';

/**
 * Refuses a Redis that may evict keys, since an evicted enrollment opens an account. With each heartbeat, since the
 * policy can change under a running process, and also while `maxmemory` is 0, since the policy takes effect as soon
 * as a limit is set. A rising count of evicted keys counts as a lost connection: no cached read stays valid.
 */
export function evictionWatch(): Watch {
  let evicted: number | null = null;
  return async (send) => {
    // INFO and not CONFIG GET, which hosted Redis forbids. Before Redis 7 it takes one section at a time.
    const [memory, stats] = await together(
      () => send(['INFO', 'memory']).then(String),
      () => send(['INFO', 'stats']).then(String),
    ).catch((error) => {
      if (replyCode(error) === 'NOPERM') throw notTold(error);
      throw error;
    });
    assertKeeps(memory);
    const now = Number(/^evicted_keys:(\d+)/m.exec(stats)?.[1] ?? 0);
    const before = evicted ?? now;
    evicted = now;
    if (now > before) throw hasEvicted(now - before);
  };
}

/** `memory`: that section of INFO. */
function assertKeeps(memory: string): void {
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'unknown';
  if (policy === 'noeviction') return;
  throw new UnavailableError(
    'ERR_REDIS_EVICTION',
    `Redis has maxmemory-policy ${policy}: it may drop enrollments, and with them the lock ` +
      'on an account. Set it to noeviction, or set allowEviction: true to accept that',
  );
}

function hasEvicted(count: number): UnavailableError {
  return new UnavailableError(
    'ERR_REDIS_EVICTION',
    `Redis has evicted ${count} keys: records may be lost. \`npx sallyport doctor\` says which`,
  );
}

function notTold(cause: unknown): UnavailableError {
  return new UnavailableError(
    'ERR_REDIS_EVICTION',
    'The Redis user may not run INFO, so maxmemory-policy cannot be checked: grant +info, or set ' +
      'allowEviction: true when you know that it is noeviction',
    { cause },
  );
}
