import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from '../src/cli/run.js';
import { connected, KEY } from './door.js';
import { type Line, line, type Size } from './report.js';

const PREFIX = 'bench-import:';

/** How long `npx sallyport import` takes for many users with an app and ten codes each, and what it holds in memory. */
export async function imports(redisUrl: string, size: Size): Promise<Line[]> {
  const users = size === 'quick' ? 10_000 : 100_000;
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  const file = join(folder, 'users.ndjson');
  const admin = await connected(redisUrl);
  try {
    await pipeline(Readable.from(lines(users)), createWriteStream(file));
    await admin.flushAll();
    const place = ['--redis', redisUrl, '--prefix', PREFIX];
    await sallyport(['init', ...place]);
    const first = await measured(() => sallyport(['import', file, ...place]));
    const again = await measured(() => sallyport(['import', file, ...place]));
    return [
      line(`import ${users} users with an app and ten codes`, `${first.seconds} s`),
      line('the same file once more, when all are there', `${again.seconds} s`),
      line('the most that the heap has grown meanwhile', `${first.megabytes} MB`),
    ];
  } finally {
    await admin.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function* lines(users: number): Generator<string> {
  for (let at = 0; at < users; at += 1) {
    const secret = randomBytes(20).toString('hex');
    const recoveryCodes = Array.from({ length: 10 }, () => randomBytes(5).toString('hex'));
    const subject = { id: randomUUID(), tenantId: `tenant-${at % 100}` };
    yield `${JSON.stringify({ subject, totp: [{ secret, encoding: 'hex' }], recoveryCodes })}\n`;
  }
}

async function sallyport(args: readonly string[]): Promise<void> {
  const told: string[] = [];
  const code = await run(args, {
    ...{ env: { SALLYPORT_KEY: KEY }, now: Date.now, untilStopped: async () => {} },
    ...{ out: () => {}, err: (text) => told.push(text) },
  });
  if (code !== 0) throw new Error(told.join('\n'));
}

async function measured(work: () => Promise<void>) {
  const before = process.memoryUsage().heapUsed;
  let most = before;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed);
  }, 100);
  const begun = performance.now();
  await work();
  clearInterval(watching);
  return {
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    megabytes: Math.round((most - before) / 1e6),
  };
}
