import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { sharedPostgres, uniqueTables } from '../support/postgres.js';
import { sharedRedis, uniquePrefix } from '../support/redis.js';
import { enroll } from '../support/redis-store.js';
import { raceStore } from './race-store.js';
import type { Race } from './race-worker.js';

const PROCESSES = 3;
const CALLS = 40;

for (const [name, address, names] of [
  ['redis', sharedRedis, uniquePrefix],
  ['postgres', sharedPostgres, uniqueTables],
] as const) {
  describe(`several processes on one ${name} store`, function () {
    this.timeout(60_000);
    let workers: ChildProcess[];
    let store: ReturnType<typeof raceStore>['store'];
    let close: () => Promise<void>;
    let subjects = 0;

    before(async () => {
      const url = await address();
      const prefix = names();
      workers = Array.from({ length: PROCESSES }, () =>
        fork(new URL('./race-worker.ts', import.meta.url), [url, prefix], {
          execArgv: ['--import=tsx'],
        }),
      );
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      ({ store, close } = raceStore(url, prefix));
      await store.ready();
    });
    after(async () => {
      for (const worker of workers) {
        worker.disconnect();
        const [code] = await once(worker, 'exit');
        assert.equal(code, 0);
      }
      await close();
    });

    /** Runs the same calls in every process at once; how often each outcome came. */
    async function race(name: Race['name'], subject: string): Promise<Record<string, number>> {
      const answers = await Promise.all(
        workers.map((worker) => {
          const answer = once(worker, 'message');
          worker.send({ name, subject, calls: CALLS } satisfies Race);
          return answer;
        }),
      );
      const counts: Record<string, number> = {};
      for (const outcome of answers.flatMap(([outcomes]) => outcomes as string[])) {
        counts[outcome] = (counts[outcome] ?? 0) + 1;
      }
      return counts;
    }
    function fresh(): string {
      subjects += 1;
      return `subject-${subjects}`;
    }
    const all = PROCESSES * CALLS;

    it('accept one submission of one code', async () => {
      const subject = fresh();
      await enroll(store, subject);
      assert.deepEqual(await race('commit', subject), { committed: 1, replayed: all - 1 });
    });

    it('evaluate no more guesses than are free', async () => {
      assert.deepEqual(await race('reserve', fresh()), { reserved: 5, locked: all - 5 });
    });

    it('judge no more guesses than are free', async () => {
      assert.deepEqual(await race('judge', fresh()), { wrong: 5, locked: all - 5 });
    });

    it('judge one submission of one code to be the first', async () => {
      const subject = fresh();
      await enroll(store, subject);
      assert.deepEqual(await race('judgeRight', subject), { committed: 1, replayed: all - 1 });
    });

    it('confirm an enrollment once', async () => {
      const subject = fresh();
      const proposal = {
        ...{
          id: 'one',
          method: 'totp',
          label: 'Phone',
          parameters: 'sha1/6/30',
          session: 'session',
        },
        ...{ sealed: Buffer.alloc(53), basis: 'first' as const, lifetimeMs: 60_000 },
      };
      await store.beginEnrollment(subject, proposal, { restart: false });
      assert.deepEqual(await race('confirm', subject), { confirmed: 1, superseded: all - 1 });
      assert.equal((await store.refreshSubject(subject)).enrollments.length, 1);
    });

    it('spend a recovery code once', async () => {
      const subject = fresh();
      const codes = [7, 8].map((n) => ({ keyId: Buffer.alloc(4), bytes: Buffer.alloc(10, n) }));
      await store.replaceRecoveryCodes(subject, codes);
      assert.deepEqual(await race('spend', subject), { spent: 1, unknown: all - 1 });
      // What others have written is heard of a moment later.
      assert.equal((await store.refreshSubject(subject)).recoveryCodesLeft, 1);
    });

    it('take a transaction once', async () => {
      const id = fresh();
      await store.putTransaction(id, Buffer.from('value'), 60_000);
      assert.deepEqual(await race('take', id), { taken: 1, late: all - 1 });
    });

    it('end a session once', async () => {
      assert.deepEqual(await race('end', fresh()), { ended: 1, late: all - 1 });
    });

    it('leave a session ended, whoever proves it meanwhile', async () => {
      const subject = fresh();
      const outcomes = Object.keys(await race('proveOrEnd', subject));
      assert.ok(
        outcomes.every((outcome) => outcome.endsWith('then ended')),
        String(outcomes),
      );
      assert.equal((await store.readAssurance(subject))?.state, 'ended');
    });

    it('raise the epoch once per reset', async () => {
      const subject = fresh();
      const outcomes = await race('reset', subject);
      assert.equal(Object.keys(outcomes).length, all);
      assert.equal((await store.readSubject(subject)).epoch, all);
    });
  });
}
