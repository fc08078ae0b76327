import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closePool, openPool, type PostgresServer, UNPRIVILEGED } from './postgres.js';

/** A file system of its own with little room, where a server keeps all tables that are made from now on. */
export interface SmallDisk {
  /** Leaves no room: whatever needs another page is refused. */
  fill(): Promise<void>;
  /** There is room again. */
  empty(): Promise<void>;
  /** Once the server has ended. */
  remove(): void;
}

const SIZE = '6m';

/** Rejects where this user may not mount one. */
export async function smallDisk({ url }: PostgresServer): Promise<SmallDisk> {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', dir]);
  if (mounted.status !== 0) {
    rmdirSync(dir);
    throw new Error(`This test mounts a file system, as root: ${mounted.stderr ?? mounted.error}`);
  }
  if (UNPRIVILEGED.uid) chownSync(dir, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  const run = async (...statements: string[]) => {
    const pool = openPool(url, { max: 1 });
    try {
      for (const statement of statements) await pool.query(statement);
    } finally {
      await closePool(pool);
    }
  };
  await run(
    `CREATE TABLESPACE small LOCATION '${dir}'`,
    'ALTER DATABASE postgres SET default_tablespace = small',
    'CREATE TABLE filler (page text) TABLESPACE small',
    // Or it would be compressed.
    'ALTER TABLE filler ALTER page SET STORAGE PLAIN',
    // Pages that are free in other tables are found only by a vacuum.
    'ALTER SYSTEM SET autovacuum = off',
    'SELECT pg_reload_conf()',
  );
  return {
    async fill() {
      for (const rows of [10_000, 1]) {
        const more = `INSERT INTO filler SELECT repeat('x', 7000) FROM generate_series(1, ${rows})`;
        await assert.rejects(run(...Array.from({ length: 10_000 }, () => more)), { code: '53100' });
      }
    },
    empty: () => run('DROP TABLE filler', 'CHECKPOINT'),
    remove() {
      spawnSync('umount', [dir]);
      rmdirSync(dir);
    },
  };
}
