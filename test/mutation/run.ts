/**
 * The mutation score: `npm run mutation`, or `npm run mutation -- gate admin` for some parts of it, or all of a
 * folder's. Prints each file's score and those mutants that live; exits with 1 below the score that the project
 * promises. MUTATION_FILES narrows a part down, e.g. to `src/gate/decide.ts:40-60`; MUTATION_SAMPLE judges some
 * mutants only (sample.ts).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startRedis } from '../support/redis.js';
import { startCluster } from '../support/redis-cluster.js';
import { closeStores } from '../support/redis-store.js';
import { folders, parts } from './parts.js';

const PROMISED = 85;
const STRYKER = 'node node_modules/@stryker-mutator/core/bin/stryker.js run stryker.config.mjs';

interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
  >;
}

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: Record<'start' | 'end', { readonly line: number; readonly column: number }>;
}

const DETECTED = ['Killed', 'Timeout'];
const LIVING = ['Survived', 'NoCoverage'];

function count(mutants: readonly Mutant[], statuses: readonly string[]): number {
  return mutants.filter(({ status }) => statuses.includes(status)).length;
}

function score(mutants: readonly Mutant[]): number {
  const detected = count(mutants, DETECTED);
  return (100 * detected) / (detected + count(mutants, LIVING));
}

function line(name: string, mutants: readonly Mutant[]): string {
  const numbers = [DETECTED, ['Survived'], ['NoCoverage']].map((kind) => count(mutants, kind));
  return `${name.padEnd(44)}${score(mutants).toFixed(1).padStart(6)} %${numbers.map((n) => String(n).padStart(6)).join('')}`;
}

function living(file: string, source: string, { status, location, ...mutant }: Mutant): string {
  const { start, end } = location;
  const rows = source.split('\n').slice(start.line - 1, end.line);
  const last = rows.length === 1 ? end.column - 1 : undefined;
  const was = (rows[0] ?? '').slice(start.column - 1, last);
  const place = `${file}:${start.line}:${start.column}`;
  return `  ${place} ${status}, ${mutant.mutatorName}: ${was} -> ${mutant.replacement}`;
}

const wanted = process.argv.slice(2).flatMap((name) => folders[name] ?? [name]);
const named = wanted.length > 0 ? wanted : Object.keys(parts);
for (const name of named) {
  if (!(name in parts)) {
    const known = Object.keys({ ...folders, ...parts });
    throw new Error(`no part ${name}: there are ${known.join(', ')}`);
  }
}

// Servers for all: a suite's own would end with its first run, or be started anew for each mutant.
const redis = await startRedis();
const cluster = await startCluster();
const all: Mutant[] = [];
for (const part of named) {
  const { status } = spawnSync('npx', ['--yes', '--package=node@22', '-c', STRYKER], {
    stdio: 'inherit',
    env: {
      ...process.env,
      MUTATION_PART: part,
      REDIS_URL: redis.url,
      REDIS_CLUSTER: cluster.nodes.map(({ url }) => url).join(),
      NODE_OPTIONS: '--require ./test/mutation/mocha-12.cjs',
    },
  });
  if (status !== 0) throw new Error(`the run of ${part} ended with ${status}`);
  const ofPart: Mutant[] = [];
  const report = JSON.parse(readFileSync(`reports/mutation/${part}.json`, 'utf8')) as Report;
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    if (!Number.isNaN(score(mutants))) console.log(line(file, mutants));
    for (const mutant of mutants) {
      if (LIVING.includes(mutant.status)) console.log(living(file, source, mutant));
    }
    ofPart.push(...mutants);
  }
  console.log(line(`all of ${part}`, ofPart));
  all.push(...ofPart);
}
await closeStores();
await Promise.all([redis.stop(), cluster.stop()]);
console.log(line('all of it', all));
process.exitCode = score(all) >= PROMISED ? 0 : 1;
