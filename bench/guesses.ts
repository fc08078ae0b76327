import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Guesses } from './guesser.js';
import { type Line, line, median, type Size } from './report.js';
import type { Servers } from './servers.js';

const EACH = 25;
const FREE = 5;

/** Two processes guess one subject's code, 25 times each, all at once: how many are compared, and who waits longest. */
export async function guesses({ redis, postgres }: Servers, size: Size): Promise<Line[]> {
  const rounds = size === 'quick' ? 5 : 20;
  return [
    await guessesOn('Redis', redis, rounds),
    await guessesOn('Postgres', await postgres(), rounds),
  ];
}

async function guessesOn(name: string, url: string, rounds: number): Promise<Line> {
  const program = fileURLToPath(new URL('./guesser.ts', import.meta.url));
  const both = [1, 2].map(() => fork(program, [url], { execArgv: ['--import=tsx'] }));
  // One after the other: the first makes the tables.
  for (const one of both) {
    const ready = once(one, 'message');
    one.send(null as never);
    await ready;
  }
  const compared: number[] = [];
  const slowest: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const told = await Promise.all(
      both.map(async (one) => {
        const answered = once(one, 'message') as Promise<[Guesses]>;
        one.send({ subjectId: `guessed-${round}`, count: EACH, free: FREE });
        return (await answered)[0];
      }),
    );
    compared.push(told.reduce((sum, { compared: own }) => sum + own, 0));
    slowest.push(Math.max(...told.map(({ slowestMs }) => slowestMs)));
  }
  for (const one of both) one.disconnect();
  const exact = compared.every((count) => count === FREE);
  return line(
    `${2 * EACH} guesses at once over two processes, ${FREE} free, ${name} (${rounds} times)`,
    `${[...new Set(compared)].join(' or ')} compared; slowest answer ${median(slowest).toFixed(0)} ms (most ${Math.max(...slowest).toFixed(0)})`,
    [`${FREE} compared`, exact],
  );
}
