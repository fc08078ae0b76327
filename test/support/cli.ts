import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Agent } from 'node:https';
import { fileURLToPath } from 'node:url';
import type { Keyring, SecondFactorStore } from 'sallyport';
import { run } from '../../src/cli/run.js';
import { newRecoveryCodes } from '../../src/methods/recovery-code/codes.js';
import { sealingContext } from '../../src/methods/sealing-context.js';

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: () => number;
  readonly httpsAgent?: Agent;
}

/** `npx sallyport …`, in this process. */
export async function sallyport(
  args: readonly string[],
  { env = {}, now = Date.now, httpsAgent }: CliOptions = {},
) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, {
    env,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    now,
    untilStopped: async () => {},
    ...(httpsAgent && { httpsAgent }),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** The same in a process of its own, with no other Redis than the one that is named. */
export function startSallyport(
  args: readonly string[],
  { env = {} }: Pick<CliOptions, 'env'> = {},
) {
  const { REDIS_URL: _, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    ['--unhandled-rejections=strict', '--import=tsx', MAIN, ...args],
    {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    kill: () => child.kill('SIGKILL'),
    ended: ended.then(([code, signal]) => ({ code, signal, out, err })),
  };
}

export function newKey(): string {
  return randomBytes(32).toString('base64');
}

export interface Enrolled {
  readonly id: string;
  readonly secret: Buffer;
  readonly recoveryCodes: readonly string[];
}

/** Somebody with an authenticator and ten recovery codes, all under the keyring's first key. */
export async function enrollUnder(
  store: SecondFactorStore,
  keyring: Keyring,
  subjectId: string,
  { id = 'phone', codes = true } = {},
): Promise<Enrolled> {
  const secret = randomBytes(20);
  const session = 'x'.repeat(43);
  await beginUnder(store, keyring, subjectId, { id, session, secret });
  const confirmed = await store.confirmEnrollment(subjectId, {
    ...{ id, session, step: 1000 },
    ...{ replaces: null, epoch: 0 },
  });
  if (confirmed.kind !== 'confirmed') throw new Error(`not enrolled: ${confirmed.kind}`);
  const made = newRecoveryCodes(keyring, { id: subjectId });
  if (codes) await store.replaceRecoveryCodes(subjectId, made.digests);
  return { id, secret, recoveryCodes: codes ? made.codes : [] };
}

/** Somebody who has begun and not confirmed. */
export async function beginUnder(
  store: SecondFactorStore,
  keyring: Keyring,
  subjectId: string,
  { id = 'phone', session = 'y'.repeat(43), secret = randomBytes(20) } = {},
): Promise<void> {
  await store.beginEnrollment(
    subjectId,
    {
      ...{ id, session, method: 'totp', label: 'Authenticator app', parameters: 'sha1/6/30' },
      sealed: keyring.seal(secret, sealingContext('totp', subjectId, id)),
      basis: 'first',
      lifetimeMs: 600_000,
    },
    { restart: true },
  );
}

/** The sealed bytes of a subject's authenticators, by enrollment id. */
export async function sealedOf(
  store: SecondFactorStore,
  subjectId: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const limits = { free: 1000, waits: [], stop: 100_000 };
  const reservation = await store.reserveAttempt(subjectId, limits, {
    method: 'totp',
    stoppable: false,
  });
  if (reservation.kind !== 'reserved') throw new Error('locked');
  return new Map(reservation.authenticators.map(({ id, sealed }) => [id, sealed]));
}
