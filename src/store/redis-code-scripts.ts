import { CLOCK, DROP_CODES, HEADS, IS_EPOCH, script } from './redis/scripts.js';

/** What was begun with an activation key goes with it. */
const VOID_KEYED = `
local function void_keyed()
  local owner = redis.call('HGET', key, 'ps')
  if owner and string.sub(owner, 1, 1) == 'k' then redis.call('HDEL', key, 'pm', 'pk', 'pl', 'ps') end
end
`;

/** ARGV: now, lifetime, digest → when it ends */
export const PUT_KEY = script(
  CLOCK,
  HEADS,
  VOID_KEYED,
  `
local ends = now + tonumber(ARGV[2])
void_keyed()
redis.call('HSET', key, 'a', pack(ends) .. ARGV[3])
return int(ends)`,
);

/** ARGV: now → 1 | 0 */
export const REVOKE_KEY = script(
  CLOCK,
  VOID_KEYED,
  `
void_keyed()
return redis.call('HDEL', key, 'a')`,
);

/** ARGV: now, epoch expected or '', values of x0, x1, … (redis-digests.ts) → 1 | 0 */
export const REPLACE_CODES = script(
  CLOCK,
  IS_EPOCH,
  DROP_CODES,
  `
if not is_epoch(ARGV[2]) then return 0 end
drop_codes()
for at = 3, #ARGV do redis.call('HSET', key, 'x' .. (at - 3), ARGV[at]) end
redis.call('HSET', key, 'y', '')
return 1`,
);

/** ARGV: now, candidates of 14 bytes… → 1 | 0 */
export const KEEP_CODES = script(
  CLOCK,
  `
local n = 0
while true do
  local value = redis.call('HGET', key, 'x' .. n)
  if not value then return 0 end
  for at = 5, #value, 10 do
    for i = 2, #ARGV do
      if ARGV[i] == string.sub(value, 1, 4) .. string.sub(value, at, at + 9) then
        redis.call('HDEL', key, 'y')
        return 1
      end
    end
  end
  n = n + 1
end`,
);

/** ARGV: now, epoch, candidates of 14 bytes… → ['ended'] | ['unknown'] | ['spent', left] */
export const SPEND_CODE = script(
  CLOCK,
  IS_EPOCH,
  `
if not is_epoch(ARGV[2]) then return {'ended'} end
local found, left, n = false, 0, 0
while true do
  local name = 'x' .. n
  local value = redis.call('HGET', key, name)
  if not value then break end
  local kept = string.sub(value, 1, 4)
  for at = 5, #value, 10 do
    local digest, spent = string.sub(value, at, at + 9), false
    for i = 3, #ARGV do
      if ARGV[i] == string.sub(value, 1, 4) .. digest then spent = true end
    end
    if not spent then kept = kept .. digest end
  end
  if #kept ~= #value then
    found = true
    redis.call('HSET', key, name, kept)
  end
  left = left + (#kept - 4) / 10
  n = n + 1
end
if not found then return {'unknown'} end
redis.call('HDEL', key, 'f', 'w', 'y')
return {'spent', left}`,
);
