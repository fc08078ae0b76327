import { CLOCK, DROP_CODES, HEADS, IS_EPOCH, script } from './redis/scripts.js';

/** ARGV: now, head, sealed, label, owner, lifetime, restart, activation key or '', unless pending → [pm, pk, pl, ps] | nil */
export const BEGIN = script(
  CLOCK,
  HEADS,
  `
local present = redis.call('HMGET', key, 'pm', 'pk', 'pl', 'ps')
local head = pack(now + tonumber(ARGV[6])) .. ARGV[2]
local in_time = present[1] and now < time_of(present[1])
local continues = in_time and present[4] == ARGV[5]
if string.sub(ARGV[5], 1, 1) == 'k' then
  local given = redis.call('HGET', key, 'a')
  local right = given and now < time_of(given) and string.sub(given, 7) == ARGV[8]
  if not right and not continues then return false end
  -- Also where it was not needed to go on: a right answer does not count as a wrong one.
  if right then redis.call('HDEL', key, 'f', 'w') end
end
if continues and ARGV[7] ~= '1' and method_of(present[1]) == method_of(head) then return present end
if in_time and ARGV[9] == '1' then return false end
redis.call('HSET', key, 'pm', head, 'pk', ARGV[3], 'pl', ARGV[4], 'ps', ARGV[5])
return {head, ARGV[3], ARGV[4], ARGV[5]}`,
);

/** ARGV: now, session → [pm, pk, pl, ps] | nil */
export const RESUME = script(
  CLOCK,
  HEADS,
  `
local present = redis.call('HMGET', key, 'pm', 'pk', 'pl', 'ps')
local head, owner = present[1], present[4]
if not head or now >= time_of(head) then return false end
if string.sub(owner, 1, 1) ~= 'h' and string.sub(owner, 2) ~= ARGV[2] then return false end
return present`,
);

/**
 * ARGV: now, id, session, step, replaces or '', label or '', epoch, ' id id ' of those besides
 * → ['ended'] | ['superseded'] | ['expired'] | ['confirmed', HGETALL]
 */
export const CONFIRM = script(
  CLOCK,
  HEADS,
  IS_EPOCH,
  `
if not is_epoch(ARGV[7]) then return {'ended'} end
local pending = redis.call('HMGET', key, 'pm', 'pk', 'pl', 'ps')
local head, owner = pending[1], pending[4]
if not head or id_of(head) ~= ARGV[2] then return {'superseded'} end
local basis = string.sub(owner, 1, 1)
if basis ~= 'h' and string.sub(owner, 2) ~= ARGV[3] then return {'superseded'} end
local by_id, used = slots()
local proven = false
for id in pairs(by_id) do
  if not string.find(ARGV[8], ' ' .. id .. ' ', 1, true) then proven = true end
end
if (basis == 'p') ~= proven then return {'superseded'} end
if basis == 'k' and redis.call('HEXISTS', key, 'a') == 0 then return {'superseded'} end
if now >= time_of(head) then return {'expired'} end
local replaced = by_id[ARGV[5]]
local slot = by_id[ARGV[2]] or replaced
if not slot then
  local n = 0
  slot = ''
  while used[slot] do
    n = n + 1
    slot = tostring(n)
  end
end
local at = int(now)
redis.call('HSET', key, 'm' .. slot, pack(now) .. string.sub(head, 7), 'k' .. slot, pending[2],
  'l' .. slot, ARGV[6] ~= '' and ARGV[6] or pending[3], 's' .. slot, ARGV[4], 'u' .. slot, at)
if replaced then
  redis.call('HINCRBY', key, 'e', 1)
  if replaced ~= slot then drop(replaced) end
end
redis.call('HDEL', key, 'pm', 'pk', 'pl', 'ps', 'f', 'w')
if basis == 'k' then redis.call('HDEL', key, 'a') end
return {'confirmed', redis.call('HGETALL', key)}`,
);

/** ARGV: now, enrollment id, expected, resealed → 1 | 0. Both are of one length, so the hash stays compact. */
export const RESEAL = script(
  CLOCK,
  HEADS,
  `
local slot = slots()[ARGV[2]]
local field
if slot then
  field = 'k' .. slot
else
  local pending = redis.call('HGET', key, 'pm')
  if not pending or id_of(pending) ~= ARGV[2] then return 0 end
  field = 'pk'
end
if redis.call('HGET', key, field) ~= ARGV[3] then return 0 end
redis.call('HSET', key, field, ARGV[4])
return 1`,
);

/** ARGV: now, enrollment id, label → 1 | 0 */
export const RENAME = script(
  CLOCK,
  HEADS,
  `
local slot = slots()[ARGV[2]]
if not slot then return 0 end
redis.call('HSET', key, 'l' .. slot, ARGV[3])
return 1`,
);

/** ARGV: now, enrollment id, epoch expected → nil | epoch. The recovery codes go with the last enrollment. */
export const UNENROLL = script(
  CLOCK,
  HEADS,
  IS_EPOCH,
  DROP_CODES,
  `
local slot = slots()[ARGV[2]]
if not slot or not is_epoch(ARGV[3]) then return false end
drop(slot)
local left = slots()
if not next(left) then drop_codes() end
return redis.call('HINCRBY', key, 'e', 1)`,
);

/**
 * ARGV: now, keep the setting → epoch. The epoch stays, or an older assurance would count again; so does the
 * version of a setting, which never falls.
 */
export const CLEAR = script(
  CLOCK,
  `
for _, name in ipairs(redis.call('HKEYS', key)) do
  local setting = ARGV[2] == '1' and string.match(name, '^v')
  if name ~= 'e' and name ~= 'v' and not setting then redis.call('HDEL', key, name) end
end
return redis.call('HINCRBY', key, 'e', 1)`,
);

/** ARGV: now (unused) */
export const VOID_PENDING = script(`return redis.call('HDEL', KEYS[1], 'pm', 'pk', 'pl', 'ps')`);

/** ARGV: now, epoch expected or '' → nil | epoch */
export const RAISE = script(
  CLOCK,
  IS_EPOCH,
  `
if not is_epoch(ARGV[2]) then return false end
return redis.call('HINCRBY', key, 'e', 1)`,
);
