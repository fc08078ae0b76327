import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { emptySubject, type RecordStore, secondFactorStore } from 'sallyport';
import { storeContract } from 'sallyport/testing';
import { memoryRecords } from '../../src/store/memory.js';

const NODE_TEST = fileURLToPath(new URL('./store-contract-node-test.ts', import.meta.url));

interface Case {
  readonly title: string;
  run(): Promise<void>;
}

/** The contract over whatever `change` makes of the memory's records. */
function casesOf(change: (store: RecordStore) => Partial<RecordStore>): readonly Case[] {
  const cases: Case[] = [];
  const groups: string[] = [];
  storeContract(
    'changed',
    (now) => {
      const sound = memoryRecords(now);
      const store = { ...sound, ...change(sound) };
      return { store, other: store, dispose: () => sound.close() };
    },
    {
      describe(title, suite) {
        groups.push(title);
        suite();
        groups.pop();
      },
      it: (title, run) => cases.push({ title: [...groups.slice(1), title].join(' '), run }),
    },
  );
  return cases;
}

async function failing(
  change: (store: RecordStore) => Partial<RecordStore>,
  only: RegExp = /^/,
): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, run } of casesOf(change).filter((one) => only.test(one.title))) {
    await run().catch(() => failed.push(title));
  }
  return failed;
}

describe('storeContract', function () {
  this.timeout(60_000);

  it('is run by node:test as well, every case of it', async () => {
    const args = ['--import=tsx', '--test', '--test-reporter=tap', NODE_TEST];
    // mocha's own children would report to it.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    assert.match(stdout, /^# fail 0$/m);
    const passed = Number(/^# pass (\d+)$/m.exec(stdout)?.[1]);
    assert.equal(passed, casesOf(() => ({})).length);
  });

  it('passes what is sound', async () => {
    assert.deepEqual(await failing(() => ({})), []);
  });

  it('finds a store that reads and writes in two steps', async () => {
    const found = await failing((store) => ({
      async update(kind, id, transition) {
        const before = await store.read(kind, id);
        await new Promise((resolve) => setImmediate(resolve));
        const { next, result } = transition(before, store.now(), null);
        await store.update(kind, id, () => ({ next, result: null }));
        return result;
      },
    }));
    const titles = found.join('\n');
    assert.match(titles, /of many that come together on two processes none is lost/);
    assert.match(titles, /evaluated no more often than is free/);
    assert.match(titles, /spent by one of many/);
  });

  it('finds a store that takes one id for another', async () => {
    const found = await failing((store) => ({
      read: (kind, id) => store.read(kind, id.toLowerCase()),
      update: (kind, id, transition) => store.update(kind, id.toLowerCase(), transition),
    }));
    assert.match(found.join('\n'), /ids that look alike/);
  });

  it('finds a store that never has anything at hand, and one that tells nobody', async () => {
    const atHand = /at hand once they were read/;
    const toldElsewhere = /calls subscribers back after a change made elsewhere/;
    // Each of these waits until it gives up.
    const [slow, silent] = await Promise.all([
      failing((store) => ({ read: async (kind, id) => store.read(kind, id) }), atHand),
      failing(() => ({ subscribe: () => () => {} }), toldElsewhere),
    ]);
    assert.equal(slow.length, 1);
    assert.equal(silent.length, 1);
  });

  it('finds a store whose trails run into each other', async () => {
    const found = await failing((store) => ({
      append: (_owner, ...rest) => store.append('organization', ...rest),
      page: (_owner, ...rest) => store.page('organization', ...rest),
      forget: (_owner, ...rest) => store.forget('organization', ...rest),
    }));
    assert.match(found.join('\n'), /forgotten each for itself/);
  });

  it('says so where there is no test runner', () => {
    const { describe: suite, it: test } = globalThis;
    Object.assign(globalThis, { describe: undefined, it: undefined });
    try {
      assert.throws(() => storeContract('none', () => assert.fail('made')), { code: 'ERR_OPTION' });
    } finally {
      Object.assign(globalThis, { describe: suite, it: test });
    }
  });
});

describe('what a store’s author is given', () => {
  it('makes the store that the door takes, of records', async () => {
    const store = secondFactorStore(memoryRecords(() => 0));
    assert.equal(await store.readSubject('nobody'), emptySubject);
  });
});
