import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { inOrder } from '../../src/store/postgres/in-order.js';

describe('work that nobody waits for', () => {
  function bench(options: { atOnce: number; timeout?: number }) {
    const order = inOrder({ timeout: 60_000, ...options });
    const begun: string[] = [];
    const end = new Map<string, (error?: Error) => void>();
    return {
      ...{ begun, order },
      ask(place: string, name: string) {
        return order.run(place, () => {
          begun.push(name);
          return new Promise<string>((resolve, reject) => {
            end.set(name, (error) => (error ? reject(error) : resolve(name)));
          });
        });
      },
      end: (name: string, error?: Error) => end.get(name)?.(error),
    };
  }
  const soon = () => new Promise((resolve) => setImmediate(resolve));

  it('of one place begins when what was asked for before is over', async () => {
    const { ask, begun, end } = bench({ atOnce: 9 });
    const [first, second, other] = [ask('a', 'a1'), ask('a', 'a2'), ask('b', 'b1')];
    await soon();
    assert.deepEqual(begun, ['a1', 'b1']);
    end('a1', new Error('broken'));
    await assert.rejects(first, /broken/);
    await soon();
    assert.deepEqual(begun, ['a1', 'b1', 'a2']);
    end('a2');
    end('b1');
    assert.deepEqual(await Promise.all([second, other]), ['a2', 'b1']);
  });

  it('of all places is so many at a time, first come first served', async () => {
    const { ask, begun, end, order } = bench({ atOnce: 2 });
    const all = ['a', 'b', 'c', 'a', 'd'].map((place, at) => ask(place, `${place}${at}`));
    await soon();
    assert.deepEqual(begun, ['a0', 'b1']);
    end('b1');
    await soon();
    assert.deepEqual(begun, ['a0', 'b1', 'c2']);
    end('c2');
    end('a0');
    await soon();
    assert.deepEqual(begun, ['a0', 'b1', 'c2', 'd4', 'a3']);
    let settled = false;
    const over = order.settled().then(() => {
      settled = true;
    });
    end('d4');
    await soon();
    assert.equal(settled, false);
    end('a3');
    await over;
    assert.deepEqual(await Promise.all(all), ['a0', 'b1', 'c2', 'a3', 'd4']);
  });

  it('that hangs holds up others until its time is over, and no longer', async () => {
    const { ask, begun, end } = bench({ atOnce: 1, timeout: 5 });
    const hanging = ask('a', 'a1');
    const next = ask('a', 'a2');
    while (begun.length < 2) await soon();
    end('a2');
    assert.equal(await next, 'a2');
    end('a1');
    assert.equal(await hanging, 'a1');
  });
});
