import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { benchDoor, prove, requestOf } from './door.js';
import { type Line, line, median, quantile, type Size } from './report.js';
import type { Servers } from './servers.js';

/** How long after a reset on another process was answered there, the gate here still lets its session in. */
export async function changeLatency({ redis, postgres }: Servers, size: Size): Promise<Line[]> {
  const rounds = size === 'quick' ? 100 : 200;
  return [
    await latencyOver('Redis', redis, rounds),
    await latencyOver('Postgres', await postgres(), rounds),
  ];
}

async function latencyOver(name: string, url: string, rounds: number): Promise<Line> {
  const { door, store, close } = await benchDoor(url);
  const program = fileURLToPath(new URL('./other-process.ts', import.meta.url));
  const other = fork(program, [url], { execArgv: ['--import=tsx'] });
  await once(other, 'message');
  const waits: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const subjectId = `changed-${round}`;
    const sessionId = `session-${round}`;
    const login = await prove(store, subjectId, sessionId);
    const req = requestOf(door, { login, sessionId });
    const passes = async () => (await door.check(req)).decision.kind === 'pass';
    if (!(await passes()) || !(await passes())) throw new Error('the session is not proven');
    const answered = once(other, 'message') as Promise<[number]>;
    other.send(subjectId);
    while (await passes()) await turn();
    const noticed = performance.timeOrigin + performance.now();
    const [done] = await answered;
    waits.push(noticed - done);
  }
  other.disconnect();
  await close();
  const most = Math.max(...waits);
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  return line(
    `change on another process until the gate sees it, ${name} (median of ${rounds})`,
    `${ms(median(waits))}  (p99 ${ms(quantile(waits, 0.99))}, most ${ms(most)})`,
    ['≤ 100 ms', median(waits) <= 100],
  );
}
