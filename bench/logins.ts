import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Authenticator, authenticator, testClock } from 'sallyport/testing';
import { startRedis } from '../test/support/redis.js';
import { connected } from './door.js';
import type { LoginKind, LoginPorts } from './login-app.js';
import { type Line, line, median, table } from './report.js';
import { visitor } from './visitor.js';

const KINDS = ['password', 'passport-totp', 'sallyport'] as const;
const NAMES: Readonly<Record<LoginKind, string>> = {
  password: 'password only',
  'passport-totp': 'passport-totp',
  sallyport: 'Sallyport TOTP',
};
const PROCESSES = [1, 2, 4] as const;
const MOST = Math.max(...PROCESSES);
const ROUNDS = 5;
/** On a busy machine there are fewer of them. */
const ROUNDS_MS = 20_000;
/** So that the last of the processes is as warm as the first, or nearly. */
const WARM_UP = 6;
const WARM_UP_MS = 8_000;
const CONNECTIONS = 16;
const USERS = Array.from({ length: 100 }, (_, at) => `user${at}`);
/** How often everybody logs in within a round: of those without a code it takes more to make one up. */
const TIMES: Readonly<Record<LoginKind, number>> = {
  password: 2,
  'passport-totp': 1,
  sallyport: 1,
};

/** passport-totp goes by the machine's clock. One key for all, but each user's is read from Redis. */
const SHARED_KEY = '12345678901234567890';
const SHARED_APP = authenticator('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');

interface AppProcess {
  readonly ports: LoginPorts;
  /** Sets the time there; answers the CPU that the process has used, in microseconds. */
  tell(now: number): Promise<number>;
  stop(): Promise<void>;
}

interface Round {
  readonly perSecond: number;
  /** Of all processes of the app, in milliseconds, for one login. */
  readonly cpu: number;
}

/**
 * Full logins per second, from the password to the first page inside, of the same app with a password only,
 * with passport-totp and with Sallyport, over several processes. Requests go to each process in turn, so that
 * none lives off what it remembers of the one before.
 */
export async function logins(redisUrl: string): Promise<Line[]> {
  const apps = await Promise.all(Array.from({ length: MOST }, () => start(redisUrl)));
  const agent = new Agent({ keepAlive: true });
  const clock = testClock(Date.now());
  const tellAll = async () => sum(await Promise.all(apps.map((app) => app.tell(clock.now()))));
  const portsOf = (kind: LoginKind, processes: number) =>
    apps.slice(0, processes).map(({ ports }) => ports[kind]);

  await tellAll();
  const authenticators = new Map<string, Authenticator>();
  await concurrently(USERS, async (user, at) => {
    authenticators.set(user, await activate(user, at));
  });
  await shareKeys(redisUrl);

  const requests = new Map<LoginKind, number>();
  const warmingSince = performance.now();
  for (let time = 0; time < WARM_UP && performance.now() - warmingSince < WARM_UP_MS; time += 1) {
    for (const kind of KINDS) await round(kind, MOST);
  }
  const rounds = new Map(
    KINDS.map((kind) => [kind, PROCESSES.map((processes) => ({ processes, of: [] as Round[] }))]),
  );
  const begun = performance.now();
  let number = 0;
  for (; number < ROUNDS && performance.now() - begun < ROUNDS_MS; number += 1) {
    for (const [size, processes] of PROCESSES.entries()) {
      // Another begins each time.
      for (let turn = 0; turn < KINDS.length; turn += 1) {
        const kind = KINDS[(number + turn) % KINDS.length]!;
        rounds.get(kind)![size]!.of.push(await round(kind, processes));
      }
    }
  }
  agent.destroy();
  await Promise.all(apps.map((app) => app.stop()));

  return PROCESSES.flatMap((processes, size) =>
    KINDS.map((kind) => {
      const own = rounds.get(kind)![size]!.of;
      const rate = median(own.map(({ perSecond }) => perSecond));
      const cpu = median(own.map((one) => one.cpu));
      const ratios = KINDS.slice(0, KINDS.indexOf(kind)).map((other) => {
        const others = rounds.get(other)![size]!.of;
        const each = own.map(({ perSecond }, at) => perSecond / others[at]!.perSecond);
        return `${median(each).toFixed(2)} of ${NAMES[other]}`;
      });
      const parts = [`${requests.get(kind)} requests`, `${cpu.toFixed(1)} ms of CPU`, ...ratios];
      return line(
        `full logins, ${NAMES[kind]}, ${processes} ${processes === 1 ? 'process' : 'processes'}`,
        `${rate.toFixed(0)}/s  (${parts.join(', ')})`,
      );
    }),
  ).concat(
    line(
      `full logins: medians of ${number} interleaved rounds on one machine`,
      `apps, Redis and load share ${availableParallelism()} CPUs`,
    ),
  );

  async function round(kind: LoginKind, processes: number): Promise<Round> {
    // The next time step, so that nobody's code has been used.
    clock.advance('30s');
    const ports = portsOf(kind, processes);
    const sequence = Array.from({ length: TIMES[kind] }, () => USERS).flat();
    const usedBefore = await tellAll();
    const begun = performance.now();
    await concurrently(sequence, (user, at) => login(kind, ports, user, at));
    const tookMs = performance.now() - begun;
    const used = (await tellAll()) - usedBefore;
    return {
      perSecond: (sequence.length * 1000) / tookMs,
      cpu: used / 1000 / sequence.length,
    };
  }

  async function login(kind: LoginKind, ports: readonly number[], user: string, at: number) {
    const someone = visitor(agent, ports, at);
    let page = await someone.post('/login', { username: user, password: 'sallyport' });
    if (kind !== 'password') {
      const code =
        kind === 'sallyport' ? authenticators.get(user)!.code(clock.now()) : SHARED_APP.code();
      page = await someone.post(codeFormOn(page.text), { code, ...csrfOn(page.text) });
    }
    if (page.text !== 'inside') {
      throw new Error(`${kind}: ${user} is not in: ${page.status} ${page.path}\n${page.text}`);
    }
    requests.set(kind, someone.requests);
  }

  async function activate(user: string, at: number): Promise<Authenticator> {
    const someone = visitor(agent, portsOf('sallyport', MOST), at);
    const { text } = await someone.post('/login', { username: user, password: 'sallyport' });
    const key = /data-sp="totp-key"[^>]*>([^<]*)</.exec(text)?.[1];
    if (!key) throw new Error(`no key for ${user}:\n${text}`);
    const app = authenticator(key, clock);
    const enrollment = /name="enrollment" value="([^"]*)"/.exec(text)?.[1] ?? '';
    const answer = await someone.post('/two-factor/activate/totp', {
      code: app.code(),
      enrollment,
      ...csrfOn(text),
    });
    if (answer.text !== 'inside') throw new Error(`${user} has not activated:\n${answer.text}`);
    return app;
  }
}

async function shareKeys(redisUrl: string): Promise<void> {
  const redis = await connected(redisUrl);
  for (const user of USERS) await redis.hSet('bench:totp-keys', user, SHARED_KEY);
  await redis.close();
}

async function start(redisUrl: string): Promise<AppProcess> {
  const program = fileURLToPath(new URL('./login-app.ts', import.meta.url));
  const child = fork(program, [redisUrl], {
    execArgv: ['--import=tsx'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [ports] = (await once(child, 'message')) as [LoginPorts];
  return {
    ports,
    async tell(now) {
      const answered = once(child, 'message') as Promise<[number]>;
      child.send(now);
      return (await answered)[0];
    },
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

/** As many under way as there are connections. */
async function concurrently<T>(
  items: readonly T[],
  run: (item: T, at: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  async function worker(): Promise<void> {
    for (const [at, item] of queue) await run(item, at);
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

/** Where the form that asks for the code goes; the page may have others. */
function codeFormOn(text: string): string {
  const found = /<form[^>]* action="([^"]*)"(?:(?!<\/form>)[\s\S])*name="code"/.exec(text)?.[1];
  if (found === undefined) throw new Error(`nobody asks for a code:\n${text}`);
  return found;
}

function csrfOn(text: string): { _csrf?: string } {
  const _csrf = /name="_csrf" value="([^"]*)"/.exec(text)?.[1];
  return _csrf === undefined ? {} : { _csrf };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** `npx tsx bench/logins.ts` */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.env.NODE_ENV = 'production';
  const redis = await startRedis();
  try {
    console.log(table(await logins(redis.url)));
  } finally {
    await redis.stop();
  }
}
