import { setImmediate as turn } from 'node:timers/promises';
import type { Response } from 'express';
import pg from 'pg';
import { benchDoor, connected, gateOf, prove, requestOf } from './door.js';
import { type Line, line, median, type Size } from './report.js';
import type { Servers } from './servers.js';

const CALLS = 50_000;

/** What a warm gate costs in this process, and what it sends to its store. */
export async function gateCost({ redis, postgres }: Servers, size: Size): Promise<Line[]> {
  const rounds = size === 'quick' ? 3 : 7;
  const client = await connected(redis);
  const onRedis = await warmGate(redis, rounds, () => commands(client));
  await client.close();

  const url = await postgres();
  const pool = new pg.Pool({ connectionString: url });
  await pool.query('CREATE EXTENSION pg_stat_statements');
  const onPostgres = await warmGate(url, rounds, () => statements(pool));
  await pool.end();

  const calls = rounds * CALLS;
  return [
    line(
      `warm gate by itself, CPU per call (median of ${rounds} × ${CALLS})`,
      `${onRedis.micros.toFixed(2)} µs`,
    ),
    line(`warm gate, Redis commands in ${calls} calls`, String(onRedis.sent), [
      '0',
      onRedis.sent === 0,
    ]),
    line(`warm gate, Postgres statements in ${calls} calls`, String(onPostgres.sent), [
      '0',
      onPostgres.sent === 0,
    ]),
  ];
}

async function warmGate(url: string, rounds: number, count: () => Promise<number>) {
  const { door, store, close } = await benchDoor(url);
  const login = await prove(store, 'alice', 'session-a');
  const gate = gateOf(door, { exempt: ['GET /healthz'] });
  const req = requestOf(door, { login, sessionId: 'session-a' });
  const res = {} as Response;
  let passed = 0;
  const next = () => {
    passed += 1;
  };
  const pass = () => new Promise<void>((resolve) => gate(req, res, () => resolve()));
  await pass();
  await pass();

  const micros: number[] = [];
  let sent = 0;
  for (let round = 0; round < rounds; round += 1) {
    const before = await count();
    const begun = process.cpuUsage();
    for (let call = 0; call < CALLS; call += 1) {
      gate(req, res, next);
      // On a busy machine all of them take seconds, after which a store that was not heard is not believed.
      if (call % 5000 === 0) await turn();
    }
    const { user, system } = process.cpuUsage(begun);
    micros.push((user + system) / CALLS);
    sent += (await count()) - before;
  }
  if (passed !== CALLS * rounds) throw new Error(`only ${passed} calls passed at once`);
  await close();
  return { micros: median(micros), sent };
}

/** All commands but those of the probe itself and of the store's heartbeat. */
async function commands(probe: { info(section: string): Promise<string> }): Promise<number> {
  const stats = await probe.info('commandstats');
  return [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
    .filter(([, name]) => !['info', 'time', 'hello'].includes(name!))
    .reduce((sum, [, , calls]) => sum + Number(calls), 0);
}

/** Those that touch the store's tables, but for its heartbeat, which reads the marker there and the clock. */
async function statements(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ calls: string }>(
    `SELECT coalesce(sum(calls), 0) AS calls FROM pg_stat_statements
      WHERE query LIKE '%bench_%' AND query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE '%clock_timestamp%'`,
  );
  return Number(rows[0]?.calls);
}
