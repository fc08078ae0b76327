import { randomBytes } from 'node:crypto';
import { decodeRecord, encodeRecord, VERSION_BYTES } from '../../src/store/codec/record.js';
import type { Kind, Records } from '../../src/store/records.js';
import { redisKeys } from '../../src/store/redis/keys.js';
import { ledgerPlace } from '../../src/store/redis/ledger.js';

/** What we use of a plain client: replies hold Buffers. */
interface Client {
  sendCommand(args: readonly (string | Buffer)[]): Promise<unknown>;
}

/** Looks at records behind the store's back, and changes them as somebody does who knows how they are written. */
export function recordsIn(client: Client, prefix = 'sp:') {
  const keys = redisKeys(prefix);
  const keyOf = (kind: Kind, id: string) => keys.record(kind, id);

  async function bytes(kind: Kind, id: string): Promise<Buffer | null> {
    return (await client.sendCommand(['GET', keyOf(kind, id)])) as Buffer | null;
  }

  async function read<K extends Kind>(kind: K, id: string): Promise<Records[K]> {
    const found = await bytes(kind, id);
    if (!found) throw new Error(`there is no record of ${kind} ${id}`);
    return decodeRecord(kind, keys.place(keyOf(kind, id)), found).record;
  }

  /** The bytes of a record that was changed. */
  async function altered<K extends Kind>(
    kind: K,
    id: string,
    change: (record: Records[K]) => Partial<Records[K]>,
  ): Promise<Buffer> {
    const place = keys.place(keyOf(kind, id));
    const found = decodeRecord(kind, place, (await bytes(kind, id)) ?? Buffer.alloc(0));
    const { record, sequence } = found;
    const next = { record: { ...record, ...change(record) }, sequence };
    return encodeRecord(kind, place, randomBytes(VERSION_BYTES), next);
  }

  return {
    keyOf,
    ledgerOf(kind: Kind, id: string) {
      const place = ledgerPlace(keys, kind, keyOf(kind, id));
      if (!place) throw new Error(`${kind} is not in the ledger`);
      return place;
    },
    bytes,
    read,
    /** Writes bytes in the place of a record, as they are. */
    async put(kind: Kind, id: string, value: Uint8Array): Promise<void> {
      await client.sendCommand(['SET', keyOf(kind, id), Buffer.from(value)]);
    },
    altered,
    /** Changes a record, with a checksum that fits and without a durable change. */
    async alter<K extends Kind>(
      kind: K,
      id: string,
      change: (record: Records[K]) => Partial<Records[K]>,
    ): Promise<void> {
      await client.sendCommand(['SET', keyOf(kind, id), await altered(kind, id, change)]);
    },
  };
}
