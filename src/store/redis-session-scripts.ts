import { CLOCK, script } from './redis/scripts.js';

/** Ended, or ended and renewed under another id: see redis-assurance.ts. */
const IS_ENDED = `
local function is_ended(value)
  local state = string.sub(value, 1, 1)
  return state == 'e' or state == 'r'
end`;

/** ARGV: now, lifetime, keep, proof of nothing, epoch → the value that holds */
export const OPEN_PENDING = script(
  CLOCK,
  IS_ENDED,
  `
local present = redis.call('GET', key)
if present then
  local proof = string.match(present, '^%a%d+:%d+:(.*)$')
  -- A list that begins with login and subject: '["login","id"]' here, '["login","id",…' there.
  local whose = #ARGV[4] - 1
  local holds = string.sub(proof, 1, whose) == string.sub(ARGV[4], 1, whose)
  if is_ended(present) or holds then return present end
end
local value = 'p' .. int(now + tonumber(ARGV[2])) .. ':' .. ARGV[5] .. ':' .. ARGV[4]
redis.call('SET', key, value, 'PX', ARGV[3])
return value`,
);

/** ARGV: now, lifetime, keep, proof, epoch → 1 | 0 */
export const PROVE = script(
  CLOCK,
  IS_ENDED,
  `
local present = redis.call('GET', key)
if present and is_ended(present) then return 0 end
local value = 'v' .. int(now + tonumber(ARGV[2])) .. ':' .. ARGV[5] .. ':' .. ARGV[4]
redis.call('SET', key, value, 'PX', ARGV[3])
return 1`,
);

/**
 * ARGV: now, lifetime, keep, proof of nobody, letter of the end → 1 | 0. DEL comes first because a full Redis refuses SET, but
 * not in a script that has written already: people can log out of a full store.
 */
export const END = script(
  CLOCK,
  IS_ENDED,
  `
local rest = ':0:' .. ARGV[4]
local present = redis.call('GET', key)
if present then
  if is_ended(present) then return 0 end
  rest = string.match(present, '^%a%d+(:.*)$')
end
redis.call('DEL', key)
redis.call('SET', key, ARGV[5] .. int(now + tonumber(ARGV[2])) .. rest, 'PX', ARGV[3])
return 1`,
);
