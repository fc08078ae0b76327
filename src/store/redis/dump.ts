import { randomBytes } from 'node:crypto';
import { together } from '../../awaitable.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import {
  type DumpBatch,
  type DumpedRecord,
  type DumpedTrails,
  dumpBatch,
  type StoreDump,
} from '../dump.js';
import { unescaped } from '../escaped-id.js';
import type { TrailOwner } from '../record-store.js';
import type { Kind } from '../records.js';
import { ADD_TRAILS, eventsIn, fieldsOf } from './dump-trails.js';
import { redisKeys } from './keys.js';
import { ledgerEntryOf, ledgerPlace } from './ledger.js';
import type { Script } from './scripts.js';
import type { Send } from './send.js';
import { slotTags } from './slots.js';
import { SWAP } from './swap.js';
import { keysOf, readLedger, readState, wrongType } from './walk.js';

const NOTHING: DumpBatch = { records: [], trails: [], faults: [] };
const CHUNK = 200;

/** The kind of record under a key, by the key without its prefix. */
const RECORDS: readonly (readonly [Kind, RegExp])[] = [
  ['subject', /^\{s:([^{}]*)\}$/],
  ['devices', /^\{s:([^{}]*)\}:devices$/],
  ['organization', /^\{o:([^{}]*)\}$/],
  ['session', /^a:([^{}]*)$/],
  ['transaction', /^t:([^{}]*)$/],
  ['holders', /^h:([^{}]*)$/],
];
const TRAILS: readonly (readonly [TrailOwner, RegExp])[] = [
  ['subject', /^\{s:([^{}]*)\}:history$/],
  ['organization', /^\{o:([^{}]*)\}:trails$/],
];

export interface RedisDumpConfig {
  /** Connections to all masters, without tracking. Replies hold Buffers and flat arrays. */
  readonly masters: readonly Send[];
  /** The master of a key. */
  readonly masterOf: (key: string) => Send;
  readonly clustered: boolean;
  readonly prefix: string;
  readonly now: () => number;
}

export function redisDump({
  masters,
  masterOf,
  clustered,
  prefix,
  now,
}: RedisDumpConfig): StoreDump {
  const keys = redisKeys(prefix);

  function placesIn<T>(patterns: readonly (readonly [T, RegExp])[], found: readonly string[]) {
    return found.flatMap((key) =>
      patterns.flatMap(([what, pattern]) => {
        const id = pattern.exec(key.slice(prefix.length))?.[1];
        return id === undefined ? [] : [{ what, id: unescaped(id) }];
      }),
    );
  }

  async function recordsAt(send: Send, found: readonly string[]) {
    return Promise.all(
      placesIn(RECORDS, found).map(async ({ what: kind, id }) => {
        const key = keys.record(kind, id);
        const state = await readState(kind, { send, key, id }, keys);
        const left = Number(await send(['PTTL', key]));
        return { kind, id, key, state, keptUntil: left < 0 ? null : Math.ceil(now() + left) };
      }),
    );
  }

  async function trailsAt(send: Send, found: readonly string[]): Promise<DumpBatch> {
    const read = await Promise.all(
      placesIn(TRAILS, found).map(async ({ what: owner, id }) => {
        const reply = await send(['HGETALL', keys.trails(owner, id)]).catch(wrongType(null));
        const fields = reply as Buffer[] | null;
        return { owner, id, events: fields && eventsIn(pairs(fields)) };
      }),
    );
    return {
      records: [],
      trails: read.flatMap(({ owner, id, events }) => (events ? [{ owner, id, events }] : [])),
      faults: read.flatMap(({ owner, id, events }) =>
        events ? [] : [{ opens: false, message: `The events of ${owner} ${id} are damaged` }],
      ),
    };
  }

  /** Whether the script answered 1. */
  async function evaluate(
    { source }: Script,
    names: readonly [string, ...string[]],
    args: readonly (string | Buffer)[],
  ): Promise<boolean> {
    const send = masterOf(names[0]);
    return (await send(['EVAL', source, String(names.length), ...names, ...args])) === 1;
  }

  async function addRecord({ kind, id, record, sequence, keptUntil }: DumpedRecord) {
    const key = keys.record(kind, id);
    const ledger = ledgerPlace(keys, kind, key);
    const version = randomBytes(VERSION_BYTES);
    const value = encodeRecord(kind, keys.place(key), version, { record, sequence });
    const keep = keptUntil === null ? '' : String(Math.max(1, Math.ceil(keptUntil - now())));
    const entry = ledger && sequence > 0 ? String(sequence) : '';
    // The first two: no record is expected, and no entry in the ledger.
    const args = ['', '', ledger?.field ?? '', value, keep, entry, ''];
    return evaluate(SWAP, ledger ? [key, ledger.key] : [key], args);
  }

  async function addTrails({ owner, id, events }: DumpedTrails): Promise<boolean> {
    if (events.length === 0) return false;
    const key = keys.trails(owner, id);
    return evaluate(ADD_TRAILS, [key], fieldsOf(events));
  }

  return {
    async *read() {
      const unseen = await readLedger(masters, prefix);
      for (const send of masters) {
        for await (const found of keysOf(send, prefix, '*')) {
          const records = await recordsAt(send, found);
          for (const { kind, key } of records) {
            const field = ledgerPlace(keys, kind, key)?.field;
            if (field !== undefined) unseen.delete(Buffer.from(field).toString('latin1'));
          }
          yield dumpBatch(records);
          yield await trailsAt(send, found);
        }
      }
      const gone = [...unseen.values()].map(ledgerEntryOf);
      yield {
        ...NOTHING,
        faults: gone.map(({ kind, id }) => ({
          opens: kind !== 'devices',
          message: `The record of ${kind} ${id ?? 'that cannot be named'} is gone`,
        })),
      };
    },

    async retire() {
      const marks = clustered ? slotTags().map(keys.slotMarker) : [];
      for (let at = 0; at < marks.length; at += CHUNK) {
        await Promise.all(marks.slice(at, at + CHUNK).map((key) => masterOf(key)(['DEL', key])));
      }
      await masterOf(keys.marker)(['DEL', keys.marker]);
    },

    async isEmpty() {
      for (const send of masters) {
        for await (const found of keysOf(send, prefix, '*')) {
          if (found.some(keys.isLedger)) return false;
          if (placesIn([...RECORDS, ...TRAILS], found).length > 0) return false;
        }
      }
      return true;
    },

    async add({ records, trails }) {
      const added = await together(
        ...records.map((one) => () => addRecord(one)),
        ...trails.map((one) => () => addTrails(one)),
      );
      return added.filter(Boolean).length;
    },
  };
}

function pairs(flat: readonly Buffer[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) fields.set(String(flat[at]), String(flat[at + 1]));
  return fields;
}
