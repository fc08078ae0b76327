import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Verdict } from '../../src/contracts.js';
import { identicalAnswers } from '../../src/pages/identical-answers.js';

const RIGHT: Verdict = { kind: 'verified', enrollmentId: 'e1', epoch: 0, at: 0 };
const WRONG = { kind: 'rejected', reason: 'wrong-code' } as const;

/** An answer that is still open, until it is said to be closed. */
class OpenResponse extends EventEmitter {
  closed = false;
  end() {
    this.closed = true;
    this.emit('close');
  }
}

describe('an answer that is sent twice', () => {
  function answering() {
    const answers = identicalAnswers();
    let verified = 0;
    /** Gives the answer, and says how often one was looked at by now. */
    const one = async (
      found: Verdict | Error,
      { res = new OpenResponse(), parts = ['s', 'u', 'totp', '123456'] as readonly unknown[] } = {},
    ) => {
      const verdict = answers.one(res, parts, async () => {
        verified += 1;
        if (found instanceof Error) throw found;
        return found;
      });
      return { verdict: await verdict, verified };
    };
    return { answers, one };
  }

  it('is looked at once while it is under way, and gets one verdict', async () => {
    const { one } = answering();
    const both = await Promise.all([one(RIGHT), one(WRONG)]);
    assert.deepEqual(both, [
      { verdict: RIGHT, verified: 1 },
      { verdict: RIGHT, verified: 1 },
    ]);
  });

  it('is looked at by itself where anything of it is another', async () => {
    const { one } = answering();
    await Promise.all([one(RIGHT), one(WRONG, { parts: ['s', 'u', 'totp', '123457'] })]);
    const { verdict, verified } = await one(WRONG, { parts: ['t', 'u', 'totp', '123456'] });
    assert.deepEqual([verdict, verified], [WRONG, 3]);
  });

  it('is another attempt after a wrong one, and after a failure', async () => {
    const { one } = answering();
    assert.equal((await one(WRONG)).verified, 1);
    assert.equal((await one(WRONG)).verified, 2);
    await assert.rejects(one(new Error('no store')), /no store/);
    assert.equal((await one(WRONG)).verified, 4);
  });

  it('gets the verdict of a right one until that has been answered', async () => {
    const { one } = answering();
    const res = new OpenResponse();
    await one(RIGHT, { res });
    assert.deepEqual(await one(WRONG), { verdict: RIGHT, verified: 1 });
    res.end();
    assert.deepEqual(await one(WRONG), { verdict: WRONG, verified: 2 });
    const gone = new OpenResponse();
    gone.closed = true;
    await one(RIGHT, { res: gone });
    assert.deepEqual(await one(WRONG), { verdict: WRONG, verified: 4 });
  });

  it('gets the verdict of one that nobody waits for any more, once', async () => {
    const { answers, one } = answering();
    const res = new OpenResponse();
    await one(RIGHT, { res });
    answers.keep(RIGHT);
    res.end();
    assert.deepEqual(await one(WRONG), { verdict: RIGHT, verified: 1 });
    assert.deepEqual(await one(WRONG), { verdict: WRONG, verified: 2 });
    answers.keep({ ...RIGHT });
    assert.deepEqual(await one(WRONG), { verdict: WRONG, verified: 3 });
  });
});
