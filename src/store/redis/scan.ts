import { randomBytes } from 'node:crypto';
import { together } from '../../awaitable.js';
import type { Authenticator, PendingEnrollment, StoredSetting } from '../../contracts.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import { unescaped } from '../escaped-id.js';
import type { Kind, Records, StoredSubject } from '../records.js';
import { type State, stateOf } from '../state.js';
import type { Send } from './client.js';
import { replyCode } from './errors.js';
import { redisKeys } from './keys.js';
import { type LedgerPlace, ledgerEntryOf, ledgerPlace } from './ledger.js';
import { SWAP, WRONG_TYPE } from './swap.js';

/** What a subject's record holds that depends on a key of the keyring. */
export interface ScannedSubject {
  readonly id: string;
  /** What is wrong with the record, which then holds nothing; null when it is sound. */
  readonly fault: string | null;
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
  readonly fault: string | null;
  /**
   * Puts another value in the place of the setting's, if the record is still the same. Version, time and author
   * stay: nothing changes for those who read it.
   */
  replace(value: StoredSetting['value']): Promise<boolean>;
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
  /**
   * What the ledger knew when the walk began, and neither walk has found: records that are gone. To be asked
   * after both. Subjects are known to the ledger by digests only, and so are organizations with long ids.
   */
  missing(): Promise<{ readonly organizations: readonly string[]; readonly unnamed: number }>;
}

const BATCH = '200';

interface Found<K extends Kind> {
  readonly send: Send;
  readonly key: string;
  readonly id: string;
  readonly ledger: LedgerPlace;
  readonly state: State<Records[K]>;
}

/** `masters` answer with Buffers and flat arrays, within a time of their own; all of a Cluster's are given. */
export function redisScan(masters: readonly Send[], prefix: string): RedisScan {
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
      return { organizations, unnamed: left.length - organizations.length };
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

function heldBy(record: StoredSubject): ScannedSubject['held'] {
  const { enrollments, pending, activationKey, recoveryCodes } = record;
  const codes = new Map<string, number>();
  for (const { keyId } of recoveryCodes ?? []) {
    codes.set(hex(keyId), (codes.get(hex(keyId)) ?? 0) + 1);
  }
  return {
    enrollments,
    pending,
    activationKey: activationKey && {
      keyId: hex(activationKey.digest.keyId),
      endsAt: activationKey.endsAt,
    },
    recoveryCodes: codes,
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
