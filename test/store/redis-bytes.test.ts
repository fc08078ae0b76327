import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { startRedis } from '../support/redis.js';
import { recordsIn } from '../support/redis-records.js';
import { closeStores, enroll, openClient, openStore } from '../support/redis-store.js';

/** Of a million subjects: 16 384 hashes share them. */
const PER_LEDGER = 61;
const MONTH_MS = 30 * 86_400_000;

describe('an enrolled subject in Redis', () => {
  afterEach(closeStores);

  it('takes at most 400 bytes, with ten recovery codes and its share of the ledger, through use', async () => {
    const { url } = await startRedis();
    const clock = { now: Date.now() };
    const store = openStore(url, { initialize: true, now: () => clock.now });
    await store.ready();
    const client = await openClient(url);
    const { keyOf, ledgerOf } = recordsIn(client);
    const limits = { free: 5, waits: [1000], stop: 100 };
    const sizeOf = async (key: string) => Number(await client.memoryUsage(key));

    for (let n = 0; n < 20; n += 1) {
      const subject = randomUUID();
      const id = randomBytes(9).toString('base64url');
      await enroll(store, subject, { id, step: 59_000_000 });
      clock.now += MONTH_MS;
      await store.reserveAttempt(subject, limits, { method: 'totp', stoppable: true });
      await store.commitAttempt(subject, { enrollmentId: id, step: 59_000_001, epoch: 0 });
      const keyId = randomBytes(4);
      const codes = Array.from({ length: 10 }, () => ({ keyId, bytes: randomBytes(10) }));
      await store.replaceRecoveryCodes(subject, codes);
      const record = await sizeOf(keyOf('subject', subject));
      const alone = await sizeOf(ledgerOf('subject', subject).key);
      assert.ok(record + alone <= 400, `${record} bytes, and ${alone} of a ledger of its own`);
    }

    const [ledger, entries] = ['sp:l:{full}', new Map<Buffer, string>()];
    while (entries.size < PER_LEDGER) entries.set(randomBytes(8), '3');
    await client.sendCommand(['HSET', ledger, ...[...entries].flat()]);
    assert.equal(await client.sendCommand(['OBJECT', 'ENCODING', ledger]), 'listpack');
    const share = (await sizeOf(ledger)) / PER_LEDGER;
    assert.ok(share <= 20, `${share} bytes in the ledger of a million`);
  });
});
