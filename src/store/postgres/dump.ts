import { randomBytes } from 'node:crypto';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import { type DumpedRecord, dumpBatch, type StoreDump } from '../dump.js';
import { escaped } from '../escaped-id.js';
import { KINDS, type Kind } from '../records.js';
import { addTrails, readTrails } from './dump-trails.js';
import { notInitialized } from './errors.js';
import { placeOf } from './place.js';
import type { Run } from './run.js';
import { isMarked, type Tables } from './schema.js';
import { goneRecords, walk } from './walk.js';

const ALL_KINDS = Object.keys(KINDS) as Kind[];

export function postgresDump(run: Run, tables: Tables): StoreDump {
  const { records, events, channel } = tables;

  /** One statement, and one notice. */
  async function addRecords(all: readonly DumpedRecord[]): Promise<number> {
    const [row] = await run(
      `WITH given AS (
        SELECT * FROM json_to_recordset($1::json)
          AS one (kind text, id text, body text, kept_until double precision, entry text)),
      added AS (
        INSERT INTO ${records} (kind, id, body, kept_until)
        SELECT kind, id, decode(body, 'hex'), to_timestamp(kept_until / 1000) FROM given
        WHERE ${isMarked(tables)} AND NOT EXISTS (
          SELECT FROM ${records} AS ledger
          WHERE ledger.kind = 'ledger:' || given.kind AND ledger.id = given.id)
        ON CONFLICT DO NOTHING RETURNING kind, id),
      entered AS (
        INSERT INTO ${records} (kind, id, body)
        SELECT 'ledger:' || kind, id, decode(entry, 'hex')
        FROM given JOIN added USING (kind, id) WHERE entry IS NOT NULL RETURNING 1)
      SELECT (SELECT count(*) FROM added)::text AS added, ${isMarked(tables)}::text AS marked,
        pg_notify($2, 'cli *')::text AS told`,
      [JSON.stringify(firstOfEach(all).map(rowOf)), channel],
    );
    if (row?.marked !== 'true') throw notInitialized();
    return Number(row.added);
  }

  return {
    async *read() {
      for (const kind of ALL_KINDS) {
        for await (const found of walk(run, tables, kind)) {
          yield dumpBatch(found.map((one) => ({ kind, ...one })));
        }
        if (!KINDS[kind].counted) continue;
        const gone = await goneRecords(run, tables, kind);
        const opens = kind !== 'devices';
        yield {
          ...{ records: [], trails: [] },
          faults: gone.map((id) => ({ opens, message: `The record of ${kind} ${id} is gone` })),
        };
      }
      yield* readTrails(run, tables);
    },

    async retire() {
      // The lock waits for the writes under way; those that come later find no marker.
      await run(
        `LOCK TABLE ${records}, ${events} IN SHARE ROW EXCLUSIVE MODE;
        DELETE FROM ${records} WHERE kind = 'marker';
        SELECT pg_notify('${channel}', 'cli *')::text`,
      );
    },

    async isEmpty() {
      const [row] = await run(
        `SELECT (EXISTS (SELECT FROM ${records} WHERE kind <> 'marker')
          OR EXISTS (SELECT FROM ${events}))::text AS used`,
      );
      return row?.used === 'false';
    },

    async add({ records: some, trails }) {
      const added = some.length > 0 ? await addRecords(some) : 0;
      return added + (trails.length > 0 ? await addTrails(run, tables, trails) : 0);
    },
  };
}

/** A walk through a Redis may come to one record twice. */
function firstOfEach(all: readonly DumpedRecord[]): readonly DumpedRecord[] {
  const found = new Map<string, DumpedRecord>();
  for (const one of all) {
    const key = placeOf(one.kind, one.id);
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()];
}

function rowOf({ kind, id, record, sequence, keptUntil }: DumpedRecord) {
  const version = randomBytes(VERSION_BYTES);
  const counts = KINDS[kind].counted && sequence > 0;
  return {
    ...{ kind, id: escaped(id), kept_until: keptUntil },
    body: encodeRecord(kind, placeOf(kind, id), version, { record, sequence }).toString('hex'),
    entry: counts ? Buffer.from(String(sequence)).toString('hex') : null,
  };
}
