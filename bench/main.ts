import { availableParallelism } from 'node:os';
import { startRedis } from '../test/support/redis.js';
import { changeLatency } from './change-latency.js';
import { gateCost } from './gate-cost.js';
import { loginCommands } from './login-commands.js';
import { logins } from './logins.js';
import { memory } from './memory.js';
import { policy } from './policy.js';
import { policyChurn } from './policy-churn.js';
import { type Line, type Size, table } from './report.js';
import { throughput } from './throughput.js';

/** `npm run bench [-- --quick] [name…]`: all of them, or those named. Each has a Redis server of its own. */
const BENCHES: Readonly<Record<string, (redisUrl: string, size: Size) => Promise<Line[]>>> = {
  gate: gateCost,
  login: loginCommands,
  change: changeLatency,
  throughput,
  memory,
  policy,
  logins,
  churn: policyChurn,
};

process.env.NODE_ENV = 'production';
const given = process.argv.slice(2);
const size: Size = given.includes('--quick') ? 'quick' : 'full';
const wanted = given.filter((name) => name !== '--quick');
const unknown = wanted.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(
    `no such bench: ${unknown.join(', ')} (there are ${Object.keys(BENCHES).join(', ')})`,
  );
  process.exit(1);
}

const lines: Line[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} …`);
  const redis = await startRedis();
  try {
    lines.push(...(await bench(redis.url, size)));
  } finally {
    await redis.stop();
  }
}
console.log(`Node ${process.version}, ${availableParallelism()} CPUs\n\n${table(lines)}`);
