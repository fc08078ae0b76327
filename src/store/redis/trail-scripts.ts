import { script } from './scripts.js';

// ARGV[1] is empty, or a time that stands for the server's (tests).
const CLOCK = `
local function int(n) return string.format('%.0f', n) end
local now
if ARGV[1] == '' then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
else
  now = tonumber(ARGV[1])
end
local key = KEYS[1]`;

// The trails of one owner are one hash:
//   n            how many events were ever appended: the number of the last one
//   trails       the names of all trails, each between blanks
//   <trail> e    an event is named by its trail and a place in it, which rises by one
//   `<trail> n`, `<trail> o`   the places of its last and of its oldest event
//   `<trail> <place>`          number of the event, `:`, and its JSON
//   `<trail> r <place>`        how often it was repeated, `:`, and when last
//   `<trail> k <place>`        the keys of its folds, as JSON
//   `<trail> f <key>`          the place of the last event of that key, `:`, their count, `:`, since when

/** ARGV: now, trail, event as JSON, keep or '', then for each fold: key, each, within */
export const APPEND = script(`${CLOCK}
local trail = ARGV[2]
local function name(...) return table.concat({trail, ...}, ' ') end
local function get(field) return redis.call('HGET', key, field) end

local function counted(fold_key)
  local place, count, since = string.match(get(name('f', fold_key)) or '', '^(%d+):(%d+):(%d+)$')
  return place, tonumber(count), tonumber(since)
end

local states = {}
for at = 5, #ARGV, 3 do
  local place, count, since = counted(ARGV[at])
  if not place or now - since >= tonumber(ARGV[at + 2]) then count, since = 0, now end
  if count >= tonumber(ARGV[at + 1]) then
    local repeats = tonumber(string.match(get(name('r', place)) or '0', '^%d+'))
    redis.call('HSET', key, name('r', place), int(repeats + 1) .. ':' .. int(now))
    return 0
  end
  states[#states + 1] = {ARGV[at], count + 1, since}
end

local number = redis.call('HINCRBY', key, 'n', 1)
local last = redis.call('HINCRBY', key, name('n'), 1)
if last == 1 then redis.call('HSET', key, 'trails', (get('trails') or ' ') .. trail .. ' ') end
redis.call('HSET', key, name(last), int(number) .. ':' .. ARGV[3])
local keys = {}
for _, state in ipairs(states) do
  keys[#keys + 1] = state[1]
  redis.call('HSET', key, name('f', state[1]), int(last) .. ':' .. int(state[2]) .. ':' .. int(state[3]))
end
if #keys > 0 then redis.call('HSET', key, name('k', last), cjson.encode(keys)) end

if ARGV[4] == '' then return 1 end
local oldest = tonumber(get(name('o')) or 1)
local first = math.max(oldest, last - tonumber(ARGV[4]) + 1)
-- A lowered bound is reached step by step, since a script blocks the whole server.
first = math.min(first, oldest + 100)
for place = oldest, first - 1 do
  for _, fold_key in ipairs(cjson.decode(get(name('k', place)) or '[]')) do
    if counted(fold_key) == tostring(place) then redis.call('HDEL', key, name('f', fold_key)) end
  end
  redis.call('HDEL', key, name(place), name('r', place), name('k', place))
end
redis.call('HSET', key, name('o'), first)
return 1`);

/** ARGV: now (unused), number before which or '', limit, trails… (none: all) → [number, JSON, repeats or '', …] */
export const READ = script(`
local key = KEYS[1]
local before, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local function get(...) return redis.call('HGET', key, table.concat({...}, ' ')) end
local names = {}
for at = 4, #ARGV do names[#names + 1] = ARGV[at] end
if #names == 0 then
  for name in string.gmatch(get('trails') or '', '%S+') do names[#names + 1] = name end
end

local function number_at(trail, place)
  return tonumber(string.match(get(trail, place), '^%d+'))
end

-- The places of a trail are in the order of the numbers: halve until the last one before is found.
local function last_before(trail, low, last)
  local from, to = low, last + 1
  while from < to do
    local middle = math.floor((from + to) / 2)
    if number_at(trail, middle) < before then from = middle + 1 else to = middle end
  end
  return from - 1
end

local heads = {}
local function add(trail, place, low)
  if place >= low then
    heads[#heads + 1] = {trail = trail, place = place, low = low, number = number_at(trail, place)}
  end
end
for _, trail in ipairs(names) do
  local low, last = tonumber(get(trail, 'o') or 1), tonumber(get(trail, 'n') or 0)
  add(trail, before and last_before(trail, low, last) or last, low)
end

local found = {}
while #heads > 0 and #found < 3 * limit do
  local newest = 1
  for at = 2, #heads do
    if heads[at].number > heads[newest].number then newest = at end
  end
  local head = table.remove(heads, newest)
  local number, json = string.match(get(head.trail, head.place), '^(%d+):(.*)$')
  found[#found + 1] = number
  found[#found + 1] = json
  found[#found + 1] = get(head.trail, 'r', head.place) or ''
  add(head.trail, head.place - 1, head.low)
end
return found`);
