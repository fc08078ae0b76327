import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { startRedis } from '../support/redis.js';
import { closeStores, enroll, openClient, openStore } from '../support/redis-store.js';

describe('an enrolled subject in Redis', () => {
  afterEach(closeStores);

  it('takes at most 400 bytes, with ten recovery codes, and stays compact through use', async () => {
    const { url } = await startRedis();
    const store = openStore(url, { initialize: true });
    await store.ready();
    const client = await openClient(url);
    const limits = { free: 5, waits: [1000], stop: 100 };
    for (let n = 0; n < 20; n += 1) {
      const subject = randomUUID();
      const id = randomBytes(9).toString('base64url');
      await enroll(store, subject, { id, step: 59_000_000 });
      await store.reserveAttempt(subject, limits, { method: 'totp', stoppable: true });
      await store.commitAttempt(subject, { enrollmentId: id, step: 59_000_001, epoch: 0 });
      const keyId = randomBytes(4);
      const codes = Array.from({ length: 10 }, () => ({ keyId, bytes: randomBytes(10) }));
      await store.replaceRecoveryCodes(subject, codes);
      const key = `sp:{s:${subject}}`;
      assert.equal(await client.sendCommand(['OBJECT', 'ENCODING', key]), 'listpack');
      const bytes = Number(await client.memoryUsage(key));
      await client.del(key);
      assert.ok(bytes <= 400, `${bytes} bytes`);
    }
  });
});
