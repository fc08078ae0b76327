import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { atTheEnd, freePort, installed, type KeptServer, keptServer } from './kept-server.js';
import { eventually } from './redis.js';

export type PostgresServer = KeptServer;

export interface PostgresServerOptions {
  /** Further settings, e.g. `{ default_transaction_read_only: 'on' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Begins as a copy of this one and follows it, as a standby that takes no writes. */
  readonly standbyOf?: PostgresServer;
}

/** `nobody`: Postgres does not run as root. */
export const UNPRIVILEGED = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export async function startPostgres({
  settings = {},
  standbyOf,
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const bin = postgresPrograms();
  const port = await freePort();
  const url = `postgres://sallyport@127.0.0.1:${port}/postgres`;
  const options = { ...UNPRIVILEGED, env: { ...process.env, LC_ALL: 'C' } };
  const given = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    fsync: 'off',
    ...settings,
  };
  return keptServer({
    ...{ name: 'postgres', port, url, options },
    async command(dir) {
      if (UNPRIVILEGED.uid) await chown(dir, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
      const data = join(dir, 'data');
      const [program, ...args] = standbyOf
        ? ['pg_basebackup', '-D', data, '-d', standbyOf.url, '-R', '-X', 'stream', '-c', 'fast']
        : ['initdb', '-D', data, '-U', 'sallyport', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
      const made = spawnSync(join(bin, program), [...args, '--no-sync'], {
        ...{ ...options, cwd: dir, encoding: 'utf8' },
      });
      if (made.status !== 0) {
        throw new Error(`${program} failed: ${made.stderr}${made.error ?? ''}`);
      }
      const words = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      return [join(bin, 'postgres'), '-D', data, '-p', String(port), ...words];
    },
    answering: () => isAnswering(url),
  });
}

let shared: Promise<string> | undefined;

/** The address of a server that all suites of a run share: POSTGRES_URL, or one of our own. */
export function sharedPostgres(): Promise<string> {
  shared ??= process.env.POSTGRES_URL
    ? Promise.resolve(process.env.POSTGRES_URL)
    : startPostgres().then(({ url }) => url);
  return shared;
}

/** A name for tables that nobody else uses. */
export function uniqueTables(): string {
  return `sp_${randomBytes(6).toString('hex')}_`;
}

const pools = new Set<pg.Pool>();

/** A pool that ends with the run, or before by `closePool`. */
export function openPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 10, ...options });
  // Servers come and go in these tests.
  pool.on('error', () => {});
  pools.add(pool);
  return pool;
}

export async function closePool(pool: pg.Pool): Promise<void> {
  pools.delete(pool);
  await pool.end();
}

/** Resolves when a server answers queries at this address. */
export function isAnswering(url: string): Promise<unknown> {
  return eventually(async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } finally {
      await client.end().catch(() => {});
    }
  }, 20_000);
}

/** The directory of `postgres`, `initdb`, `pg_basebackup` and the like. */
export function postgresPrograms(): string {
  const root = '/usr/lib/postgresql';
  const found = () => {
    const versions = existsSync(root) ? readdirSync(root).sort().reverse() : [];
    const folders = [
      ...(process.env.PATH ?? '').split(':'),
      ...versions.map((version) => join(root, version, 'bin')),
    ];
    return folders.find((folder) =>
      ['postgres', 'initdb', 'pg_basebackup'].every((name) => existsSync(join(folder, name))),
    );
  };
  return installed(
    found,
    'postgresql',
    'The tests need postgres 12 or later on the PATH or in /usr/lib/postgresql (Debian: apt-get install ' +
      'postgresql), or POSTGRES_URL',
  );
}

atTheEnd(() => Promise.all([...pools].map(closePool)));
