import type { Response } from 'express';
import { benchDoor, connected, gateOf, prove, requestOf } from './door.js';
import { type Line, line, median } from './report.js';

const CALLS = 100_000;
const ROUNDS = 7;

/** What a warm gate costs in this process, and what it sends to Redis. */
export async function gateCost(redisUrl: string): Promise<Line[]> {
  const { door, store, close } = await benchDoor(redisUrl);
  const probe = await connected(redisUrl);
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
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await commands(probe);
    const begun = process.cpuUsage();
    for (let call = 0; call < CALLS; call += 1) gate(req, res, next);
    const { user, system } = process.cpuUsage(begun);
    micros.push((user + system) / CALLS);
    sent += (await commands(probe)) - before;
  }
  if (passed !== CALLS * ROUNDS) throw new Error(`only ${passed} calls passed at once`);
  await probe.close();
  await close();
  const cost = median(micros);
  return [
    line(`warm gate, CPU per call (median of ${ROUNDS} × ${CALLS})`, `${cost.toFixed(2)} µs`, [
      '≤ 8 µs',
      cost <= 8,
    ]),
    line(`warm gate, Redis commands in ${ROUNDS * CALLS} calls`, String(sent), ['0', sent === 0]),
  ];
}

/** All commands but those of the probe itself and of the store's heartbeat. */
async function commands(probe: { info(section: string): Promise<string> }): Promise<number> {
  const stats = await probe.info('commandstats');
  return [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
    .filter(([, name]) => !['info', 'time'].includes(name!))
    .reduce((sum, [, , calls]) => sum + Number(calls), 0);
}
