import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { together } from '../../awaitable.js';
import type { Verdict } from '../../contracts.js';
import { type TestRunner, testRunner } from '../runner.js';
import type { MethodUnderTest } from './method-under-test.js';
import { methodStage } from './stage.js';

export interface MethodContractOptions {
  /** The test runner's; by default the globals of that name. */
  readonly describe?: TestRunner['describe'];
  readonly it?: TestRunner['it'];
}

/** What is no answer, whatever is asked. */
const JUNK: readonly unknown[] = [
  ...['', ' ', '0', 'x', '\u0000', '٣٤٥٦٧٨', '-1', '1e9', 'null', '__proto__', 'a'.repeat(5000)],
  ...[0, 123456, null, undefined, true, {}, [], ['1'], { toString: 'x' }, Number.NaN],
];

/**
 * What every method must do, as tests for mocha, vitest or node:test: for one that is activated by itself and
 * asks by a form. `make` is called for each test. It runs on a store in memory, and on a clock of its own.
 *
 * Throws ERR_OPTION where there is neither a global `describe` and `it` nor any given.
 *
 * @example
 * import { describe, it } from 'node:test';
 *
 * methodContract('email-code', () => {
 *   const mails: string[] = [];
 *   const method = emailCode({ addressOf: ({ label }) => label, send: async (_to, code) => void mails.push(code) });
 *   return { method, answer: () => ({ code: mails.at(-1) ?? '' }) };
 * }, { describe, it });
 */
export function methodContract(
  name: string,
  make: () => MethodUnderTest | Promise<MethodUnderTest>,
  options: MethodContractOptions = {},
): void {
  const runner = testRunner('methodContract', options);
  const test = (title: string, run: (on: Awaited<ReturnType<typeof methodStage>>) => unknown) =>
    runner.it(title, async () => {
      await run(await methodStage(await make()));
    });

  runner.describe(`${name} as a method`, () => {
    test('is one that a door takes', ({ method }) => {
      assert.ok(method.enrollment, 'it can be activated');
      assert.equal(method.role, 'factor');
      for (const [reason, sentence] of Object.entries(method.words.refused)) {
        assert.match(sentence, /[.!?]$/, `words.refused.${reason} is a sentence`);
      }
      assert.match(method.words.locked, /\{wait\}/, 'words.locked says the wait');
      assert.match(method.words.stopped, /[.!?]$/, 'words.stopped is a sentence');
    });

    test('is activated by the right answer alone, once', async (on) => {
      const begun = await on.begin();
      const asked = await on.askedBy(begun);
      for (const junk of JUNK) {
        const answer = Object.fromEntries(Object.keys(on.method.answer).map((key) => [key, junk]));
        refused(await on.confirm(begun, answer), `${inspect(junk)} confirms it`);
        await on.unlock();
      }
      const right = on.answer(asked);
      assert.equal((await on.confirm(begun, right)).kind, 'verified');
      refused(await on.confirm(begun, right), 'it is confirmed twice');
      assert.equal((await on.enrollments()).length, 1);
    });

    test('is activated for somebody by an administrator, where it is handed over', async (on) => {
      if (on.method.enrollment.handsOver === null) return;
      const begun = await on.begin();
      const right = on.answer(await on.handed(begun));
      assert.equal((await on.confirm(begun, right)).kind, 'verified');
    });

    test('asks the same, however often its page is shown', async (on) => {
      const begun = await on.begin();
      assert.deepEqual(await on.askedBy(begun), await on.askedBy(begun), 'at its activation');
      await on.activate();
      assert.deepEqual(await on.ask(), await on.ask(), 'at a challenge');
    });

    test('takes the right answer at a challenge, once', async (on) => {
      const id = await on.activate();
      on.later();
      const answer = on.answer(await on.ask());
      const verdict = await on.verify(answer);
      assert.equal(verdict.kind, 'verified');
      assert.equal(verdict.kind === 'verified' && verdict.enrollmentId, id);
      refused(await on.verify(answer), 'the same answer counts twice');
    });

    test('takes the right answer once of two at the same moment', async (on) => {
      await on.activate();
      on.later();
      const answer = on.answer(await on.ask());
      const verdicts = await together(
        () => on.verify(answer),
        () => on.verify(answer),
      );
      assert.equal(verdicts.filter(({ kind }) => kind === 'verified').length, 1);
    });

    test('takes nothing else at a challenge, and throws for none of it', async (on) => {
      await on.activate();
      on.later();
      await on.ask();
      for (const junk of JUNK) {
        const answer = Object.fromEntries(Object.keys(on.method.answer).map((key) => [key, junk]));
        refused(await on.verify(answer), `${inspect(junk)} opens the door`);
        await on.unlock();
      }
      refused(await on.verify({}), 'nothing opens the door');
    });

    test('takes no answer for somebody else, nor for whoever has activated nothing', async (on) => {
      await on.activate();
      on.later();
      const answer = on.answer(await on.ask());
      const stranger = on.as('somebody-else');
      refused(await stranger.verify(answer), 'it opens the door for whoever has nothing');
      await stranger.activate();
      await stranger.ask();
      refused(await stranger.verify(answer), 'it opens the door for somebody else');
    });

    test('counts for nothing once it is reset', async (on) => {
      await on.activate();
      on.later();
      const answer = on.answer(await on.ask());
      await on.reset();
      refused(await on.verify(answer), 'it counts after a reset');
    });
  });
}

function refused(verdict: Verdict, otherwise: string): void {
  assert.notEqual(verdict.kind, 'verified', otherwise);
  assert.notEqual(
    verdict.kind,
    'unavailable',
    verdict.kind === 'unavailable' ? String((verdict.cause as Error)?.stack) : '',
  );
}
