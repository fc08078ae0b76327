import { randomBytes } from 'node:crypto';
import type { StoredSetting } from '../../contracts.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import { unescaped } from '../escaped-id.js';
import type { Kind, Records } from '../records.js';
import { heldBy, type StoreScan } from '../scan.js';
import type { State } from '../state.js';
import { redisKeys } from './keys.js';
import { type LedgerPlace, ledgerEntryOf, ledgerPlace } from './ledger.js';
import type { Send } from './send.js';
import { SWAP } from './swap.js';
import { keysOf, readLedger, readState } from './walk.js';

interface Found<K extends Kind> {
  readonly send: Send;
  readonly key: string;
  readonly id: string;
  readonly ledger: LedgerPlace;
  readonly state: State<Records[K]>;
}

/**
 * Scans over connections without tracking: the server remembers each key that a tracked connection reads, in one
 * table for all processes, and a million of them would push out those that gates rely on. `masters` are connections
 * to all masters, with a deadline of their own; they answer with Buffers and flat arrays.
 */
export function redisScan(masters: readonly Send[], prefix: string): StoreScan {
  const keys = redisKeys(prefix);
  let ledger: Promise<Map<string, Buffer>> | undefined;

  function unseen(): Promise<Map<string, Buffer>> {
    // Read before the walk: records made during the walk are not in it, and entries are never removed.
    ledger ??= readLedger(masters, prefix).then((entries) => {
      for (const [name, field] of entries) {
        if (ledgerEntryOf(field).kind === 'devices') entries.delete(name);
      }
      return entries;
    });
    return ledger;
  }

  async function* records<K extends 'subject' | 'organization'>(
    kind: K,
  ): AsyncGenerator<Found<K>[]> {
    const entries = await unseen();
    const start = keys.record(kind, '').slice(0, -1);
    for (const send of masters) {
      for await (const found of keysOf(send, start, '*}')) {
        const batch = await Promise.all(
          found.map(async (key) => {
            const id = unescaped(key.slice(start.length, -1));
            const place = ledgerPlace(keys, kind, key) as LedgerPlace;
            const state = await readState(kind, { send, key, id }, keys);
            if (state.version.length > 0) {
              entries.delete(Buffer.from(place.field).toString('latin1'));
            }
            return { send, key, id, ledger: place, state };
          }),
        );
        // Removed between the two commands.
        yield batch.filter(({ state }) => state.version.length > 0);
      }
    }
  }

  return {
    async *subjects() {
      for await (const batch of records('subject')) {
        yield batch.map(({ id, state: { record, lost } }) => ({
          id,
          fault: lost?.error.message ?? null,
          held: record && heldBy(record),
        }));
      }
    },
    async *organizations() {
      for await (const batch of records('organization')) {
        yield batch.map((found) => ({
          id: found.id,
          setting: found.state.record?.setting ?? null,
          fault: found.state.lost?.error.message ?? null,
          replace: (value) => replaceSetting(found, keys.place(found.key), value),
        }));
      }
    },
    async missing() {
      const left = [...(await unseen()).values()].map(ledgerEntryOf);
      const organizations = left.flatMap(({ id }) => id ?? []);
      return { subjects: [], organizations, unnamed: left.length - organizations.length };
    },
  };
}

async function replaceSetting(
  { send, key, ledger, state }: Found<'organization'>,
  place: string,
  value: StoredSetting['value'],
): Promise<boolean> {
  const { record, sequence, version, entry } = state;
  if (!record?.setting) return false;
  const next = { ...record, setting: { ...record.setting, value } };
  const written = encodeRecord('organization', place, randomBytes(VERSION_BYTES), {
    record: next,
    sequence,
  });
  const seen = [Buffer.from(version), entry, ledger.field];
  const rest = [key, ledger.key, ...seen, written, '', '', ''];
  const reply = await send(['EVAL', SWAP.source, '2', ...rest]);
  return reply === 1;
}
