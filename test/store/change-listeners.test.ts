import assert from 'node:assert/strict';
import { changeListeners } from '../../src/store/change-listeners.js';

describe('change listeners', () => {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  function counting() {
    const state = { calls: 0 };
    const count = () => {
      state.calls += 1;
    };
    return { state, count };
  }

  it('are called back once for all changes of one turn, and again for those of the next', async () => {
    const listeners = changeListeners();
    const { state, count } = counting();
    listeners.subscribe(count);
    for (let n = 0; n < 10; n += 1) listeners.announce();
    assert.equal(state.calls, 0, 'not in the middle of it');
    await turn();
    assert.equal(state.calls, 1);
    await turn();
    assert.equal(state.calls, 1);
    listeners.announce();
    await turn();
    assert.equal(state.calls, 2);
  });

  it('hear nothing of what changed before they were there', async () => {
    const listeners = changeListeners();
    listeners.announce();
    const { state, count } = counting();
    listeners.subscribe(count);
    await turn();
    assert.equal(state.calls, 0);
  });

  it('may be one function twice, which unsubscribes once each', async () => {
    const listeners = changeListeners();
    const { state, count } = counting();
    const [stop] = [listeners.subscribe(count), listeners.subscribe(count)];
    listeners.announce();
    await turn();
    assert.equal(state.calls, 2);
    stop();
    listeners.announce();
    await turn();
    assert.equal(state.calls, 3);
  });

  it('may unsubscribe while they are told, without another missing it', async () => {
    const listeners = changeListeners();
    const { state, count } = counting();
    const stops = [() => {}];
    stops.push(listeners.subscribe(() => stops[1]?.()));
    listeners.subscribe(count);
    listeners.announce();
    await turn();
    assert.equal(state.calls, 1);
  });

  it('are not told once they have unsubscribed, also by one that was told just before', async () => {
    const listeners = changeListeners();
    const { state, count } = counting();
    const stops: (() => void)[] = [];
    listeners.subscribe(() => stops[0]?.());
    stops.push(listeners.subscribe(count));
    listeners.announce();
    await turn();
    assert.equal(state.calls, 0);
  });

  it('are all told, also when one of them throws, which is not swallowed', async () => {
    const listeners = changeListeners();
    const { state, count } = counting();
    const broken = new Error('a listener');
    listeners.subscribe(() => {
      throw broken;
    });
    listeners.subscribe(count);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    try {
      listeners.announce();
      assert.equal(await uncaught, broken);
    } finally {
      for (const other of others) process.on('uncaughtException', other);
    }
    assert.equal(state.calls, 1);
  });

  it('are forgotten all at once', async () => {
    const listeners = changeListeners();
    const { state, count } = counting();
    listeners.subscribe(count);
    listeners.clear();
    listeners.announce();
    await turn();
    assert.equal(state.calls, 0);
  });
});
