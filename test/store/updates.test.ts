import assert from 'node:assert/strict';
import { UnavailableError } from '../../src/errors.js';
import { type Transition, unchanged } from '../../src/store/record-store.js';
import { ABSENT, type State } from '../../src/store/state.js';
import { recordUpdates, type Write } from '../../src/store/updates.js';
import { isUnavailable } from '../support/redis-store.js';

interface Count {
  readonly n: number;
}

const add: Transition<Count, number> = (present) => {
  const n = (present?.n ?? 0) + 1;
  return { next: { n }, result: n };
};

describe('changes of one record', () => {
  /** A server with one record, and what this process knows of it. */
  function setUp({ waits = false, timeoutMs = 2000 } = {}) {
    const server = {
      state: ABSENT as State<Count>,
      known: ABSENT as State<Count> | undefined,
      swaps: 0,
      looks: 0,
      writes: [] as Write<Count>[],
      /** What happens before a write is compared. */
      before: async () => {},
    };
    let version = 0;
    function put(record: Count | null, sequence: number): State<Count> {
      version += 1;
      server.state = { ...ABSENT, record, sequence, version: Buffer.from(String(version)) };
      return server.state;
    }
    const { update } = recordUpdates<Count>(
      {
        now: () => 1000,
        waits,
        known: () => server.known,
        async look() {
          server.looks += 1;
          return server.state;
        },
        async swap(_id, from, write) {
          server.swaps += 1;
          await server.before();
          if (Buffer.compare(from.version, server.state.version) !== 0) return server.state;
          server.writes.push(write);
          server.known = put(write.record, write.sequence);
          return 'written';
        },
      },
      { timeoutMs },
    );
    return { server, put, update };
  }

  it('cost one write, on what is known', async () => {
    const { server, update } = setUp();
    assert.deepEqual([await update('a', add), await update('a', add)], [1, 2]);
    assert.deepEqual([server.swaps, server.looks], [2, 0]);
  });

  it('that come while one is under way are made together, in their order', async () => {
    const { server, update } = setUp();
    const all = await Promise.all(Array.from({ length: 100 }, () => update('a', add)));
    assert.deepEqual(
      all,
      Array.from({ length: 100 }, (_, n) => n + 1),
    );
    assert.deepEqual([server.swaps, server.state.record], [2, { n: 100 }]);
  });

  it('that were decided on an older record are decided again on the present one', async () => {
    const { server, put, update } = setUp();
    server.known = put({ n: 1 }, 0);
    put({ n: 40 }, 0);
    assert.equal(await update('a', add), 41);
    assert.equal(server.swaps, 2);
  });

  it('are told of a refusal on what there is, never on what was known', async () => {
    const { server, put, update } = setUp();
    const read: Transition<Count, number> = (present) => unchanged(present, present?.n ?? 0);
    server.known = put({ n: 1 }, 0);
    put({ n: 40 }, 0);
    assert.equal(await update('a', read), 40);
    assert.deepEqual([server.swaps, server.looks], [0, 1]);
    server.known = undefined;
    assert.equal(await update('a', read), 40);
    assert.equal(server.looks, 2);
  });

  it('look for safety as well, where nothing is written and durable writes wait', async () => {
    const { server, update } = setUp({ waits: true });
    const refuse: Transition<Count, number> = (present) => unchanged(present, 0, { durable: true });
    await update('a', refuse);
    assert.equal(server.looks, 1);
    server.known = undefined;
    await update('a', refuse);
    assert.equal(server.looks, 3, 'what there is, and that it is safe');
  });

  it('give up when others are faster every time', async () => {
    const { server, put, update } = setUp();
    server.before = async () => void put({ n: 0 }, 0);
    await assert.rejects(
      update('a', add),
      (error: Error) => isUnavailable(error) && /overtaken/.test(error.message),
    );
    assert.ok(server.swaps > 5 && server.swaps <= 20, `${server.swaps} times`);
    assert.deepEqual(server.writes, []);
  });

  it('are never made again after a write that may have been done', async () => {
    const { server, update } = setUp();
    const late = new UnavailableError('ERR_STORE_UNAVAILABLE', 'late');
    server.before = async () => {
      throw late;
    };
    const all = await Promise.allSettled(Array.from({ length: 3 }, () => update('a', add)));
    assert.ok(all.every((one) => one.status === 'rejected' && one.reason === late));
    // The first alone, and those that waited for it: each change once.
    assert.equal(server.swaps, 2);
  });

  it('that throw change nothing, and fail nobody else', async () => {
    const { server, update } = setUp();
    const broken = new Error('a decision');
    const fail: Transition<Count, number> = () => {
      throw broken;
    };
    const all = [update('a', add), update('a', fail), update('a', add), update('a', fail)];
    const outcomes = await Promise.allSettled(all);
    assert.deepEqual(
      outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason)),
      [1, broken, 2, broken],
    );
    assert.deepEqual(server.state.record, { n: 2 });
  });

  it('wait in a line that ends, which is another record’s in no way', async () => {
    const { server, update } = setUp();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    server.before = () => gate;
    const all = Array.from({ length: 400 }, () => update('a', add));
    const outcomes = Promise.allSettled(all);
    const other = update('b', add);
    open();
    const rejected = (await outcomes).filter((one) => one.status === 'rejected');
    assert.equal(rejected.length, 400 - 257);
    assert.ok(rejected.every(({ reason }) => isUnavailable(reason)));
    await other;
    assert.equal(await update('a', add), Number(server.state.record?.n));
  });

  it('that waited for too long are not made at all', async () => {
    const { server, update } = setUp({ timeoutMs: 20 });
    server.before = () => new Promise((resolve) => setTimeout(resolve, 60));
    const first = update('a', add);
    const second = update('a', add);
    await first;
    await assert.rejects(second, (error: Error) => /waited too long/.test(error.message));
    assert.equal(server.swaps, 1);
  });

  it('count a sequence for what is durable, beyond all that a lost record had', async () => {
    const { server, put, update } = setUp();
    const durable: Transition<Count, number> = (present, _now, lost) => ({
      ...add(present, 0, null),
      result: lost ?? -1,
      durable: true,
    });
    await update('a', add);
    await Promise.all([update('a', durable), update('a', durable), update('a', add)]);
    const [first, ...others] = server.writes.map(({ sequence, durable: safe }) => [sequence, safe]);
    assert.deepEqual(
      [first, others.at(-1)],
      [
        [0, false],
        [2, true],
      ],
    );
    const error = new UnavailableError('ERR_STORE_RECORD', 'gone');
    server.known = { ...put(null, 0), lost: { beyond: 7, error } };
    server.state = server.known;
    const outcomes = await Promise.allSettled([
      update('a', durable),
      update('a', durable, { repairs: true }),
      update('a', durable),
    ]);
    assert.deepEqual(
      outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason)),
      [error, 7, -1],
    );
    assert.equal(server.writes.at(-1)?.sequence, 9);
  });
});
