import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../src/testing/store-contract/eventually.js';

export { eventually };

/** A Redis server of the tests' own, on a free loopback port, with a directory of its own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Hangs it (SIGSTOP): connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Kills it (SIGKILL); `start` brings it back on its port, with its data if it persists. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good and removes its directory. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Every write is on disk before it is answered. Default: nothing is kept. */
  readonly persist?: boolean;
  readonly port?: number;
  /** What its configuration file says, for what rewrites it (Sentinel). */
  readonly config?: string;
  /** Further arguments, e.g. `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
}

// The server is ended by its id when our end of the pipe closes, however we end: no orphans.
const KEEPER =
  'redis-server "$@" >/dev/null 2>&1 & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null; wait';

const running = new Set<RedisServer>();

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  ensureRedisServer();
  const port = options.port ?? (await freePort());
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-redis-'));
  const config = options.config === undefined ? [] : [join(dir, 'redis.conf')];
  if (config[0]) await writeFile(config[0], options.config ?? '');
  const persistence = options.persist ? ['yes', '--appendfsync', 'always'] : ['no'];
  let keeper: ChildProcess | null = null;
  let pid = 0;

  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return pid;
    },
    pause: () => void process.kill(pid, 'SIGSTOP'),
    resume: () => void process.kill(pid, 'SIGCONT'),
    async start() {
      keeper = spawn(
        'sh',
        [
          ...[
            '-c',
            KEEPER,
            'redis',
            ...config,
            '--bind',
            '127.0.0.1',
            '--port',
            String(port),
            '--dir',
            dir,
          ],
          ...['--save', '', '--appendonly', ...persistence, ...(options.args ?? [])],
        ],
        { stdio: ['pipe', 'pipe', 'ignore'], detached: true },
      );
      const [line] = (await once(keeper.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      pid = Number(line);
      await answering(port, pid);
    },
    async kill() {
      if (!keeper) return;
      const ended = once(keeper, 'close');
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

/**
 * The address of a server that all suites of a run share: REDIS_URL, or one of our own. Suites keep to a
 * prefix of their own and never flush it.
 */
export function sharedRedis(): Promise<string> {
  shared ??= process.env.REDIS_URL
    ? Promise.resolve(process.env.REDIS_URL)
    : startRedis().then(({ url }) => url);
  return shared;
}

/** A key prefix that nobody else uses. */
export function uniquePrefix(): string {
  return `sp-test-${randomBytes(6).toString('hex')}:`;
}

/** Below those that the system hands out to clients: another one may take such a port any moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const free = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/** Waits until the server with this process id, and no other one on its port, has loaded its data. */
function answering(port: number, pid: number): Promise<unknown> {
  return eventually(
    () =>
      new Promise<boolean>((resolve) => {
        let said = '';
        const socket = connect({ port, host: '127.0.0.1' }, () =>
          socket.write('PING\r\nINFO server\r\n'),
        );
        socket.setTimeout(500, () => socket.destroy());
        socket.on('data', (data) => {
          said += data;
          if (!/^process_id:\d+\r/m.test(said)) return;
          resolve(said.startsWith('+PONG') && said.includes(`process_id:${pid}\r`));
          socket.destroy();
        });
        socket.once('error', () => resolve(false));
        socket.once('close', () => resolve(false));
      }),
    10_000,
  );
}

function ensureRedisServer(): void {
  const found = () => spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
  if (found()) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.log('redis-server is missing: installing it with apt-get, once');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env });
    const install = ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'];
    spawnSync('apt-get', install, { stdio: 'ignore', env });
    if (found()) return;
  }
  console.error(
    'The tests need redis-server 6 or later on the PATH (Debian: apt-get install redis-server), or REDIS_URL',
  );
  process.exit(1);
}

// Registered with mocha's root suite by whichever test file imports this first.
if (typeof after === 'function') {
  after(async () => {
    await Promise.all([...running].map((server) => server.stop()));
  });
}
