import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { eventually, freePort } from './redis.js';

/** A Postgres server of the tests' own, on a free loopback port, with a directory of its own. */
export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  /** Hangs it and all its backends (SIGSTOP): connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Kills it (SIGKILL); `start` brings it back on its port with its data. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good and removes its directory. */
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Further settings, e.g. `{ default_transaction_read_only: 'on' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

// The server is ended by its id when our end of the pipe closes, however we end: no orphans.
const KEEPER = '"$@" >/dev/null 2>&1 & echo $!; cat >/dev/null; kill -QUIT $! 2>/dev/null; wait';

/** `nobody`: Postgres does not run as root. */
const UNPRIVILEGED = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const running = new Set<PostgresServer>();

export async function startPostgres({
  settings = {},
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const bin = binaries();
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-postgres-'));
  if (UNPRIVILEGED.uid) await chown(dir, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  const data = join(dir, 'data');
  const environment = { ...process.env, LC_ALL: 'C' };
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'sallyport', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...UNPRIVILEGED, cwd: dir, env: environment, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}${made.error ?? ''}`);
  const given = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    fsync: 'off',
    ...settings,
  };
  let keeper: ChildProcess | null = null;
  let pid = 0;
  const all = () => [pid, ...childrenOf(pid)];
  const signal = (name: NodeJS.Signals) => {
    for (const one of all()) signalled(one, name);
  };

  const server: PostgresServer = {
    url: `postgres://sallyport@127.0.0.1:${port}/postgres`,
    port,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async start() {
      const args = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      keeper = spawn(
        'sh',
        ['-c', KEEPER, 'sh', join(bin, 'postgres'), '-D', data, '-p', String(port), ...args],
        {
          ...UNPRIVILEGED,
          cwd: dir,
          env: environment,
          stdio: ['pipe', 'pipe', 'ignore'],
          detached: true,
        },
      );
      const [line] = (await once(keeper.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      pid = Number(line);
      await answering(server.url);
    },
    async kill() {
      if (!keeper) return;
      const ended = once(keeper, 'close');
      signal('SIGKILL');
      keeper.stdin?.end();
      keeper = null;
      await ended;
    },
    async stop() {
      running.delete(server);
      await server.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
  running.add(server);
  await server.start();
  return server;
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

function answering(url: string): Promise<unknown> {
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

function signalled(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Each backend is a process of its own, in a group of its own. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The directory of `postgres` and `initdb`. */
function binaries(): string {
  const found = () => {
    const installed = '/usr/lib/postgresql';
    const versions = existsSync(installed) ? readdirSync(installed).sort().reverse() : [];
    const folders = [
      ...(process.env.PATH ?? '').split(':'),
      ...versions.map((version) => join(installed, version, 'bin')),
    ];
    return folders.find((folder) =>
      ['postgres', 'initdb'].every((name) => existsSync(join(folder, name))),
    );
  };
  const present = found();
  if (present) return present;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.log('postgres is missing: installing it with apt-get, once');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env });
    const install = ['install', '-y', '-qq', '--no-install-recommends', 'postgresql'];
    spawnSync('apt-get', install, { stdio: 'ignore', env });
    const installed = found();
    if (installed) return installed;
  }
  console.error(
    'The tests need postgres 12 or later on the PATH or in /usr/lib/postgresql (Debian: apt-get install ' +
      'postgresql), or POSTGRES_URL',
  );
  process.exit(1);
}

// Registered with mocha's root suite by whichever test file imports this first.
if (typeof after === 'function') {
  after(async () => {
    await Promise.all([...pools].map(closePool));
    await Promise.all([...running].map((server) => server.stop()));
  });
}
