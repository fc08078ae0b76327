import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { AppKind } from './app.js';
import { builtEnvironment } from './built.js';
import { type Line, line, median, type Size } from './report.js';

/** In this order within a round, of which each begins as often as the others. The second bare app is the control. */
const KINDS = ['bare', 'passport-totp', 'gated', 'bare'] as const satisfies readonly AppKind[];
const CONNECTIONS = 16;
const WARM_UP = 2_000;

interface Target {
  readonly kind: AppKind;
  readonly port: number;
  readonly cookie: string;
  readonly agent: Agent;
  /** The CPU that the app has used so far, in microseconds. */
  cpu(): Promise<number>;
  stop(): void;
}

interface Round {
  readonly perSecond: number;
  /** Microseconds of the app's CPU for one request. */
  readonly cpu: number;
}

/**
 * What a request costs behind the gate, in CPU of the app's process and in requests per second: of the same app
 * without the library, with passport-totp, with Sallyport, and once more without, round by round in turn. What bare
 * differs from bare by is the noise of the machine.
 */
export async function throughput(redisUrl: string, size: Size): Promise<Line[]> {
  const [rounds, requests] = size === 'quick' ? [11, 1_500] : [25, 3_000];
  const targets = await Promise.all(KINDS.map((kind) => start(kind, redisUrl)));
  for (const target of targets) await load(target, WARM_UP);
  const measured: Round[][] = targets.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < targets.length; turn += 1) {
      const at = (round + turn) % targets.length;
      measured[at]!.push(await load(targets[at]!, requests));
    }
  }
  for (const target of targets) target.stop();
  const [bare, peer, gated, control] = measured as [Round[], Round[], Round[], Round[]];
  const beyond = (own: Round[]) => median(own.map(({ cpu }, at) => cpu - bare[at]!.cpu));
  const ratio = (own: Round[]) =>
    median(own.map(({ perSecond }, at) => perSecond / bare[at]!.perSecond));
  const micros = (value: number) => `${value >= 0 ? '+' : ''}${value.toFixed(1)} µs`;
  const each = (own: Round[]) => `${median(own.map(({ cpu }) => cpu)).toFixed(0)} µs in all`;
  const rate = (own: Round[]) => `${median(own.map((one) => one.perSecond)).toFixed(0)}/s`;
  const more = beyond(gated);
  return [
    line(
      `CPU of a gated request beyond the bare app (median of ${rounds} × ${requests})`,
      `${micros(more)}  (${each(gated)})`,
      ['≤ 8 µs', more <= 8],
    ),
    line('the same, of passport-totp', `${micros(beyond(peer))}  (${each(peer)})`),
    line('the same, of bare (the control)', `${micros(beyond(control))}  (${each(control)})`),
    line('throughput, gated to bare', `${ratio(gated).toFixed(3)}  (${rate(gated)})`, [
      '≥ 0.97',
      ratio(gated) >= 0.97,
    ]),
    line('throughput, passport-totp to bare', `${ratio(peer).toFixed(3)}  (${rate(peer)})`),
    line('throughput, bare to bare', `${ratio(control).toFixed(3)}  (${rate(control)})`),
  ];
}

async function start(kind: AppKind, redisUrl: string): Promise<Target> {
  const child = fork(fileURLToPath(new URL('./app.ts', import.meta.url)), [kind, redisUrl], {
    execArgv: ['--import=tsx'],
    env: builtEnvironment(),
  });
  const [port] = (await once(child, 'message')) as [number];
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { cookie } = await send({ port, agent, cookie: '' }, 'POST', `/login?user=u${port}`);
  const target = { port, agent, cookie };
  const { status } = await send(target, 'GET', '/reports');
  if (status !== 200) throw new Error(`${kind} answered ${status}`);
  return {
    ...target,
    kind,
    async cpu() {
      const answered = once(child, 'message') as Promise<[number]>;
      child.send('cpu');
      return (await answered)[0];
    },
    stop() {
      agent.destroy();
      child.disconnect();
    },
  };
}

/** So many requests, with as many under way as there are connections. */
async function load(target: Target, requests: number): Promise<Round> {
  const usedBefore = await target.cpu();
  const begun = performance.now();
  let left = requests;
  async function one(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const { status } = await send(target, 'GET', '/reports');
      if (status !== 200) throw new Error(`${target.kind} answered ${status} under load`);
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  const tookMs = performance.now() - begun;
  return {
    perSecond: (requests * 1000) / tookMs,
    cpu: ((await target.cpu()) - usedBefore) / requests,
  };
}

function send(
  { port, agent, cookie }: Pick<Target, 'port' | 'agent' | 'cookie'>,
  method: string,
  path: string,
): Promise<{ status: number; cookie: string }> {
  return new Promise((resolve, reject) => {
    const headers = cookie ? { cookie } : {};
    const sent = request({ host: '127.0.0.1', port, agent, method, path, headers }, (response) => {
      const set = response.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode ?? 0, cookie: set }));
    });
    sent.once('error', reject);
    sent.end();
  });
}
