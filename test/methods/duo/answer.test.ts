import assert from 'node:assert/strict';
import { isAnswer, readAnswer } from '../../../src/methods/duo/answer.js';

const STATE = 'a1'.repeat(18);

describe('what comes back from Duo', () => {
  for (const [what, input] of [
    ['a state with a code', { state: STATE, code: 'abc.DEF~+/=-_1' }],
    ['a state with an error', { state: STATE, error: 'access_denied' }],
    ['a state of the smallest length', { state: 'x'.repeat(22), code: '1' }],
    ['a state of the greatest length', { state: 'x'.repeat(128), code: 'c'.repeat(1024) }],
    ['an error of any words', { state: STATE, error: '' }],
  ] as const) {
    it(`is an answer: ${what}`, () => assert.equal(isAnswer(input), true));
  }

  for (const [what, input] of [
    ['nothing', {}],
    ['no state', { code: 'abc' }],
    ['a state that is too short', { state: 'x'.repeat(21), code: 'abc' }],
    ['a state that is too long', { state: 'x'.repeat(129), code: 'abc' }],
    ['a state with other characters', { state: `${STATE}!`, code: 'abc' }],
    ['a state after a space', { state: ` ${STATE}`, code: 'abc' }],
    ['two states', { state: [STATE, STATE], code: 'abc' }],
    ['a state that is a number', { state: 10 ** 30, code: 'abc' }],
    ['neither a code nor an error', { state: STATE }],
    ['a code and an error', { state: STATE, code: 'abc', error: 'x' }],
    ['two codes', { state: STATE, code: ['abc', 'def'] }],
    ['an empty code', { state: STATE, code: '' }],
    ['a code that is too long', { state: STATE, code: 'c'.repeat(1025) }],
    ['a code with other characters', { state: STATE, code: 'a b' }],
    ['two errors', { state: STATE, error: ['x', 'y'] }],
  ] as const) {
    it(`is no answer: ${what}`, () => assert.equal(isAnswer(input), false));
  }

  it('is read with its error in known words only, which stand in the trail', () => {
    const named = (error: string) => readAnswer({ state: STATE, error });
    assert.deepEqual(named('access_denied'), { state: STATE, code: '', error: 'access_denied' });
    assert.equal(named('x'.repeat(40)).error, 'x'.repeat(40));
    for (const error of ['', 'x'.repeat(41), 'two words', ' x', 'x ', '<b>']) {
      assert.equal(named(error).error, 'unnamed', error);
    }
    assert.deepEqual(readAnswer({ state: STATE, code: 'abc' }), {
      ...{ state: STATE, code: 'abc', error: null },
    });
  });
});
