import { createHash } from 'node:crypto';
import type { Send } from './client.js';

/** A Lua script that touches KEYS[1] alone, so that it runs on any slot of a Cluster. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

export function script(...parts: string[]): Script {
  const source = parts.join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** One command; two when the server does not know the script yet (it forgets them when it restarts). */
export async function runScript(
  send: Send,
  { source, sha }: Script,
  key: string,
  args: readonly (string | Buffer)[],
): Promise<unknown> {
  try {
    return await send(['EVALSHA', sha, '1', key, ...args]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await send(['EVAL', source, '1', key, ...args]);
  }
}

// ARGV[1] is empty, or a time that stands for the server's (tests).
export const CLOCK = `
local function int(n) return string.format('%.0f', n) end
local now
if ARGV[1] == '' then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
else
  now = tonumber(ARGV[1])
end
local key = KEYS[1]`;

// See redis-codec.ts for what a head is.
export const HEADS = `
local function pack(n)
  local s = ''
  for _ = 1, 6 do
    s = string.char(n % 256) .. s
    n = math.floor(n / 256)
  end
  return s
end
local function time_of(head)
  local n = 0
  for i = 1, 6 do n = n * 256 + string.byte(head, i) end
  return n
end
local function id_of(head) return string.sub(head, 8, 7 + string.byte(head, 7)) end
local function method_of(head)
  local at = 8 + string.byte(head, 7)
  return string.sub(head, at + 1, at + string.byte(head, at))
end
local function slots()
  local by_id, used = {}, {}
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local suffix = string.match(all[i], '^m(%d*)$')
    if suffix then
      by_id[id_of(all[i + 1])] = suffix
      used[suffix] = true
    end
  end
  return by_id, used
end
local function drop(suffix)
  redis.call('HDEL', key, 'm' .. suffix, 'k' .. suffix, 'l' .. suffix, 's' .. suffix, 'u' .. suffix)
end`;

/** The values x0, x1, … (redis-digests.ts). */
export const DROP_CODES = `
local function drop_codes()
  local old = 0
  while redis.call('HDEL', key, 'x' .. old) == 1 do old = old + 1 end
  redis.call('HDEL', key, 'y')
end`;

/** Whether an argument is the subject's epoch, or names none. */
export const IS_EPOCH = `
local function is_epoch(wanted)
  return wanted == '' or tonumber(redis.call('HGET', key, 'e') or 0) == tonumber(wanted)
end`;
