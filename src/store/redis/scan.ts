import { randomBytes } from 'node:crypto';
import { together } from '../../awaitable.js';
import type { StoredSetting } from '../../contracts.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import { unescaped } from '../escaped-id.js';
import type { Kind, Records } from '../records.js';
import { heldBy, type StoreScan } from '../scan.js';
import { type State, stateOf } from '../state.js';
import type { Send } from './client.js';
import { replyCode } from './errors.js';
import { redisKeys } from './keys.js';
import { type LedgerPlace, ledgerEntryOf, ledgerPlace } from './ledger.js';
import { SWAP, WRONG_TYPE } from './swap.js';

const BATCH = '200';

interface Found<K extends Kind> {
  readonly send: Send;
  readonly key: string;
  readonly id: string;
  readonly ledger: LedgerPlace;
  readonly state: State<Records[K]>;
}

/**
 * It reads over a connection of its own without tracking: the server remembers each key that a tracked connection
 * reads, for all processes together, and a million of them would push out what the gates rely on. `masters` answer
 * with Buffers and flat arrays, within a time of their own; all of a Cluster's are given.
 */
export function redisScan(masters: readonly Send[], prefix: string): StoreScan {
  const keys = redisKeys(prefix);
  let ledger: Promise<Map<string, Buffer>> | undefined;

  /** Read before anything else: a record that is made while we walk is not in it, and none is ever taken away. */
  async function readLedger(): Promise<Map<string, Buffer>> {
    const entries = new Map<string, Buffer>();
    for (const send of masters) {
      for await (const found of keysOf(send, `${prefix}l:{`, '*}')) {
        const fields = await Promise.all(
          found.map((key) => send(['HKEYS', key]).catch(wrongType([]))),
        );
        for (const field of fields.flat() as Buffer[]) {
          if (ledgerEntryOf(field).kind !== 'devices') entries.set(field.toString('latin1'), field);
        }
      }
    }
    return entries;
  }

  function unseen(): Promise<Map<string, Buffer>> {
    ledger ??= readLedger();
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
            const state = await readState(kind, send, key, id, place);
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

  async function readState<K extends Kind>(
    kind: K,
    send: Send,
    key: string,
    id: string,
    place: LedgerPlace,
  ): Promise<State<Records[K]>> {
    for (let times = 1; ; times += 1) {
      const [value, entry] = await together(
        () => send(['GET', key]).catch(wrongType(WRONG_TYPE)),
        () => send(['HGET', place.key, place.field]).catch(wrongType(null)),
      );
      const state = stateOf(kind, id, keys.place(key), value as Buffer, entry as Buffer | null);
      // Another may have written between the two commands.
      if (!state.lost || times === 3) return state;
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

async function* keysOf(send: Send, start: string, rest: string): AsyncGenerator<string[]> {
  const pattern = `${start.replace(/[\\*?[\]^-]/g, '\\$&')}${rest}`;
  let cursor = '0';
  do {
    const reply = await send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', BATCH]);
    const [next, found] = reply as [Buffer, Buffer[]];
    cursor = String(next);
    yield found.map(String);
  } while (cursor !== '0');
}

function wrongType<T>(instead: T) {
  return (error: { readonly cause?: unknown }): T => {
    if (replyCode(error) !== 'WRONGTYPE' && replyCode(error.cause) !== 'WRONGTYPE') throw error;
    return instead;
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
