import type { Authenticator, PendingEnrollment, StoredSetting } from '../../contracts.js';
import { decodeSubject } from '../redis-codec.js';
import { type Fields, fieldsOf } from '../redis-fields.js';
import { settingJson, settingRecord } from '../redis-settings.js';
import type { Send } from './client.js';
import { unescaped } from './keys.js';

/** What a subject's record holds that depends on a key of the keyring. */
export interface ScannedSubject {
  readonly id: string;
  /** null: the record is damaged and cannot be read. */
  readonly held: {
    readonly enrollments: readonly Authenticator[];
    readonly pending: PendingEnrollment | null;
    /** The activation key, and when it ends. */
    readonly activationKey: { readonly keyId: string; readonly endsAt: number } | null;
    /** How many unspent recovery codes there are under each key id (hexadecimal). */
    readonly recoveryCodes: ReadonlyMap<string, number>;
  } | null;
}

export interface ScannedOrganization {
  readonly id: string;
  readonly setting: StoredSetting | null;
  /** The setting as it is stored; null when there is none, or it cannot be read. */
  readonly json: string | null;
  readonly damaged: boolean;
  /**
   * Puts another JSON in the place of this one, if it still is the stored one. Version, time and author stay:
   * nothing changes for those who read it.
   */
  replace(json: string): Promise<boolean>;
}

/**
 * A walk through everything stored, for maintenance. It reads over a connection of its own without tracking:
 * the server remembers each key that a tracked connection reads, for all processes together, and a million of
 * them would push out what the gates rely on. What is there all the while comes at least once, and may come
 * twice; what changes meanwhile comes as it was before or after.
 */
export interface RedisScan {
  subjects(): AsyncGenerator<readonly ScannedSubject[]>;
  organizations(): AsyncGenerator<readonly ScannedOrganization[]>;
}

const BATCH = '200';

/** ARGV: expected, JSON → 1 | 0. See redis-settings.ts for the pieces. */
const REPLACE_SETTING = `
local pieces, n = {}, 0
local piece = redis.call('HGET', KEYS[1], 'v0')
while piece do
  n = n + 1
  pieces[n] = piece
  piece = redis.call('HGET', KEYS[1], 'v' .. n)
end
if n == 0 or table.concat(pieces) ~= ARGV[1] then return 0 end
for at = 0, n - 1 do redis.call('HDEL', KEYS[1], 'v' .. at) end
for at = 0, math.ceil(#ARGV[2] / 64) - 1 do
  redis.call('HSET', KEYS[1], 'v' .. at, string.sub(ARGV[2], at * 64 + 1, at * 64 + 64))
end
return 1`;

/** A hash as it was found, and where. */
interface Found {
  readonly send: Send;
  readonly key: Buffer;
  readonly id: string;
  readonly reply: Buffer[];
}

/** `masters` answer with Buffers and flat arrays, within a time of their own; all of a Cluster's are given. */
export function redisScan(masters: readonly Send[], prefix: string): RedisScan {
  async function* hashes(kind: 's' | 'o'): AsyncGenerator<Found[]> {
    const start = `${prefix}{${kind}:`;
    const pattern = `${start.replace(/[\\*?[\]^-]/g, '\\$&')}*}`;
    for (const send of masters) {
      let cursor = '0';
      do {
        const [next, keys] = (await send([
          ...['SCAN', cursor, 'MATCH', pattern, 'COUNT', BATCH, 'TYPE', 'hash'],
        ])) as [Buffer, Buffer[]];
        cursor = String(next);
        const replies = await Promise.all(keys.map((key) => send(['HGETALL', key])));
        const found = keys.map((key, at) => ({
          ...{ send, key, reply: replies[at] as Buffer[] },
          id: unescaped(String(key).slice(start.length, -1)),
        }));
        // Removed between the two commands.
        yield found.filter(({ reply }) => reply.length > 0);
      } while (cursor !== '0');
    }
  }

  return {
    async *subjects() {
      for await (const batch of hashes('s')) {
        yield batch.map(({ id, reply }) => ({ id, held: heldBy(reply) }));
      }
    },
    async *organizations() {
      for await (const batch of hashes('o')) yield batch.map(organization);
    },
  };
}

function heldBy(reply: readonly Buffer[]): ScannedSubject['held'] {
  try {
    const { enrollments, pending, activationKey } = decodeSubject(reply);
    return {
      enrollments,
      pending,
      activationKey: activationKey && {
        keyId: hex(activationKey.digest.keyId),
        endsAt: activationKey.endsAt,
      },
      recoveryCodes: codesByKey(fieldsOf(reply)),
    };
  } catch {
    return null;
  }
}

/** A field of recovery codes is the id of their key, then 10 bytes each (redis-digests.ts). */
function codesByKey(fields: Fields): ReadonlyMap<string, number> {
  const codes = new Map<string, number>();
  for (const [name, value] of fields) {
    if (!/^x\d+$/.test(name) || value.length <= 4) continue;
    const keyId = hex(value.subarray(0, 4));
    codes.set(keyId, (codes.get(keyId) ?? 0) + (value.length - 4) / 10);
  }
  return codes;
}

function organization({ send, key, id, reply }: Found): ScannedOrganization {
  const replaceable = (json: string | null) => async (next: string) =>
    json !== null && Number(await send(['EVAL', REPLACE_SETTING, '1', key, json, next])) === 1;
  try {
    const setting = settingRecord(reply);
    const json = setting === null ? null : settingJson(fieldsOf(reply));
    return { id, setting, json, damaged: false, replace: replaceable(json) };
  } catch {
    return { id, setting: null, json: null, damaged: true, replace: replaceable(null) };
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
