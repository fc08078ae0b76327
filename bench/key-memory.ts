import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { SecondFactorStore } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { keyring } from '../src/crypto/keyring.js';
import { formatFacts, packCredential } from '../src/methods/security-key/credential.js';
import { sessionDigest } from '../src/session/assurance.js';
import { connected, KEY } from './door.js';
import { each, enroll, settledMemory } from './memory.js';
import { type Line, line, type Size } from './report.js';

const ring = keyring([KEY]);
const AT_ONCE = 200;
/** The sizes in which memory is handed out are far apart: of one key alone the difference says little. */
const KEYS_EACH = 8;
const AAGUID = '2fc0579f-8113-47ea-b116-bb5a8db9202a';
const LABEL = 'YubiKey 5 NFC';

/** What one more key takes of Redis, for people who have an app: its own record, and what leads from it to its owner. */
export async function keyMemory(url: string, size: Size): Promise<Line[]> {
  const subjects = size === 'quick' ? 1_000 : 5_000;
  const admin = await connected(url);
  const store = redisStore(admin, { initialize: true, timeout: 2000 });
  await store.ready();
  const lines: Line[] = [];
  for (const bytes of [16, 64]) {
    const ids = Array.from({ length: subjects }, () => randomUUID());
    await each(ids, AT_ONCE, (id) => enroll(store, id));
    const before = await settledMemory(admin);
    for (let n = 0; n < KEYS_EACH; n += 1) {
      await each(ids, AT_ONCE, (id) => addKey(store, id, bytes));
    }
    const own = ((await settledMemory(admin)) - before) / subjects / KEYS_EACH;
    lines.push(
      line(`bytes that a key takes in Redis, of an id of ${bytes} bytes`, own.toFixed(0), [
        '≤ 250',
        own <= 250,
      ]),
    );
  }
  // By the command: the table of all keys grows in leaps, which would be in the difference.
  const person = randomUUID();
  await enroll(store, person);
  const token = await addKey(store, person, 16, true);
  const index = await admin.memoryUsage(`sp:h:${token}`);
  lines.push(line('and what leads from it to its owner', String(index)));
  await store.close();
  await admin.close();
  return lines;
}

/** As the method keeps it. */
async function addKey(
  store: SecondFactorStore,
  subjectId: string,
  bytes: number,
  found = false,
): Promise<string> {
  const session = sessionDigest(subjectId);
  const id = randomBytes(6).toString('base64url');
  const own = randomBytes(bytes);
  const token = createHash('sha256').update(own).digest().subarray(0, 8).toString('base64url');
  const facts = { userVerified: true, backupEligible: false, backedUp: false };
  await store.beginEnrollment(
    subjectId,
    {
      ...{ id, method: 'security-key', label: '', sealed: ring.seal(Buffer.of(), subjectId) },
      ...{ parameters: '', session, basis: 'proven', lifetimeMs: 600_000 },
    },
    { restart: false },
  );
  const { kind } = await store.confirmEnrollment(subjectId, {
    ...{ id, session, step: 1, replaces: null, epoch: 0, label: LABEL },
    keep: {
      sealed: ring.seal(
        packCredential({ id: own, publicKey: publicKey(), transports: ['usb', 'nfc'] }),
        subjectId,
      ),
      parameters: formatFacts({ aaguid: AAGUID, ...facts }),
    },
    tenantId: 'acme',
    ...(found && { foundBy: [token] }),
  });
  if (kind !== 'confirmed') throw new Error(`a key was not confirmed: ${kind}`);
  return token;
}

/** A COSE key, ES256. */
function publicKey(): Uint8Array {
  const { x = '', y = '' } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  }).publicKey.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ]);
}
