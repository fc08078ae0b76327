import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Line, line, median } from './report.js';

const ROUNDS = 9;
const ROUND_MS = 1000;
const CONNECTIONS = 16;

interface Target {
  readonly port: number;
  readonly cookie: string;
  readonly agent: Agent;
  stop(): void;
}

/**
 * Requests per second of the same app with and without the library, round by round in turn, and once more
 * without it: what bare differs from bare by is the noise of the machine.
 */
export async function throughput(redisUrl: string): Promise<Line[]> {
  const targets = await Promise.all([
    start('bare', redisUrl),
    start('gated', redisUrl),
    start('bare', redisUrl),
  ]);
  for (const target of targets) await load(target, ROUND_MS);
  const rates: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Each begins as often as the others.
    for (let turn = 0; turn < targets.length; turn += 1) {
      const at = (round + turn) % targets.length;
      rates[at]!.push(await load(targets[at]!, ROUND_MS));
    }
  }
  for (const target of targets) target.stop();
  const [bare, gated, control] = rates;
  const ratio = (over: number[], under: number[]) =>
    median(over.map((rate, round) => rate / under[round]!));
  const perSecond = (values: number[]) => `${Math.round(median(values))}/s`;
  return [
    line(
      `throughput gated to bare (median of ${ROUNDS} interleaved rounds)`,
      `${ratio(gated, bare).toFixed(3)}  (${perSecond(gated)} to ${perSecond(bare)})`,
    ),
    line('the same, bare to bare', `${ratio(control, bare).toFixed(3)}  (${perSecond(control)})`),
  ];
}

async function start(kind: 'bare' | 'gated', redisUrl: string): Promise<Target> {
  const child = fork(fileURLToPath(new URL('./app.ts', import.meta.url)), [kind, redisUrl], {
    execArgv: ['--import=tsx'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [port] = (await once(child, 'message')) as [number];
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { cookie } = await send({ port, agent, cookie: '' }, 'POST', `/login?user=u${port}`);
  const target = { port, agent, cookie };
  const { status } = await send(target, 'GET', '/reports');
  if (status !== 200) throw new Error(`${kind} answered ${status}`);
  return {
    ...target,
    stop() {
      agent.destroy();
      child.disconnect();
    },
  };
}

/** Requests per second over `ms`, with as many under way as there are connections. */
async function load(target: Target, ms: number): Promise<number> {
  const begun = performance.now();
  let done = 0;
  async function one(): Promise<void> {
    while (performance.now() - begun < ms) {
      const { status } = await send(target, 'GET', '/reports');
      if (status !== 200) throw new Error(`answered ${status} under load`);
      done += 1;
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return (done * 1000) / (performance.now() - begun);
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
