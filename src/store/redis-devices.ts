import type { DeviceStore, DeviceUse, RememberedDevice } from '../contracts.js';
import { CLOCK, script } from './redis/scripts.js';
import type { RedisRecords } from './redis-records.js';

// A hash per subject beside its own, field by device id, each value JSON with the token, the one before (b)
// and when they changed places (r). The hash lives as long as the device in it that ends last.

const SWEEP = `
local function sweep()
  local last = 0
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local ends = cjson.decode(all[i + 1]).endsAt
    if now >= ends then redis.call('HDEL', key, all[i]) elseif ends > last then last = ends end
  end
  return last
end`;

/** ARGV: now, id, device as JSON, lifetime, margin */
const PUT = script(
  CLOCK,
  SWEEP,
  `
local device = cjson.decode(ARGV[3])
device.createdAt = now
device.lastUsedAt = now
device.rotatedAt = now
device.endsAt = now + tonumber(ARGV[4])
redis.call('HSET', key, ARGV[2], cjson.encode(device))
redis.call('PEXPIRE', key, int(sweep() - now + tonumber(ARGV[5])))
return 1`,
);

/** ARGV: now, id, token, next, grace → ['unknown'] | ['stolen'] | [kind, device] */
const USE = script(
  CLOCK,
  `
local json = redis.call('HGET', key, ARGV[2])
if not json then return {'unknown'} end
local device = cjson.decode(json)
if now >= device.endsAt then
  redis.call('HDEL', key, ARGV[2])
  return {'unknown'}
end
if ARGV[3] == device.token then
  device.before = device.token
  device.token = ARGV[4]
  device.rotatedAt = now
  device.lastUsedAt = now
  json = cjson.encode(device)
  redis.call('HSET', key, ARGV[2], json)
  return {'rotated', json}
end
local since = now - device.rotatedAt
if ARGV[3] == device.before and since >= 0 and since < tonumber(ARGV[5]) then
  return {'just-rotated', json}
end
redis.call('HDEL', key, ARGV[2])
return {'stolen'}`,
);

/** ARGV: now → the devices that have not ended */
const READ = script(
  CLOCK,
  SWEEP,
  `
sweep()
return redis.call('HVALS', key)`,
);

/** ARGV: now (unused), id → 1 | 0 */
const REMOVE = script(`return redis.call('HDEL', KEYS[1], ARGV[2])`);

/** `marginMs`: how much longer keys are kept than they count, when time is not the server's (tests). */
export function redisDevices(
  { ask }: Pick<RedisRecords<unknown>, 'ask'>,
  keyOf: (subjectId: string) => string,
  { marginMs }: { readonly marginMs: number },
): DeviceStore {
  return {
    putDevice: (subjectId, { lifetimeMs, ...device }) =>
      ask(
        keyOf(subjectId),
        PUT,
        [device.id, JSON.stringify(device), lifetimeMs, marginMs],
        () => undefined,
      ),

    useDevice: (subjectId, { id, token, next, graceMs }) =>
      ask(keyOf(subjectId), USE, [id, token, next, graceMs], (reply): DeviceUse => {
        const [word, json] = reply as [Buffer, Buffer?];
        const kind = String(word) as DeviceUse['kind'];
        return kind === 'rotated' || kind === 'just-rotated'
          ? { kind, device: decode(json) }
          : { kind };
      }),

    readDevices: (subjectId) =>
      ask(keyOf(subjectId), READ, [], (reply) =>
        (reply as Buffer[]).map(decode).toSorted((one, other) => other.createdAt - one.createdAt),
      ),

    removeDevice: (subjectId, id) => ask(keyOf(subjectId), REMOVE, [id], (count) => count === 1),
  };
}

function decode(json: Buffer | undefined): RememberedDevice {
  const { token, before, rotatedAt, ...device } = JSON.parse(String(json));
  return Object.freeze(device as RememberedDevice);
}
