import type { PostgresConnection } from './connection.js';
import type { Tables } from './schema.js';

const EACH_MS = 10_000;
const BATCH = 500;

/**
 * Removes ended records in small batches, in the process that gets the lock: by the index on their end, never by
 * reading the table. One that is not removed takes only disk space, since a record carries its own end.
 */
export function sweeper({
  connection: { run },
  tables: { records },
  now,
}: {
  readonly connection: Pick<PostgresConnection, 'run'>;
  readonly tables: Pick<Tables, 'records'>;
  readonly now: () => number;
}) {
  let timer: NodeJS.Timeout | undefined;

  const table = records.replace(/^.*\./, '');
  // By ctid: for a join by the key the planner would read the whole table.
  const statement = `WITH locked AS (
      SELECT pg_try_advisory_xact_lock(hashtextextended($2, 0)) AS got),
    ended AS (
      SELECT ${table}.ctid FROM ${records}, locked
      WHERE got AND kept_until < to_timestamp($1::double precision / 1000)
      ORDER BY kept_until LIMIT ${BATCH} FOR UPDATE OF ${table} SKIP LOCKED)
    DELETE FROM ${records} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ended)) RETURNING 1`;

  /** How many were removed. */
  async function sweep(): Promise<number> {
    let removed = 0;
    for (;;) {
      const batch = (await run(statement, [now(), `${records} sweep`])).length;
      removed += batch;
      if (batch < BATCH) return removed;
    }
  }

  function again(): void {
    // The next read or write reports a broken connection.
    sweep().catch(() => {});
  }

  return {
    sweep,
    start(): void {
      timer ??= setInterval(again, EACH_MS).unref();
    },
    stop(): void {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
