import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { SecondFactorStore } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { keyring } from '../src/crypto/keyring.js';
import { newRecoveryCodes } from '../src/methods/recovery-code/codes.js';
import { sessionDigest } from '../src/session/assurance.js';
import { benchStore, connected, KEY } from './door.js';
import { type Line, line, type Size } from './report.js';
import type { Servers } from './servers.js';

/** As many as the pool has connections: each statement has a deadline, and those that wait for one as well. */
const POSTGRES_AT_ONCE = 10;
const REDIS_AT_ONCE = 200;

const ring = keyring([KEY]);

/**
 * What enrolled subjects take: a TOTP secret and ten recovery codes each, under ids as databases give them. In Redis
 * by used_memory, so that what the server keeps around its keys is in it; but without the table of what clients track,
 * which has its own limit (tracking-table-max-keys). In Postgres by what its table and its indexes have on disk.
 */
export async function memory({ redis, postgres }: Servers, size: Size): Promise<Line[]> {
  const inRedis = await redisMemory(redis, size === 'quick' ? 20_000 : 100_000);
  return [...inRedis, ...(await diskOf(await postgres(), size === 'quick' ? 2_000 : 100_000))];
}

async function redisMemory(url: string, subjects: number): Promise<Line[]> {
  const admin = await connected(url);
  // With the prefix that hosts have: the length of a key counts.
  const store = redisStore(admin, { initialize: true, timeout: 2000 });
  await store.ready();
  const before = await usedMemory(admin);
  const ids = Array.from({ length: subjects }, () => randomUUID());
  await each(ids, REDIS_AT_ONCE, (id) => enroll(store, id));
  const enrolled = await settledMemory(admin);
  await each(ids, REDIS_AT_ONCE, (id) => giveCodes(store, id));
  const withCodes = await settledMemory(admin);
  await store.close();
  await admin.close();
  const share = (bytes: number) => (bytes - before) / subjects;
  return [
    line(`bytes per enrolled subject in Redis (over ${subjects})`, share(enrolled).toFixed(0)),
    line('the same with ten recovery codes', share(withCodes).toFixed(0), [
      '≤ 400',
      share(withCodes) <= 400,
    ]),
  ];
}

async function diskOf(url: string, subjects: number): Promise<Line[]> {
  const { store, end } = benchStore(url, { initialize: true });
  await store.ready();
  const pool = new pg.Pool({ connectionString: url });
  const onDisk = async () => {
    const found = await pool.query<{ bytes: string }>(
      "SELECT pg_total_relation_size('bench_records')::text AS bytes",
    );
    return Number(found.rows[0]?.bytes);
  };
  const ids = Array.from({ length: subjects }, () => randomUUID());
  await each(ids, POSTGRES_AT_ONCE, async (id) => {
    await enroll(store, id);
    await giveCodes(store, id);
  });
  const written = await onDisk();
  await pool.query('VACUUM FULL bench_records');
  const packed = await onDisk();
  await pool.end();
  await store.close();
  await end();
  const text = (bytes: number) =>
    `${(bytes / 1e6).toFixed(1)} MB, ${(bytes / subjects).toFixed(0)} bytes each`;
  return [
    line(`${subjects} such subjects in Postgres, on disk as written`, text(written)),
    line('the same after VACUUM FULL', text(packed)),
  ];
}

export async function each(
  ids: readonly string[],
  atOnce: number,
  work: (id: string) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < ids.length; at += atOnce) {
    await Promise.all(ids.slice(at, at + atOnce).map(work));
  }
}

async function giveCodes(store: SecondFactorStore, id: string): Promise<void> {
  await store.replaceRecoveryCodes(id, newRecoveryCodes(ring, { id }).digests);
}

export async function enroll(store: SecondFactorStore, subjectId: string): Promise<void> {
  const session = sessionDigest(subjectId);
  const id = subjectId.slice(0, 8);
  await store.beginEnrollment(
    subjectId,
    {
      id,
      method: 'totp',
      label: 'Authenticator app',
      sealed: ring.seal(Buffer.alloc(20, 7), subjectId),
      parameters: 'sha1/6/30',
      session,
      basis: 'first',
      lifetimeMs: 600_000,
    },
    { restart: false },
  );
  // A step as it is today: its digits are part of what is stored.
  await store.confirmEnrollment(subjectId, {
    id,
    session,
    step: 60_000_000,
    replaces: null,
    epoch: 0,
  });
}

type Admin = Awaited<ReturnType<typeof connected>>;

async function usedMemory(admin: Pick<Admin, 'info'>): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))?.[1]);
}

/** The memory in use once the server has forgotten which clients track which keys. */
export async function settledMemory(
  admin: Pick<Admin, 'info' | 'configSet' | 'ping'>,
): Promise<number> {
  await admin.configSet('tracking-table-max-keys', '1');
  const tracked = async () =>
    Number(/^tracking_total_keys:(\d+)/m.exec(await admin.info('stats'))?.[1]);
  while ((await tracked()) > 1) await admin.ping();
  const used = await usedMemory(admin);
  await admin.configSet('tracking-table-max-keys', '1000000');
  return used;
}
