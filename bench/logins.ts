import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Authenticator, authenticator, testClock } from 'sallyport/testing';
import { builtEnvironment } from './built.js';
import { connected } from './door.js';
import type { LoginKind, LoginPorts } from './login-app.js';
import { type Line, line, median, type Size } from './report.js';
import { visitor } from './visitor.js';

const KINDS = ['passport-totp', 'sallyport', 'control', 'password'] as const;
const CONNECTIONS = 16;
const USERS = Array.from({ length: 100 }, (_, at) => `user${at}`);
/** passport-totp goes by the machine's clock. One key for all, but each user's is read from Redis. */
const SHARED_KEY = '12345678901234567890';
const SHARED_APP = authenticator('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');

/**
 * What a whole login costs the app's process, from the password to the first page inside: with a password only, with
 * passport-totp, with Sallyport, and once more with passport-totp, round by round in turn. What the last differs from
 * the other by is the noise of the machine.
 */
export async function logins(redisUrl: string, size: Size): Promise<Line[]> {
  const [warmUp, rounds] = size === 'quick' ? [6, 11] : [10, 31];
  const app = await start(redisUrl);
  const agent = new Agent({ keepAlive: true });
  const clock = testClock(Date.now());
  await app.tell(clock.now());
  const authenticators = new Map<string, Authenticator>();
  await concurrently(USERS, async (user) => {
    authenticators.set(user, await activate(user));
  });
  await shareKeys(redisUrl);

  const requests = new Map<LoginKind, number>();
  const cpu: Record<LoginKind, number[]> = {
    password: [],
    'passport-totp': [],
    sallyport: [],
    control: [],
  };
  for (let number = 0; number < warmUp + rounds; number += 1) {
    // Another begins each time.
    for (let turn = 0; turn < KINDS.length; turn += 1) {
      const kind = KINDS[(number + turn) % KINDS.length]!;
      const used = await round(kind);
      if (number >= warmUp) cpu[kind].push(used);
    }
  }
  agent.destroy();
  await app.stop();

  const ratio = (kind: LoginKind) =>
    median(cpu[kind].map((used, at) => used / cpu['passport-totp'][at]!));
  const each = (kind: LoginKind) =>
    `(${median(cpu[kind]).toFixed(2)} ms of CPU, ${requests.get(kind)} requests)`;
  const times = (kind: LoginKind) => `${ratio(kind).toFixed(2)} ×  ${each(kind)}`;
  const own = ratio('sallyport');
  return [
    line(
      `a login to passport-totp's, CPU (median of ${rounds} × ${USERS.length})`,
      times('sallyport'),
      ['≤ 1.4 ×', own <= 1.4],
    ),
    line('the same, of passport-totp (the control)', times('control')),
    line('the same, with a password only', times('password')),
    line('passport-totp itself', each('passport-totp')),
  ];

  /** Milliseconds of the app's CPU for one login. */
  async function round(kind: LoginKind): Promise<number> {
    // The next time step, so that nobody's code has been used.
    clock.advance('30s');
    const before = await app.tell(clock.now());
    await concurrently(USERS, (user) => login(kind, user));
    return ((await app.tell(clock.now())) - before) / 1000 / USERS.length;
  }

  async function login(kind: LoginKind, user: string): Promise<void> {
    const someone = visitor(agent, app.ports[kind]);
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

  async function activate(user: string): Promise<Authenticator> {
    const someone = visitor(agent, app.ports.sallyport);
    const { text } = await someone.post('/login', { username: user, password: 'sallyport' });
    const key = /data-sp="totp-key"[^>]*>([^<]*)</.exec(text)?.[1];
    if (!key) throw new Error(`no key for ${user}:\n${text}`);
    const own = authenticator(key, clock);
    const enrollment = /name="enrollment" value="([^"]*)"/.exec(text)?.[1] ?? '';
    const answer = await someone.post('/two-factor/activate/totp', {
      code: own.code(),
      enrollment,
      ...csrfOn(text),
    });
    if (answer.text !== 'inside') throw new Error(`${user} has not activated:\n${answer.text}`);
    return own;
  }
}

async function shareKeys(redisUrl: string): Promise<void> {
  const redis = await connected(redisUrl);
  for (const user of USERS) await redis.hSet('bench:totp-keys', user, SHARED_KEY);
  await redis.close();
}

interface AppProcess {
  readonly ports: LoginPorts;
  /** Sets the time there; answers the CPU that the process has used, in microseconds. */
  tell(now: number): Promise<number>;
  stop(): Promise<void>;
}

async function start(redisUrl: string): Promise<AppProcess> {
  const program = fileURLToPath(new URL('./login-app.ts', import.meta.url));
  const child = fork(program, [redisUrl], {
    execArgv: ['--import=tsx'],
    env: builtEnvironment(),
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
  run: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  async function worker(): Promise<void> {
    for (const item of queue) await run(item);
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
