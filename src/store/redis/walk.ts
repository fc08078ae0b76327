import { together } from '../../awaitable.js';
import type { Kind, Records } from '../records.js';
import { type State, stateOf } from '../state.js';
import { replyCode } from './errors.js';
import type { RedisKeys } from './keys.js';
import { ledgerPlace } from './ledger.js';
import type { Send } from './send.js';
import { WRONG_TYPE } from './swap.js';

const BATCH = '200';

/** The keys of this start and pattern, in batches; a key may come twice. */
export async function* keysOf(send: Send, start: string, rest: string): AsyncGenerator<string[]> {
  const pattern = `${start.replace(/[\\*?[\]^-]/g, '\\$&')}${rest}`;
  let cursor = '0';
  do {
    const reply = await send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', BATCH]);
    const [next, found] = reply as [Buffer, Buffer[]];
    cursor = String(next);
    yield found.map(String);
  } while (cursor !== '0');
}

/** All fields of the ledger, by their text in Latin-1. */
export async function readLedger(
  masters: readonly Send[],
  prefix: string,
): Promise<Map<string, Buffer>> {
  const entries = new Map<string, Buffer>();
  for (const send of masters) {
    for await (const found of keysOf(send, `${prefix}l:{`, '*}')) {
      const fields = await Promise.all(
        found.map((key) => send(['HKEYS', key]).catch(wrongType([]))),
      );
      for (const field of fields.flat() as Buffer[]) entries.set(field.toString('latin1'), field);
    }
  }
  return entries;
}

/** Reads a record and its ledger entry by two commands. */
export async function readState<K extends Kind>(
  kind: K,
  { send, key, id }: { readonly send: Send; readonly key: string; readonly id: string },
  keys: RedisKeys,
): Promise<State<Records[K]>> {
  const place = ledgerPlace(keys, kind, key);
  for (let times = 1; ; times += 1) {
    const [value, entry] = await together(
      () => send(['GET', key]).catch(wrongType(WRONG_TYPE)),
      () => (place ? send(['HGET', place.key, place.field]).catch(wrongType(null)) : null),
    );
    const state = stateOf(kind, id, keys.place(key), value as Buffer, entry as Buffer | null);
    // Another process may have written between the two commands.
    if (!state.lost || times === 3) return state;
  }
}

export function wrongType<T>(instead: T) {
  return (error: { readonly cause?: unknown }): T => {
    if (replyCode(error) !== 'WRONGTYPE' && replyCode(error.cause) !== 'WRONGTYPE') throw error;
    return instead;
  };
}
