/**
 * Runs a suite (`fast`, `slow`, `journeys`) with several mochas side by side, which share one Redis and one
 * Postgres: `tsx test/run.ts fast`. Further arguments are mocha's. JOBS is how many at a time, by default as
 * many as there are cores and, but for the slow suite, one more, which works while others wait for their servers.
 *
 * Not mocha's own `--parallel`: a worker of it that crashes between two files is not told of, and what a test
 * leaves open is not noticed. A mocha of its own ends with an exit code, or not at all.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { startPostgres } from './support/postgres.js';
import { startRedis } from './support/redis.js';

const SIZED = /^test\/(?:model|fuzz)\//;
const SLOW = /\.slow\.test\.ts$/;
const SUITES: Readonly<Record<string, (file: string) => boolean>> = {
  fast: (file) => !SLOW.test(file) && !file.startsWith('test/browser/'),
  slow: (file) => SLOW.test(file) || SIZED.test(file),
  journeys: (file) => file.startsWith('test/journeys/') && !SLOW.test(file),
};

/** The slow suite takes these through Postgres as well; those that `npm test` does are left out. */
const ON_POSTGRES = (file: string) =>
  name === 'slow' && !SLOW.test(file) && /^ *journeys\(/m.test(readFileSync(file, 'utf8'));
/** Few enough that starting mocha does not count, enough that all jobs end at about the same time. */
const RUNS_PER_JOB = 3;

/** They share the connections of one Postgres. */
const MOST_JOBS = 4;

/** A mocha that is not through by then, or does not end soon after its counts, is ended and has failed. */
const LIMIT_MS = 15 * 60_000;
const LINGER_MS = 60_000;

/** What one mocha runs. */
interface Hand {
  readonly files: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

interface Run {
  readonly files: readonly string[];
  readonly output: string;
  readonly seconds: number;
  readonly failed: boolean;
}

const cores = availableParallelism();
const [name = '', ...options] = process.argv.slice(2);
const belongs = SUITES[name];
if (!belongs) throw new Error(`no suite ${name}: there are ${Object.keys(SUITES).join(', ')}`);
const jobs = Number(process.env.JOBS ?? Math.min(MOST_JOBS, cores + (name === 'slow' ? 0 : 1)));

const all = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((file) => join('test', file))
  .filter((file) => file.endsWith('.test.ts'));
const files = all.filter(belongs);
const journeys = all.filter(ON_POSTGRES);
const waiting: Hand[] = [
  ...dealt(files).map((hand) => ({ files: hand })),
  ...dealt(journeys).map((hand) => ({ files: hand, env: { JOURNEYS_ON: 'Postgres' } })),
];
const runs: Run[] = [];
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stopping.abort(`by ${signal}`));
}
const began = performance.now();
const servers: { stop(): Promise<void> }[] = [];
try {
  const env = {
    ...process.env,
    REDIS_URL: process.env.REDIS_URL ?? (await started(startRedis)),
    POSTGRES_URL: process.env.POSTGRES_URL ?? (await started(startPostgres)),
  };
  await Promise.all(Array.from({ length: jobs }, () => work(env)));
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
report();

async function started(start: () => Promise<{ url: string; stop(): Promise<void> }>) {
  const server = await start();
  servers.push(server);
  return server.url;
}

/** The largest files first, in turn to each run: their sizes say about how long they take. */
function dealt(all: readonly string[]): string[][] {
  const hands = Array.from({ length: jobs * RUNS_PER_JOB }, (): string[] => []);
  const size = new Map(all.map((file) => [file, statSync(file).size]));
  const sorted = [...all].sort((a, b) => (size.get(b) ?? 0) - (size.get(a) ?? 0));
  for (const [at, file] of sorted.entries()) hands[at % hands.length]?.push(file);
  return hands.filter((hand) => hand.length > 0);
}

async function work(env: NodeJS.ProcessEnv): Promise<void> {
  for (let hand = waiting.shift(); hand && !stopping.signal.aborted; hand = waiting.shift()) {
    const run = await mocha(hand, env);
    runs.push(run);
    console.log(run.output);
  }
}

function mocha(hand: Hand, env: NodeJS.ProcessEnv): Promise<Run> {
  const start = performance.now();
  const color = process.stdout.isTTY ? ['--color'] : [];
  return new Promise((resolve, reject) => {
    const args = [...color, ...options, ...hand.files];
    const child = spawn('node_modules/.bin/mocha', args, {
      env: { ...env, ...hand.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let ended = '';
    const end = (why: string) => {
      ended = `\nEnded ${why}.\n`;
      child.kill('SIGINT');
    };
    let limit = setTimeout(end, LIMIT_MS, `after ${LIMIT_MS / 60_000} minutes`);
    const stop = () => end(String(stopping.signal.reason));
    stopping.signal.addEventListener('abort', stop);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        output += piece;
        if (counted([{ output: piece }], 'passing') === null) return;
        clearTimeout(limit);
        limit = setTimeout(end, LINGER_MS, 'since something that a test left open kept it');
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      stopping.signal.removeEventListener('abort', stop);
      // Without a count it has ended before its end, with whatever code.
      const failed = code !== 0 || ended !== '' || counted([{ output }], 'passing') === null;
      const seconds = (performance.now() - start) / 1000;
      resolve({ files: hand.files, output: output + ended, seconds, failed });
    });
  });
}

/** What the runs say of themselves, added up; null where none says anything. */
function counted(of: readonly Pick<Run, 'output'>[], what: string): number | null {
  let sum: number | null = null;
  for (const { output } of of) {
    const plain = stripVTControlCharacters(output);
    for (const [, count] of plain.matchAll(new RegExp(`^ +(\\d+) ${what}(?: \\(.*\\))?$`, 'gm'))) {
      sum = (sum ?? 0) + Number(count);
    }
  }
  return sum;
}

/** Without the counts, which would be counted twice. */
function lastLines(output: string): string {
  const lines = output.split('\n').filter((line) => !/^ +\d+ passing/.test(line));
  return lines.slice(-40).join('\n');
}

/** What has failed comes last once more, where somebody looks for it. */
function report(): void {
  const failed = runs.filter((run) => run.failed);
  for (const { files: hand, output } of failed) {
    const [, failures] = output.split(/^.* failing.*$/m);
    const told = failures ?? lastLines(output);
    console.log(`\nFailed in a run of ${hand.length} files: ${hand.join(' ')}\n${told}`);
  }
  const [passing, failing, pending] = ['passing', 'failing', 'pending'].map(
    (what) => counted(runs, what) ?? 0,
  );
  const seconds = Math.round((performance.now() - began) / 1000);
  const each = runs.map((run) => Math.round(run.seconds)).join(', ');
  console.log(
    `${name}: ${files.length + journeys.length} files in ${runs.length} runs of ${each} s, ${jobs} at a time`,
  );
  console.log(
    `${name}: ${passing} passing, ${failing} failing, ${pending} pending in ${seconds} s`,
  );
  process.exitCode = failed.length > 0 || stopping.signal.aborted ? 1 : 0;
}
