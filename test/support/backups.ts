import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { KeptServer } from './kept-server.js';
import { closePool, openPool, postgresPrograms } from './postgres.js';
import { openClient } from './redis-store.js';

/** Takes a backup of everything in a server; resolves to what brings it back, under whatever runs. */
export type BackUp = (server: KeptServer) => Promise<() => Promise<void>>;

export const redisBackup: BackUp = async ({ url }) => {
  const client = await openClient(url);
  const binary = client.withTypeMapping({ 36: Buffer });
  const all = new Map<string, Buffer>();
  for (const key of await client.keys('*')) all.set(key, (await binary.dump(key)) as Buffer);
  return async () => {
    const transaction = client.multi().flushAll();
    for (const [key, value] of all) transaction.restore(key, 0, value);
    await transaction.exec();
  };
};

/** As `pg_dump --clean` and `psql` do it: tables are dropped, made and filled. */
export const postgresDump: BackUp = async ({ url }) => {
  const made = spawnSync(join(postgresPrograms(), 'pg_dump'), ['--clean', '--if-exists', url], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`pg_dump failed: ${made.stderr}${made.error ?? ''}`);
  return async () => {
    const args = ['-q', '-v', 'ON_ERROR_STOP=1', url];
    const { status, stderr } = spawnSync(join(postgresPrograms(), 'psql'), args, {
      ...{ encoding: 'utf8', input: made.stdout },
    });
    if (status !== 0) throw new Error(`psql failed: ${stderr}`);
  };
};

/** Rows alone, in tables that stay: as a dump of data is brought back, or a script of one's own does. */
export const postgresRows: BackUp = async ({ url }) => {
  const run = async (text: string) => {
    const pool = openPool(url, { max: 1 });
    await pool.query(text);
    await closePool(pool);
  };
  await run(`CREATE SCHEMA kept; CREATE TABLE kept.records AS TABLE sallyport_records;
    CREATE TABLE kept.events AS TABLE sallyport_events`);
  return () =>
    run(`DELETE FROM sallyport_records; DELETE FROM sallyport_events;
      INSERT INTO sallyport_records TABLE kept.records;
      INSERT INTO sallyport_events OVERRIDING SYSTEM VALUE TABLE kept.events`);
};
