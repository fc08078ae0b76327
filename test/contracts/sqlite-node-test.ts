import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { storeContract } from 'sallyport/testing';
import { sqliteRecords } from '../support/sqlite-store.js';

// Run on Node 22, as a child of sqlite-store.test.ts: two processes on one file.
storeContract(
  'sqliteStore',
  async (now) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-sqlite-'));
    const path = join(folder, 'store.db');
    const store = sqliteRecords(path, { now, setUp: true });
    const other = sqliteRecords(path, { now });
    return {
      ...{ store, other },
      async dispose() {
        await Promise.all([store.close(), other.close()]);
        rmSync(folder, { recursive: true });
      },
    };
  },
  { describe, it },
);
