import assert from 'node:assert/strict';
import { trackedReads } from '../../src/store/tracked-reads.js';

describe('trackedReads', () => {
  function setUp({ maxEntries = 10 } = {}) {
    const state = { trusted: true };
    const reads = trackedReads<string | null>({ maxEntries, trusted: () => state.trusted });
    const loads: { resolve(value: string | null): void; reject(error: Error): void }[] = [];
    const load = () =>
      new Promise<string | null>((resolve, reject) => void loads.push({ resolve, reject }));
    return { state, reads, loads, load };
  }

  it('answers synchronously what it has loaded, null included', async () => {
    const { reads, loads, load } = setUp();
    const first = reads.get('a', load);
    loads[0]?.resolve(null);
    assert.equal(await first, null);
    assert.equal(reads.get('a', load), null);
    assert.equal(loads.length, 1);
  });

  it('shares one load among those who ask while it runs', async () => {
    const { reads, loads, load } = setUp();
    const all = Array.from({ length: 100 }, () => reads.get('a', load));
    loads[0]?.resolve('x');
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['x']));
    assert.equal(loads.length, 1);
  });

  it('keeps nothing of a load that was overtaken by an invalidation of its key', async () => {
    const { reads, loads, load } = setUp();
    const first = reads.get('a', load);
    reads.forget('a');
    const second = reads.get('a', load);
    loads[0]?.resolve('old');
    assert.equal(await first, 'old');
    assert.equal(loads.length, 2);
    loads[1]?.resolve('new');
    assert.equal(await second, 'new');
    assert.equal(reads.get('a', load), 'new');
  });

  it('keeps nothing of a load whose answer arrives in one turn with the invalidation', async () => {
    const { reads, loads, load } = setUp();
    const first = reads.get('a', load);
    loads[0]?.resolve('old');
    reads.forget('a');
    await first;
    assert.ok(reads.get('a', load) instanceof Promise);
  });

  it('has at hand what was written, and drops a load that had begun before', async () => {
    const { reads, loads, load } = setUp();
    const before = reads.get('a', load);
    const done = reads.writing('a');
    done('written');
    loads[0]?.resolve('old');
    assert.equal(await before, 'old');
    assert.equal(reads.get('a', load), 'written');
    assert.equal(loads.length, 1);
  });

  it('keeps the value before until a write is over, and none after one that told nothing', async () => {
    const { reads, loads, load } = setUp();
    const first = reads.get('a', load);
    loads[0]?.resolve('old');
    await first;
    const done = reads.writing('a');
    assert.equal(reads.get('a', load), 'old');
    done();
    assert.ok(reads.get('a', load) instanceof Promise);
  });

  it('keeps nothing of a write that was overtaken by a change, however that came', () => {
    for (const change of ['forget', 'clear', 'keepNewest', 'another write'] as const) {
      const { reads, load } = setUp();
      const done = reads.writing('a');
      if (change === 'forget') reads.forget('a');
      else if (change === 'clear') reads.clear();
      else if (change === 'keepNewest') reads.keepNewest(10);
      else reads.writing('a')();
      done('written');
      assert.ok(reads.get('a', load) instanceof Promise, change);
    }
  });

  it('keeps nothing of what was in flight or at hand when everything may have changed', async () => {
    const { reads, loads, load } = setUp();
    const kept = reads.get('a', load);
    loads[0]?.resolve('x');
    await kept;
    const flying = reads.get('b', load);
    reads.clear();
    loads[1]?.resolve('y');
    await flying;
    assert.ok(reads.get('a', load) instanceof Promise);
    assert.ok(reads.get('b', load) instanceof Promise);
  });

  it('drops what is at hand when its key changes', async () => {
    const { reads, loads, load } = setUp();
    const kept = reads.get('a', load);
    loads[0]?.resolve('x');
    await kept;
    reads.forget('a');
    assert.ok(reads.get('a', load) instanceof Promise);
  });

  it('does not let the failure of an overtaken load disturb the one after it', async () => {
    const { reads, loads, load } = setUp();
    const first = reads.get('a', load);
    reads.forget('a');
    const second = reads.get('a', load);
    loads[0]?.reject(new Error('down'));
    await assert.rejects(async () => first, /down/);
    assert.ok(reads.get('a', load) instanceof Promise);
    assert.equal(loads.length, 2, 'the second is still shared');
    loads[1]?.resolve('new');
    assert.equal(await second, 'new');
  });

  it('leaves other keys alone when one changes', async () => {
    const { reads, loads, load } = setUp();
    const kept = reads.get('a', load);
    loads[0]?.resolve('x');
    await kept;
    reads.forget('b');
    assert.equal(reads.get('a', load), 'x');
  });

  it('believes nothing while it is not told of changes', async () => {
    const { reads, loads, load, state } = setUp();
    const kept = reads.get('a', load);
    loads[0]?.resolve('x');
    await kept;
    state.trusted = false;
    assert.ok(reads.get('a', load) instanceof Promise);
  });

  it('forgets a failed load, so that the next one tries again', async () => {
    const { reads, loads, load } = setUp();
    const failed = reads.get('a', load);
    loads[0]?.reject(new Error('down'));
    await assert.rejects(async () => failed, /down/);
    const again = reads.get('a', load);
    loads[1]?.resolve('x');
    assert.equal(await again, 'x');
  });

  it('drops what was not asked for longest when it is full', async () => {
    const { reads, loads, load } = setUp({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) {
      const loaded = reads.get(key, load);
      loads.at(-1)?.resolve(key);
      await loaded;
    }
    assert.equal(reads.get('c', load), 'c');
    assert.equal(reads.get('b', load), 'b');
    const again = reads.get('a', load);
    loads.at(-1)?.resolve('changed meanwhile');
    assert.equal(await again, 'changed meanwhile');
  });
});
