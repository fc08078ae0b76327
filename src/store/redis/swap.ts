import { VERSION_BYTES } from '../codec/record.js';
import { script } from './scripts.js';

/**
 * Compare and set: the one decision that is left to Redis. It writes if the record still has the version (its first 6
 * bytes) and the ledger the entry that the caller has seen; otherwise it returns what there is.
 *
 * KEYS: record, [ledger]. ARGV: version seen ('' for no record), entry seen ('' for none), field of the ledger,
 * record to write ('' deletes it), ms to keep it ('' for good), entry to write ('' leaves it), 1 to write in
 * a full Redis as well, 1 to be told of changes from now on → 1 | [record or nil, entry]
 *
 * A value that is no string is returned as WRONGTYPE, which no record is. Keys that a script reads are tracked as
 * well, but each write ends the tracking of its key: so the key is read after the write. DEL comes first because a
 * full Redis refuses SET, but not in a script that has already written: so people can log out of a full store.
 */
export const SWAP = script(`
local key, ledger = KEYS[1], KEYS[2]
local present = redis.pcall('GET', key)
if type(present) == 'table' then present = 'WRONGTYPE' end
local version = present and string.sub(present, 1, ${VERSION_BYTES}) or ''
if present == '' then version = 'EMPTY' end
local entry = ledger and redis.call('HGET', ledger, ARGV[3]) or ''
if version ~= ARGV[1] or entry ~= ARGV[2] then return {present, entry} end
if ARGV[4] == '' then
  redis.call('DEL', key)
else
  if ARGV[7] == '1' then redis.call('DEL', key) end
  if ARGV[5] == '' then
    redis.call('SET', key, ARGV[4])
  else
    redis.call('SET', key, ARGV[4], 'PX', ARGV[5])
  end
end
if ARGV[6] ~= '' then redis.call('HSET', ledger, ARGV[3], ARGV[6]) end
if ARGV[8] == '1' then redis.call('GET', key) end
return 1`);

/** A version that no record has, to read the present state. */
export const NO_VERSION = Buffer.from('?');

/** Stands for a value that is a list, a hash or the like. */
export const WRONG_TYPE = Buffer.from('WRONGTYPE');
