import { CLOCK, script } from './redis/scripts.js';

/** ARGV: now, expected version or '', JSON or '' → ['saved', version] | ['conflict', HGETALL] */
export const WRITE_SETTING = script(
  CLOCK,
  `
local version = tonumber(redis.call('HGET', key, 'v') or 0)
local current = redis.call('HEXISTS', key, 'vt') == 1 and version or 0
if ARGV[2] ~= '' and tonumber(ARGV[2]) ~= current then
  return {'conflict', redis.call('HGETALL', key)}
end
local old = 0
while redis.call('HDEL', key, 'v' .. old) == 1 do old = old + 1 end
redis.call('HDEL', key, 'vt')
redis.call('HSET', key, 'v', int(version + 1))
if ARGV[3] ~= '' then
  redis.call('HSET', key, 'vt', int(now))
  for at = 0, math.ceil(#ARGV[3] / 64) - 1 do
    redis.call('HSET', key, 'v' .. at, string.sub(ARGV[3], at * 64 + 1, at * 64 + 64))
  end
end
return {'saved', int(version + 1)}`,
);
