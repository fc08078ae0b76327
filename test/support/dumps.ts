import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DumpLine, dumpReader } from '../../src/cli/dump-lines.js';
import { postgresRecordStore } from '../../src/store/postgres/store.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { blankSubject, type Kind, type Records } from '../../src/store/records.js';
import { redisRecordStore } from '../../src/store/redis/store.js';
import { openPool, sharedPostgres, uniqueTables } from './postgres.js';
import { sharedRedis, uniquePrefix } from './redis.js';
import { redisClient } from './redis-client.js';
import { closeLater } from './redis-store.js';
import { UNHURRIED } from './unhurried.js';

/** A store of its own on a server that all share, and how the commands name it. */
export interface Place {
  readonly args: readonly string[];
  /** Not set up by itself; `closeStores` ends it. */
  open(): RecordStore;
}

export type MakePlace = () => Promise<Place>;

export async function redisPlace(): Promise<Place> {
  const url = await sharedRedis();
  const prefix = uniquePrefix();
  return {
    args: ['--redis', url, '--prefix', prefix],
    open: () =>
      closeLater(
        redisRecordStore(redisClient({ url }), {
          ...UNHURRIED,
          prefix,
          initialize: false,
          allowEviction: true,
        }),
      ),
  };
}

export async function postgresPlace(): Promise<Place> {
  const url = await sharedPostgres();
  const prefix = uniqueTables();
  const pool = openPool(url, { max: 5 });
  return {
    args: ['--postgres', url, '--prefix', prefix],
    open: () => closeLater(postgresRecordStore(pool, { ...UNHURRIED, prefix, initialize: false })),
  };
}

const folders: string[] = [];

/** A path in a new folder, which `removeDumps` removes. */
export function dumpFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-dump-'));
  folders.push(folder);
  return join(folder, 'store.ndjson');
}

export function removeDumps(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** All that a dump holds, in an order of ours: without what differs between two dumps of the same. */
export function contentsOf(file: string) {
  const read = dumpReader();
  const lines: DumpLine[] = readFileSync(file, 'utf8').trimEnd().split('\n').map(read);
  const records = lines.flatMap((line) => (line.what === 'record' ? [line.record] : []));
  const trails = lines.flatMap((line) => (line.what === 'trails' ? [line.trails] : []));
  const name = (one: object) => JSON.stringify(Object.values(one).slice(0, 2));
  return {
    records: records.sort((one, other) => (name(one) < name(other) ? -1 : 1)),
    trails: trails.sort((one, other) => (name(one) < name(other) ? -1 : 1)),
  };
}

/** Puts a record where there is none, as a durable change. */
export function put<K extends Kind>(
  store: RecordStore,
  kind: K,
  id: string,
  record: Records[K],
  keptUntil?: number,
): Promise<void> {
  return store.update(kind, id, () => ({
    ...{ next: record, result: undefined, durable: true },
    ...(keptUntil !== undefined && { keptUntil }),
  }));
}

/** Somebody with one authenticator. */
export function enrolledSubject(sealed: Uint8Array, more: Partial<Records['subject']> = {}) {
  const enrollment = {
    ...{ id: 'phone', method: 'totp', label: 'Authenticator app', sealed },
    ...{ parameters: 'sha1/6/30', lastStep: 1000, createdAt: 1_700_000_000_000, lastUsedAt: null },
  };
  return { ...blankSubject, epoch: 1, enrollments: [enrollment], ...more };
}
