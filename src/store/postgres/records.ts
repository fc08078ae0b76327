import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Awaitable } from '../../contracts.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import { escaped } from '../escaped-id.js';
import type { Transition, UpdateOptions } from '../record-store.js';
import { KINDS, type Kind, type Records } from '../records.js';
import { ABSENT, EMPTY_VERSION, type State, stateOf } from '../state.js';
import { trackedReads } from '../tracked-reads.js';
import { recordUpdates, type Write } from '../updates.js';
import { assertMarker, type PostgresConnection } from './connection.js';
import { readOnly } from './errors.js';
import { placeOf } from './place.js';
import { isMarked, type Tables } from './schema.js';

/** How many records that this process has written itself are remembered, to write them again. */
const WRITTEN = 2000;

export interface PostgresRecords<R> {
  /** Without a query when the record is at hand, "nothing there" included. */
  read(id: string): Awaitable<R | null>;
  update<T>(id: string, transition: Transition<R, T>, options?: UpdateOptions): Promise<T>;
  /** A key has changed; of another kind too, which does nothing. */
  forget(key: string): void;
  clear(): void;
}

export interface RecordsConfig {
  readonly connection: Pick<PostgresConnection, 'run' | 'trusted' | 'notice'>;
  readonly tables: Tables;
  readonly maxEntries: number;
  readonly timeout: number;
  readonly now: () => number;
  /** Called when a record has been written here. */
  readonly written: () => void;
  /** Tells the others a little later, where nothing is decided on what they have. */
  readonly tellLater: (key: string) => void;
}

/** The records of one kind. */
export function postgresRecords<K extends Kind>(
  kind: K,
  config: RecordsConfig,
): PostgresRecords<Records[K]> {
  type Seen = State<Records[K]>;

  const { connection, tables, maxEntries, timeout, now } = config;
  const reads = trackedReads<Seen>({ maxEntries, trusted: connection.trusted });
  const written = new LRUCache<string, Seen>({ max: WRITTEN });
  const { watched, counted } = KINDS[kind];
  const ledgerKind = `ledger:${kind}`;
  const sql = statements(tables);

  const keyOf = (id: string) => `${kind}\t${escaped(id)}`;

  async function look(id: string): Promise<Seen> {
    const [row] = await connection.run(sql.read, [kind, escaped(id), ledgerKind]);
    // Of a standby, what was written on the primary is missing without end.
    if (row?.standby !== 'false') throw readOnly();
    assertMarker(row.marker);
    return stateOf(
      kind,
      id,
      placeOf(kind, id),
      bytesOf(row.body),
      counted ? bytesOf(row.entry) : null,
    );
  }

  async function load(id: string): Promise<Seen> {
    const state = await look(id);
    if (state.lost) throw state.lost.error;
    return state;
  }

  async function write(
    id: string,
    from: Seen,
    { record, sequence, keptUntil, durable }: Write<Records[K]>,
  ): Promise<Seen | null> {
    const version = randomBytes(VERSION_BYTES);
    const body =
      record === null ? null : encodeRecord(kind, placeOf(kind, id), version, { record, sequence });
    const entry = counted && sequence > 0 ? String(sequence) : '';
    // A session that nobody has seen yet is no news to anybody; one that changes, or ends, is.
    const told = watched && (durable || (kind === 'session' && from !== ABSENT));
    const [row] = await connection.run(
      body === null ? sql.remove : from.version.length === 0 ? sql.insert : sql.update,
      [
        ...[kind, escaped(id), hexOf(from.version), body && hexOf(body)],
        ...[keptUntil ?? null, ledgerKind, entry === from.entry ? null : hexOf(entry)],
        ...[tables.channel, told ? connection.notice([keyOf(id)]) : null],
      ],
    );
    if (row?.written !== 'true') return null;
    if (watched && !told) config.tellLater(keyOf(id));
    return {
      ...{ record, sequence, entry, lost: null },
      version: body === null ? ABSENT.version : version,
    };
  }

  const { update } = recordUpdates<Records[K]>(
    {
      now,
      waits: false,
      known(id) {
        const key = keyOf(id);
        return (
          reads.peek(key) ??
          written.get(key) ??
          (watched && connection.trusted() ? ABSENT : undefined)
        );
      },
      look,
      async swap(id, from, next) {
        const key = keyOf(id);
        try {
          const state = await write(id, from, next);
          if (!state) return await look(id);
          written.set(key, state);
          return 'written';
        } catch (error) {
          written.delete(key);
          throw error;
        } finally {
          // Also after a failure: what timed out may have applied. Whoever awaits us reads what we wrote.
          reads.forget(key);
          if (watched) config.written();
        }
      },
    },
    { timeoutMs: 2 * timeout },
  );

  return {
    read(id) {
      const found = watched ? reads.get(keyOf(id), () => load(id)) : load(id);
      return found instanceof Promise ? found.then(({ record }) => record) : found.record;
    },
    update,
    forget: reads.forget,
    clear() {
      reads.clear();
      written.clear();
    },
  };
}

function statements({ records }: Tables) {
  const marker = isMarked({ records });
  // Bytes go as hexadecimal: how pg writes them is the host's to change.
  const body = "decode($4, 'hex')";
  const keptUntil = 'to_timestamp($5::double precision / 1000)';
  const here = `kind = $1 AND id = $2`;
  // Compare and set. Whoever finds the row locked waits, and compares with what is there then.
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
