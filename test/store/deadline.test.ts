import assert from 'node:assert/strict';
import { LateError, withDeadline } from '../../src/deadline.js';

describe('a deadline', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it('passes on what comes in time, value or failure', async () => {
    assert.equal(await withDeadline(Promise.resolve(7), 60_000), 7);
    const cause = new Error('down');
    await assert.rejects(withDeadline(Promise.reject(cause), 60_000), cause);
  });

  it('leaves no timer behind, which would keep a process from ending', async () => {
    // The runner has one of its own.
    const before = timers();
    for (let n = 0; n < 20; n += 1) {
      await withDeadline(Promise.resolve(), 60_000);
      await withDeadline(Promise.reject(new Error('down')), 60_000).catch(() => {});
    }
    assert.ok(timers() <= before + 2, `${timers()} timers, ${before} before`);
  });

  it('rejects when nothing comes, and says after how long', async () => {
    await assert.rejects(withDeadline(new Promise(() => {}), 15), (error) => {
      assert.ok(error instanceof LateError);
      assert.deepEqual([error.name, error.message], ['LateError', 'no answer within 15 ms']);
      return true;
    });
  });

  it('lets an answer count that had arrived before a busy process came to look at it', async () => {
    const arrived = new Promise<string>((resolve) => {
      setImmediate(() => resolve('here'));
    });
    const answer = withDeadline(arrived, 5);
    const since = performance.now();
    while (performance.now() - since < 20);
    assert.equal(await answer, 'here');
  });
});
