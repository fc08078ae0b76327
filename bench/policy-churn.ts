import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Request, Response } from 'express';
import { type DirectoryOrganization, organizationPolicy } from 'sallyport';
import { NO_SETTING } from '../test/support/policy.js';
import { startRedis } from '../test/support/redis.js';
import { benchDoor, gateOf, prove, requestOf } from './door.js';
import { type Line, line, median, quantile, table } from './report.js';

const ORGANIZATIONS = 1_000;
const CHANGES_PER_SECOND = 1_000;
const REQUESTS_PER_SECOND = 4_000;
const ROUNDS = 5;
const ROUND_MS = 800;

/** Whose policies the other process changes. */
const CHURNS = [null, 'elsewhere', 'here'] as const;

interface Round {
  readonly median: number;
  readonly p99: number;
  /** Of the calls, how many had to read something again. */
  readonly reread: number;
  readonly changesPerSecond: number;
}

/**
 * What the gate takes, from its call to the next handler's, while another process changes policies: of
 * organizations that nobody here belongs to, and of those whose users are at work here.
 */
export async function policyChurn(redisUrl: string): Promise<Line[]> {
  const { door, store, close } = await benchDoor(redisUrl, {
    policy: () => organizationPolicy({ organization }),
  });
  const setting = { ...NO_SETTING, mode: 'required' as const };
  const requests: Request[] = [];
  for (let at = 0; at < ORGANIZATIONS; at += 1) {
    await store.writeSetting(`here-${at}`, {
      value: setting,
      changedBy: 'root',
      expectedVersion: null,
    });
    const sessionId = `session-${at}`;
    const login = await prove(store, `user${at}`, sessionId);
    requests.push(requestOf(door, { login, sessionId, tenantId: `here-${at}` }));
  }
  const gate = gateOf(door);
  const program = fileURLToPath(new URL('./policy-changer.ts', import.meta.url));
  const changer = fork(program, [redisUrl, String(ORGANIZATIONS), String(CHANGES_PER_SECOND)], {
    execArgv: ['--import=tsx'],
  });
  await once(changer, 'message');

  const rounds = CHURNS.map((): Round[] => []);
  for (const churn of CHURNS) await round(churn);
  for (let number = 0; number < ROUNDS; number += 1) {
    // Another begins each time.
    for (let turn = 0; turn < CHURNS.length; turn += 1) {
      const at = (number + turn) % CHURNS.length;
      rounds[at]!.push(await round(CHURNS[at]!));
    }
  }
  const gone = once(changer, 'exit');
  changer.disconnect();
  await gone;
  await close();

  return CHURNS.map((churn, at) => {
    const own = rounds[at]!;
    const of = (field: keyof Round) => median(own.map((one) => one[field]));
    const time = `median ${of('median').toFixed(1)} µs, p99 ${of('p99').toFixed(0)} µs`;
    const reread = `${(of('reread') * 100).toFixed(1)} % read again`;
    const rate = `${of('changesPerSecond').toFixed(0)} policies/s`;
    return line(
      churn === null
        ? `gate at ${REQUESTS_PER_SECOND} requests/s of ${ORGANIZATIONS} organizations (medians of ${ROUNDS} rounds)`
        : `the same while another process changes ${WHOSE[churn]}`,
      churn === null ? `${time}  (${reread})` : `${time}  (${reread}, ${rate})`,
    );
  });

  async function round(churn: (typeof CHURNS)[number]): Promise<Round> {
    await everybody();
    if (churn !== null) changer.send(churn);
    const found = await load();
    if (churn === null) return { ...found, changesPerSecond: 0 };
    const stopped = once(changer, 'message') as Promise<[number]>;
    changer.send(null as never);
    return { ...found, changesPerSecond: (await stopped)[0] };
  }

  /** Once through everybody, until all is at hand. */
  async function everybody(): Promise<void> {
    for (const req of requests) await pass(req);
    for (const req of requests) await pass(req);
  }

  async function load() {
    const took: number[] = [];
    let sent = 0;
    let reread = 0;
    const ask = (req: Request) => {
      const begun = performance.now();
      gate(req, {} as Response, () => took.push((performance.now() - begun) * 1000));
    };
    const begun = performance.now();
    for (let passed = 0; passed < ROUND_MS; passed = performance.now() - begun) {
      const due = (passed * REQUESTS_PER_SECOND) / 1000;
      for (; sent < due; sent += 1) {
        const before = took.length;
        ask(requests[sent % requests.length]!);
        if (took.length === before) reread += 1;
      }
      await delay(1);
    }
    const patience = performance.now() + 5_000;
    while (took.length < sent && performance.now() < patience) await delay(1);
    if (took.length < sent) throw new Error(`${sent - took.length} of ${sent} were not let in`);
    return { median: median(took), p99: quantile(took, 0.99), reread: reread / sent };
  }

  function pass(req: Request): Promise<void> {
    return new Promise((resolve) => gate(req, {} as Response, () => resolve()));
  }
}

const WHOSE = {
  elsewhere: 'policies of other organizations',
  here: 'the policies of these',
} as const;

function organization(id: string): DirectoryOrganization {
  return { id, name: id, kind: 'client', partnerId: 'partner' };
}

/** `npx tsx bench/policy-churn.ts` */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.env.NODE_ENV = 'production';
  const redis = await startRedis();
  try {
    console.log(table(await policyChurn(redis.url)));
  } finally {
    await redis.stop();
  }
}
