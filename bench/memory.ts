import { randomUUID } from 'node:crypto';
import { redisStore } from 'sallyport/redis';
import { keyring } from '../src/crypto/keyring.js';
import { newRecoveryCodes } from '../src/methods/recovery-code/codes.js';
import { sessionDigest } from '../src/session/assurance.js';
import { connected, KEY } from './door.js';
import { type Line, line, type Size } from './report.js';

const AT_ONCE = 200;

/**
 * What enrolled subjects take in Redis: a TOTP secret and ten recovery codes each, under ids as databases
 * give them. By used_memory, so that what the server keeps around its keys is in it; but without the table of
 * what clients track, which has its own limit (tracking-table-max-keys).
 */
export async function memory(redisUrl: string, size: Size): Promise<Line[]> {
  const subjects = size === 'quick' ? 10_000 : 100_000;
  const admin = await connected(redisUrl);
  await admin.flushAll();
  const store = redisStore(admin, { prefix: 'sp:', initialize: true, timeout: 2000 });
  await store.ready();
  const ring = keyring([KEY]);
  const before = await usedMemory(admin);

  const ids = Array.from({ length: subjects }, () => randomUUID());
  for (let at = 0; at < subjects; at += AT_ONCE) {
    await Promise.all(ids.slice(at, at + AT_ONCE).map(enroll));
  }
  const enrolled = await settledMemory(admin);
  for (let at = 0; at < subjects; at += AT_ONCE) {
    await Promise.all(
      ids.slice(at, at + AT_ONCE).map((id) => {
        const { digests } = newRecoveryCodes(ring, { id });
        return store.replaceRecoveryCodes(id, digests);
      }),
    );
  }
  const withCodes = await settledMemory(admin);
  await store.close();
  await admin.close();
  const each = (bytes: number) => (bytes - before) / subjects;
  return [
    line(`bytes per enrolled subject (over ${subjects})`, each(enrolled).toFixed(0)),
    line('the same with ten recovery codes', each(withCodes).toFixed(0), [
      '≤ 400',
      each(withCodes) <= 400,
    ]),
  ];

  async function enroll(subjectId: string): Promise<void> {
    const session = sessionDigest(subjectId);
    const id = subjectId.slice(0, 8);
    await store.beginEnrollment(
      subjectId,
      {
        id,
        method: 'totp',
        label: 'Authenticator app',
        sealed: ring.seal(Buffer.alloc(20, 7), subjectId),
        parameters: 'sha1/6/30',
        session,
        basis: 'first',
        lifetimeMs: 600_000,
      },
      { restart: false },
    );
    // A step as it is today: its digits are part of what is stored.
    await store.confirmEnrollment(subjectId, {
      id,
      session,
      step: 60_000_000,
      replaces: null,
      epoch: 0,
    });
  }
}

type Admin = Awaited<ReturnType<typeof connected>>;

async function usedMemory(admin: Pick<Admin, 'info'>): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))?.[1]);
}

/** The memory in use once the server has forgotten which clients track which keys. */
async function settledMemory(admin: Pick<Admin, 'info' | 'configSet' | 'ping'>): Promise<number> {
  await admin.configSet('tracking-table-max-keys', '1');
  const tracked = async () =>
    Number(/^tracking_total_keys:(\d+)/m.exec(await admin.info('stats'))?.[1]);
  while ((await tracked()) > 1) await admin.ping();
  const used = await usedMemory(admin);
  await admin.configSet('tracking-table-max-keys', '1000000');
  return used;
}
