import type { PostgresConnection } from './connection.js';
import type { Tables } from './schema.js';

const EACH_MS = 10_000;
const BATCH = 500;
const LOCK = 'hashtextextended';

/**
 * Removes records that have ended, in small batches, on whichever process gets the lock: found by the index on their
 * end, never by reading the table. What is never removed would do no harm but to the disk: a record has its end
 * inside.
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
  // By place: a join by the key would have the planner read the whole table for it.
  const statement = `WITH locked AS (
      SELECT pg_try_advisory_xact_lock(${LOCK}($2, 0)) AS got),
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
    // A failure is heard of by whoever reads or writes next.
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
