import assert from 'node:assert/strict';
import { memoryRecords, memoryStore } from '../../src/store/memory.js';
import { storeContract } from '../../src/testing/store-contract/store-contract.js';
import { eventually } from '../support/redis.js';

storeContract('memoryStore', (now) => {
  const store = memoryRecords(now);
  return { store, other: store, dispose: () => store.close() };
});

describe('memoryStore', () => {
  it('keeps a session that has run out between the doors: it cannot be begun again', async () => {
    let now = 0;
    const store = memoryStore({ now: () => now });
    const pending = { subjectId: 'user1', epoch: 0, login: 'login', lifetimeMs: 1, keepMs: 60_000 };
    const opened = await store.openPending('digest', pending);
    now = 60_000;
    // What frees memory goes by the machine's clock.
    const since = performance.now();
    await eventually(() => performance.now() - since > 20);
    assert.equal(await store.openPending('digest', pending), opened);
  });
});
