import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server of the tests' own, on a free loopback port, with a directory of its own; it ends with us. */
export interface KeptServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Hangs it and all its processes (SIGSTOP): connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Kills it (SIGKILL); `start` brings it back on its port, with what it has on disk. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good and removes its directory. */
  stop(): Promise<void>;
}

interface Kept {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  /** The program and its arguments, once its directory is there. */
  readonly command: (dir: string) => Promise<readonly string[]>;
  readonly options?: Pick<SpawnOptions, 'uid' | 'gid' | 'env'>;
  /** Resolves when that process, and no other one on its port, serves. */
  readonly answering: (pid: number) => Promise<unknown>;
}

// The server is ended by its id when our end of the pipe closes, however we end: no orphans.
const KEEPER =
  '"$@" >/dev/null 2>&1 & echo $!; cat >/dev/null; kill -QUIT $! 2>/dev/null; kill -CONT $! 2>/dev/null; wait';

const running = new Set<KeptServer>();
const last: (() => Promise<unknown>)[] = [];

export async function keptServer({
  name,
  port,
  url,
  command,
  options,
  answering,
}: Kept): Promise<KeptServer> {
  const dir = await mkdtemp(join(tmpdir(), `sallyport-${name}-`));
  const args = await command(dir);
  let keeper: ChildProcess | null = null;
  let pid = 0;
  const signal = (signalName: NodeJS.Signals) => {
    for (const one of [pid, ...childrenOf(pid)]) signalled(one, signalName);
  };

  const server: KeptServer = {
    url,
    port,
    get pid() {
      return pid;
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async start() {
      keeper = spawn('sh', ['-c', KEEPER, 'sh', ...args], {
        ...options,
        ...{ cwd: dir, stdio: ['pipe', 'pipe', 'ignore'], detached: true },
      });
      const [line] = (await once(keeper.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      pid = Number(line);
      await answering(pid);
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

/** Done when all tests are, before the servers end. */
export function atTheEnd(work: () => Promise<unknown>): void {
  last.push(work);
}

/** As `installable`; the run ends with `needs` where there is none. */
export function installed<T>(find: () => T | undefined, aptPackage: string, needs: string): T {
  const found = installable(find, aptPackage);
  if (found !== undefined) return found;
  console.error(needs);
  process.exit(1);
}

/** What `find` finds, if need be after installing it with apt-get, once. */
export function installable<T>(find: () => T | undefined, aptPackage: string): T | undefined {
  const present = find();
  if (present !== undefined) return present;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.log(`${aptPackage} is missing: installing it with apt-get, once`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env });
    const install = ['install', '-y', '-qq', '--no-install-recommends', aptPackage];
    spawnSync('apt-get', install, { stdio: 'ignore', env });
    return find();
  }
  return undefined;
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

function signalled(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Each backend of Postgres is a process of its own, in a group of its own. */
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

// Registered with mocha's root suite by whichever test file imports this first.
if (typeof after === 'function') {
  after(async () => {
    await Promise.all(last.map((work) => work()));
    await Promise.all([...running].map((server) => server.stop()));
  });
}
