import { unescaped } from '../escaped-id.js';
import type { Kind, Records } from '../records.js';
import { type State, stateOf } from '../state.js';
import { placeOf } from './place.js';
import type { PostgresRow } from './pool.js';
import type { Run } from './run.js';
import type { Tables } from './schema.js';

const BATCH = 200;

export interface Walked<K extends Kind> {
  readonly id: string;
  readonly state: State<Records[K]>;
  readonly keptUntil: number | null;
}

/** All records of a kind in the order of their ids, each batch by the primary key. */
export async function* walk<K extends Kind>(
  run: Run,
  { records }: Pick<Tables, 'records'>,
  kind: K,
): AsyncGenerator<Walked<K>[]> {
  for (let after = ''; ; ) {
    const rows = await run(
      `SELECT id, encode(body, 'hex') AS body,
        (extract(epoch FROM kept_until) * 1000)::text AS kept_until,
        (SELECT encode(body, 'hex') FROM ${records} AS ledger
          WHERE ledger.kind = 'ledger:' || $1 AND ledger.id = kept.id) AS entry
      FROM ${records} AS kept WHERE kind = $1 AND id > $2 ORDER BY id LIMIT ${BATCH}`,
      [kind, after],
    );
    yield rows.map((row) => walked(kind, row));
    const last = rows.at(-1)?.id;
    if (rows.length < BATCH || !last) return;
    after = last;
  }
}

function walked<K extends Kind>(kind: K, row: PostgresRow): Walked<K> {
  const id = unescaped(String(row.id));
  const value = Buffer.from(String(row.body), 'hex');
  const entry = typeof row.entry === 'string' ? Buffer.from(row.entry, 'hex') : null;
  const keptUntil = typeof row.kept_until === 'string' ? Math.ceil(Number(row.kept_until)) : null;
  return { id, state: stateOf(kind, id, placeOf(kind, id), value, entry), keptUntil };
}

/** The ids of the records that the ledger lists and that are gone. */
export async function goneRecords(
  run: Run,
  { records }: Pick<Tables, 'records'>,
  kind: Kind,
): Promise<string[]> {
  const rows = await run(
    `SELECT id FROM ${records} AS ledger WHERE kind = 'ledger:' || $1
      AND NOT EXISTS (SELECT FROM ${records} AS kept WHERE kept.kind = $1 AND kept.id = ledger.id)`,
    [kind],
  );
  return rows.map(({ id }) => unescaped(String(id)));
}
