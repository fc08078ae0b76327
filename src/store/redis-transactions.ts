import type { SecondFactorStore } from '../contracts.js';
import { CLOCK, HEADS, script } from './redis/scripts.js';
import type { RedisRecords } from './redis-records.js';

/** ARGV: now, lifetime, keep, value. The value carries its end: a key may outlive it. */
const PUT = script(
  CLOCK,
  HEADS,
  `
redis.call('SET', key, pack(now + tonumber(ARGV[2])) .. ARGV[4], 'PX', ARGV[3])
return 1`,
);

/** ARGV: now → the value, once and in time | nil */
const TAKE = script(
  CLOCK,
  HEADS,
  `
local value = redis.call('GET', key)
if not value then return false end
redis.call('DEL', key)
if now >= time_of(value) then return false end
return string.sub(value, 7)`,
);

/** `marginMs`: how much longer keys are kept than they count, when time is not the server's (tests). */
export function redisTransactions(
  { ask }: Pick<RedisRecords<unknown>, 'ask'>,
  keyOf: (id: string) => string,
  { marginMs }: { readonly marginMs: number },
): Pick<SecondFactorStore, 'putTransaction' | 'takeTransaction'> {
  return {
    putTransaction: (id, value, lifetimeMs) => {
      const keep = Math.max(1, Math.ceil(lifetimeMs + marginMs));
      return ask(keyOf(id), PUT, [lifetimeMs, keep, Buffer.from(value)], () => undefined);
    },
    takeTransaction: (id) => ask(keyOf(id), TAKE, [], (value) => value as Buffer | null),
  };
}
