/** What a host keeps in one server, by its address: second factors, sessions, and data of its own. */
import connectPg from 'connect-pg-simple';
import { RedisStore as ConnectRedis } from 'connect-redis';
import session, { type Store } from 'express-session';
import type pg from 'pg';
import type { PolicyInput, SecondFactorStore } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import type { KeptServer } from './kept-server.js';
import { closePool, openPool, startPostgres } from './postgres.js';
import { eventually, startRedis } from './redis.js';
import { redisClient } from './redis-client.js';

export interface HostDataOptions {
  /** Of the store; the server's clock without it. */
  readonly now?: () => number;
  /** Of the Postgres store. */
  readonly listen?: string | false;
  readonly timeout?: number;
  /** How many connections the pool has, which the host shares with the store. */
  readonly max?: number;
}

export interface HostData {
  readonly store: SecondFactorStore;
  readonly sessions: Store;
  /** What the host's own data say of a user, read anew each time. */
  policyOf(id: string): Promise<PolicyInput | null>;
  setPolicy(id: string, policy: PolicyInput): Promise<void>;
  disabled(): Promise<readonly string[]>;
  disable(id: string): Promise<void>;
  /** Work of the host's own that holds every connection; resolves to what ends it. */
  busy(): Promise<() => void>;
  close(): Promise<void>;
}

/** The servers that a host keeps its data in, with the name of each. */
export const dataServers: readonly (readonly [name: string, start: () => Promise<KeptServer>])[] = [
  ['Redis', startRedis],
  ['Postgres', startPostgres],
];

export function hostData(url: string, options: HostDataOptions = {}): Promise<HostData> {
  return url.startsWith('postgres:') ? inPostgres(url, options) : inRedis(url, options);
}

async function inRedis(url: string, { now, timeout }: HostDataOptions): Promise<HostData> {
  const client = redisClient({ url });
  client.on('error', () => {});
  await client.connect();
  const store = redisStore(client, {
    ...{ initialize: true, allowEviction: true },
    ...(now && { now }),
    ...(timeout !== undefined && { timeout }),
  });
  return {
    store,
    sessions: new ConnectRedis({ client, prefix: 'sess:' }),
    policyOf: async (id) => JSON.parse((await client.get(`policy:${id}`)) ?? 'null'),
    async setPolicy(id, policy) {
      await client.set(`policy:${id}`, JSON.stringify(policy));
    },
    disabled: () => client.sMembers('disabled'),
    async disable(id) {
      await client.sAdd('disabled', id);
    },
    busy: async () => () => {},
    async close() {
      await store.close();
      client.destroy();
    },
  };
}

async function inPostgres(
  url: string,
  { now, listen, timeout, max = 10 }: HostDataOptions,
): Promise<HostData> {
  const pool = openPool(url, { max });
  await pool.query(`SELECT pg_advisory_xact_lock(1);
    ${sessionTable('session')};
    CREATE TABLE IF NOT EXISTS host (what text, id text, value json, PRIMARY KEY (what, id))`);
  const store = postgresStore(pool, {
    initialize: true,
    ...(now && { now }),
    ...(listen !== undefined && { listen }),
    ...(timeout !== undefined && { timeout }),
  });
  const all = (what: string) => pool.query('SELECT id, value FROM host WHERE what = $1', [what]);
  const set = (what: string, id: string, value: unknown) =>
    pool.query(
      'INSERT INTO host VALUES ($1, $2, $3) ON CONFLICT (what, id) DO UPDATE SET value = $3',
      [what, id, JSON.stringify(value)],
    );
  return {
    store,
    sessions: sessionsIn(pool, 'session'),
    policyOf: async (id) => (await all('policy')).rows.find((row) => row.id === id)?.value ?? null,
    async setPolicy(id, policy) {
      await set('policy', id, policy);
    },
    disabled: async () => (await all('disabled')).rows.map(({ id }) => id),
    async disable(id) {
      await set('disabled', id, true);
    },
    async busy() {
      let end = () => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      // One for each that there can be: what is in use now is taken as soon as it is free.
      const hold = async () => {
        const client = await pool.connect();
        await over;
        client.release();
      };
      for (let n = 0; n < max; n += 1) hold().catch(() => {});
      await eventually(() => pool.totalCount === max && pool.idleCount === 0);
      return end;
    },
    async close() {
      await store.close();
      await closePool(pool);
    },
  };
}

/** As connect-pg-simple makes it, whose constraint has one name for all tables. */
export function sessionTable(name: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`;
}

export function sessionsIn(pool: pg.Pool, tableName: string): Store {
  const ConnectPg = connectPg(session);
  return new ConnectPg({ pool, tableName, pruneSessionInterval: false, errorLog: () => {} });
}
