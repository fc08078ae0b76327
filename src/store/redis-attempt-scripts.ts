import { CLOCK, HEADS, IS_EPOCH, script } from './redis/scripts.js';

/** ARGV: now, free, stop, stoppable, waits… → ['locked', retryAt or ''] | ['reserved', now, HGETALL] */
export const RESERVE = script(
  CLOCK,
  `
local free, stop = tonumber(ARGV[2]), tonumber(ARGV[3])
local count = redis.call('HMGET', key, 'f', 'w')
local failures, wait = tonumber(count[1] or 0), tonumber(count[2] or 0)
if ARGV[4] == '1' and failures >= stop then return {'locked', ''} end
if now < wait then return {'locked', int(wait)} end
-- Read before the write, here and below: what a script reads last, the server tracks for nothing.
local fields = redis.call('HGETALL', key)
failures = failures + 1
local waits = #ARGV - 4
if failures >= free and waits > 0 then
  wait = now + tonumber(ARGV[5 + math.min(failures - free, waits - 1)])
  redis.call('HSET', key, 'f', int(failures), 'w', int(wait))
else
  redis.call('HSET', key, 'f', int(failures))
end
return {'reserved', int(now), fields}`,
);

/** ARGV: now, enrollment id, step or '', epoch → ['ended'] | ['gone'] | ['replayed'] | ['committed'] */
export const COMMIT = script(
  CLOCK,
  HEADS,
  IS_EPOCH,
  `
if not is_epoch(ARGV[4]) then return {'ended'} end
local slot = slots()[ARGV[2]]
if not slot then return {'gone'} end
-- RFC 6238 5.2: a code is accepted once, and none of an earlier step after it.
local step = tonumber(ARGV[3])
if step and step <= tonumber(redis.call('HGET', key, 's' .. slot)) then return {'replayed'} end
redis.call('HSET', key, 'u' .. slot, int(now))
if step then redis.call('HSET', key, 's' .. slot, ARGV[3]) end
redis.call('HDEL', key, 'f', 'w')
return {'committed'}`,
);

/** ARGV: now. Clears the count of failures. */
export const UNLOCK = script(CLOCK, `return redis.call('HDEL', key, 'f', 'w')`);
