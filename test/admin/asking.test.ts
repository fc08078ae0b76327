import assert from 'node:assert/strict';
import { UnavailableError } from 'sallyport';
import { inBatches } from '../../src/admin/batches.js';
import { deadline } from '../../src/admin/deadline.js';

describe('what the host is asked', () => {
  it('is given up after its time, and fails as it fails', async () => {
    const within = deadline(5);
    await assert.rejects(
      within('ERR_DIRECTORY', 'directory.user', () => new Promise(() => {})),
      (error) =>
        error instanceof UnavailableError &&
        error.code === 'ERR_DIRECTORY' &&
        error.message === 'directory.user did not answer within 5 ms',
    );
    const own = new Error('no directory');
    await assert.rejects(
      within('ERR_DIRECTORY', 'x', () => Promise.reject(own)),
      own,
    );
    await assert.rejects(
      within('ERR_DIRECTORY', 'x', () => {
        throw own;
      }),
      own,
    );
    assert.equal(await within('ERR_DIRECTORY', 'x', () => 7), 7);
  });

  it('of many is asked in order, and so many at once', async () => {
    let underWay = 0;
    let most = 0;
    const items = Array.from({ length: 7 }, (_, at) => at);
    const results = await inBatches(
      items,
      async (item) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await null;
        underWay -= 1;
        return item * 2;
      },
      3,
    );
    assert.deepEqual(
      results,
      items.map((item) => item * 2),
    );
    assert.equal(most, 3);
  });
});
