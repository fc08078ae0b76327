import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import { testClock } from 'sallyport/testing';
import { builtEnvironment } from './built.js';
import { connected } from './door.js';
import { LOGIN_KINDS, type LoginKind, type LoginPorts } from './login-kinds.js';
import { type Line, line, median, type Size } from './report.js';
import {
  answerForm,
  type SecondFactor,
  SHARED_KEY,
  secondFactorOf,
  signIn,
} from './second-factors.js';
import type { Servers } from './servers.js';
import { visitor } from './visitor.js';

const CONNECTIONS = 16;

interface Round {
  /** Milliseconds of the app's CPU for one login. */
  readonly cpu: number;
  readonly perSecond: number;
}

/**
 * What a whole login costs the app's process, from the password to the first page inside, of each kind, round by round
 * in turn. What the control, which is passport-totp once more, differs from it by is the noise of the machine.
 */
export async function logins({ redis, postgres }: Servers, size: Size): Promise<Line[]> {
  const quick = size === 'quick';
  const [warmUp, rounds] = quick ? [9, 11] : [20, 31];
  const people = Array.from({ length: quick ? 40 : 100 }, (_, at) => at);
  const userOf = (kind: LoginKind, at: number) => `${kind}-user${at}`;
  const app = await start(redis, await postgres());
  const agent = new Agent({ keepAlive: true });
  const clock = testClock(Date.now());
  await app.tell(clock.now());
  await shareKeys(
    redis,
    LOGIN_KINDS.flatMap((kind) => people.map((at) => userOf(kind, at))),
  );
  const factors = new Map<string, SecondFactor | null>();
  const requests = new Map<LoginKind, number>();
  const measured = new Map<LoginKind, Round[]>();
  for (const kind of LOGIN_KINDS) {
    measured.set(kind, []);
    await concurrently(people, async (at) => {
      const user = userOf(kind, at);
      const port = app.ports[kind];
      factors.set(user, await secondFactorOf(kind, { agent, port, user, clock }));
    });
  }

  for (let number = 0; number < warmUp + rounds; number += 1) {
    // Another begins each time.
    for (let turn = 0; turn < LOGIN_KINDS.length; turn += 1) {
      const kind = LOGIN_KINDS[(number + turn) % LOGIN_KINDS.length]!;
      const found = await round(kind);
      if (number >= warmUp) measured.get(kind)?.push(found);
    }
  }
  agent.destroy();
  await app.stop();

  const all = (kind: LoginKind) => measured.get(kind) ?? [];
  const ratio = (kind: LoginKind, to: LoginKind) =>
    median(all(kind).map(({ cpu }, at) => cpu / all(to)[at]!.cpu));
  const each = (kind: LoginKind) => {
    const cpu = median(all(kind).map((one) => one.cpu)).toFixed(2);
    const rate = median(all(kind).map((one) => one.perSecond)).toFixed(0);
    return `(${cpu} ms, ${rate}/s, ${requests.get(kind)} requests)`;
  };
  const beside = (kind: LoginKind, to: LoginKind = 'passport-totp') =>
    `${ratio(kind, to).toFixed(2)} ×  ${each(kind)}`;
  const [own, key] = [ratio('sallyport', 'passport-totp'), ratio('security-key', 'sallyport')];
  return [
    line(
      `a login to passport-totp's, CPU (median of ${rounds} × ${people.length})`,
      beside('sallyport'),
      ['≤ 1.4 ×', own <= 1.4],
    ),
    line('the same, second factors in Postgres', beside('postgres')),
    line('the same, of passport-totp (the control)', beside('control')),
    line('the same, with a password only', beside('password')),
    line('passport-totp itself', each('passport-totp')),
    line(
      'a login with a security key to one with a code, CPU',
      beside('security-key', 'sallyport'),
      ['≤ 2 ×', key <= 2],
    ),
  ];

  async function round(kind: LoginKind): Promise<Round> {
    // The next time step, so that nobody's code has been used.
    clock.advance('30s');
    const before = await app.tell(clock.now());
    const begun = performance.now();
    await concurrently(people, (at) => login(kind, userOf(kind, at)));
    const took = performance.now() - begun;
    const used = (await app.tell(clock.now())) - before;
    return { cpu: used / 1000 / people.length, perSecond: (people.length * 1000) / took };
  }

  async function login(kind: LoginKind, user: string): Promise<void> {
    const someone = visitor(agent, app.ports[kind]);
    let page = await signIn(someone, user);
    const factor = factors.get(user);
    if (factor) page = await answerForm(someone, page, factor(page));
    if (page.text !== 'inside') {
      throw new Error(`${user} is not in: ${page.status} ${page.path}\n${page.text}`);
    }
    requests.set(kind, someone.requests);
  }
}

async function shareKeys(redisUrl: string, users: readonly string[]): Promise<void> {
  const redis = await connected(redisUrl);
  for (const user of users) await redis.hSet('bench:totp-keys', user, SHARED_KEY);
  await redis.close();
}

interface AppProcess {
  readonly ports: LoginPorts;
  /** Sets the time there; answers the CPU that the process has used, in microseconds. */
  tell(now: number): Promise<number>;
  stop(): Promise<void>;
}

async function start(...urls: readonly string[]): Promise<AppProcess> {
  const program = fileURLToPath(new URL('./login-app.ts', import.meta.url));
  const child = fork(program, urls, { execArgv: ['--import=tsx'], env: builtEnvironment() });
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
