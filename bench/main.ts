import { availableParallelism } from 'node:os';
import { changeLatency } from './change-latency.js';
import { gateCost } from './gate-cost.js';
import { guesses } from './guesses.js';
import { imports } from './import.js';
import { keyMemory } from './key-memory.js';
import { loginCommands } from './login-commands.js';
import { logins } from './logins.js';
import { memory } from './memory.js';
import { policy } from './policy.js';
import { policyChurn } from './policy-churn.js';
import { type Line, line, type Size, table } from './report.js';
import { type Servers, withServers } from './servers.js';
import { throughput } from './throughput.js';

type Bench = (servers: Servers, size: Size) => Promise<Line[]>;

/** What docs/performance.md promises. */
const TABLE: Readonly<Record<string, Bench>> = {
  throughput: ({ redis }, size) => throughput(redis, size),
  gate: gateCost,
  logins,
  login: loginCommands,
  guesses,
  change: changeLatency,
  memory,
  keys: ({ redis }, size) => keyMemory(redis, size),
};

/** Only where they are named: they take longer than all the rest. */
const FURTHER: Readonly<Record<string, Bench>> = {
  policy: ({ redis }) => policy(redis),
  churn: ({ redis }) => policyChurn(redis),
  import: ({ redis }, size) => imports(redis, size),
};

/** `npm run bench [-- --quick] [name…]`: the table, or those named. Each has servers of its own. */
const BENCHES = { ...TABLE, ...FURTHER };

process.env.NODE_ENV = 'production';
const given = process.argv.slice(2);
const size: Size = given.includes('--quick') ? 'quick' : 'full';
const wanted = given.filter((name) => name !== '--quick');
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(
    `no such bench: ${unknown.join(', ')} (there are ${Object.keys(BENCHES).join(', ')})`,
  );
  process.exit(1);
}

const begun = performance.now();
const lines: Line[] = [];
for (const [name, bench] of Object.entries(wanted.length > 0 ? BENCHES : TABLE)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} …`);
  try {
    lines.push(...(await withServers((servers) => bench(servers, size))));
  } catch (error) {
    // What the others have measured is worth having.
    console.error(error);
    lines.push(line(`${name}: failed`, String(error), ['', false]));
    process.exitCode = 1;
  }
}
const seconds = Math.round((performance.now() - begun) / 1000);
console.log(
  `Node ${process.version}, ${availableParallelism()} CPUs, ${seconds} s\n\n${table(lines)}`,
);
