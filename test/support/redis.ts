import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../../src/testing/store-contract/eventually.js';
import { freePort, installed, type KeptServer, keptServer } from './kept-server.js';

export { eventually, freePort };

export type RedisServer = KeptServer;

export interface RedisServerOptions {
  /** Every write is on disk before it is answered. Default: nothing is kept. */
  readonly persist?: boolean;
  readonly port?: number;
  /** What its configuration file says, for what rewrites it (Sentinel). */
  readonly config?: string;
  /** Further arguments, e.g. `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  ensureRedisServer();
  const port = options.port ?? (await freePort());
  const persistence = options.persist ? ['yes', '--appendfsync', 'always'] : ['no'];
  return keptServer({
    ...{ name: 'redis', port, url: `redis://127.0.0.1:${port}` },
    async command(dir) {
      const config = options.config === undefined ? [] : [join(dir, 'redis.conf')];
      if (config[0]) await writeFile(config[0], options.config ?? '');
      return [
        ...['redis-server', ...config, '--bind', '127.0.0.1', '--port', String(port)],
        ...['--dir', dir, '--save', '', '--appendonly', ...persistence, ...(options.args ?? [])],
      ];
    },
    answering: (pid) => answering(port, pid),
  });
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
  installed(
    () => found() || undefined,
    'redis-server',
    'The tests need redis-server 6 or later on the PATH (Debian: apt-get install redis-server), or REDIS_URL',
  );
}
