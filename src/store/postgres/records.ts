import { VERSION_BYTES } from '../codec/record.js';
import { escaped } from '../escaped-id.js';
import { KINDS, type Kind, type Records } from '../records.js';
import type { RecordServer } from '../server-records.js';
import { ABSENT, EMPTY_VERSION, type State, stateOf } from '../state.js';
import { assertMarker, type PostgresConnection } from './connection.js';
import { readOnly } from './errors.js';
import { placeOf } from './place.js';
import { isMarked, type Tables } from './schema.js';

export interface PostgresRecordsConfig {
  readonly connection: Pick<PostgresConnection, 'run' | 'notice'>;
  readonly tables: Tables;
  /** Called when this process has written a record that gates read. */
  readonly written: () => void;
  /** Announces a change that no decision rests on, a little later. */
  readonly tellLater: (key: string) => void;
}

/** The records of one kind. */
export function postgresRecords<K extends Kind>(
  kind: K,
  { connection, tables, tellLater, written }: PostgresRecordsConfig,
): RecordServer<Records[K]> {
  const { watched, counted } = KINDS[kind];
  const ledgerKind = `ledger:${kind}`;
  const sql = statements(tables);

  const keyOf = (id: string) => `${kind}\t${escaped(id)}`;

  async function look(id: string): Promise<State<Records[K]>> {
    const [row] = await connection.run(sql.read, [kind, escaped(id), ledgerKind]);
    // A standby may lack writes of the primary without bound.
    if (row?.standby !== 'false') throw readOnly();
    assertMarker(row.marker);
    const entry = counted ? bytesOf(row.entry) : null;
    return stateOf(kind, id, placeOf(kind, id), bytesOf(row.body), entry);
  }

  return {
    keyOf,
    placeOf: (id) => placeOf(kind, id),

    async load(id) {
      const state = await look(id);
      if (state.lost) throw state.lost.error;
      return state;
    },

    look,

    async swap(id, expected, { body, nextEntry, keptUntil, durable }) {
      // No process has cached a session that is new; one that changes or ends may be cached.
      const told = watched && (durable || (kind === 'session' && expected !== ABSENT));
      const [row] = await connection.run(
        body === null ? sql.remove : expected.version.length === 0 ? sql.insert : sql.update,
        [
          ...[kind, escaped(id), hexOf(expected.version), body && hexOf(body)],
          ...[
            keptUntil ?? null,
            ledgerKind,
            nextEntry === expected.entry ? null : hexOf(nextEntry),
          ],
          ...[tables.channel, told ? connection.notice([keyOf(id)]) : null],
        ],
      );
      if (row?.written !== 'true') return look(id);
      if (watched && !told) tellLater(keyOf(id));
      return null;
    },

    // Other processes announce their changes of it, as of any cached record. An ended session is not read again.
    follows: ({ record, whenFull }) => watched && record !== null && !whenFull,
    ...(watched && { written }),
  };
}

function statements({ records }: Tables) {
  const marker = isMarked({ records });
  // Bytes go as hexadecimal: how pg writes them is the host's to change.
  const body = "decode($4, 'hex')";
  const keptUntil = 'to_timestamp($5::double precision / 1000)';
  const here = `kind = $1 AND id = $2`;
  // Compare and set. A statement that finds the row locked waits, and compares with the row as it is then.
  const seen = `${here} AND substr(body, 1, ${VERSION_BYTES}) = decode($3, 'hex') AND ${marker}`;
  const whole = (change: string) => `WITH changed AS (${change} RETURNING 1),
    entered AS (
      INSERT INTO ${records} (kind, id, body) SELECT $6, $2, decode($7, 'hex') FROM changed
      WHERE $7::text IS NOT NULL
      ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body RETURNING 1),
    told AS (SELECT pg_notify($8, $9)::text FROM changed WHERE $9::text IS NOT NULL)
    SELECT EXISTS (SELECT FROM changed)::text AS written, (SELECT count(*)::text FROM told) AS told`;
  return {
    read: `SELECT pg_is_in_recovery()::text AS standby,
      (SELECT encode(body, 'escape') FROM ${records} WHERE kind = 'marker' AND id = '') AS marker,
      (SELECT encode(body, 'hex') FROM ${records} WHERE kind = $1 AND id = $2) AS body,
      (SELECT encode(body, 'hex') FROM ${records} WHERE kind = $3 AND id = $2) AS entry`,
    update: whole(`UPDATE ${records} SET body = ${body}, kept_until = ${keptUntil} WHERE ${seen}`),
    insert: whole(`INSERT INTO ${records} (kind, id, body, kept_until)
      SELECT $1, $2, ${body}, ${keptUntil} WHERE $3 = '' AND ${marker} ON CONFLICT DO NOTHING`),
    remove: whole(`DELETE FROM ${records} WHERE ${seen} AND $4::text IS NULL
      AND $5::double precision IS NULL`),
  };
}

function bytesOf(hex: string | null | undefined): Buffer | null {
  return hex === null || hex === undefined ? null : Buffer.from(hex, 'hex');
}

function hexOf(bytes: string | Uint8Array): string {
  return bytes === EMPTY_VERSION ? '' : Buffer.from(bytes).toString('hex');
}
