import assert from 'node:assert/strict';
import { sealingContext } from '../../src/methods/sealing-context.js';

describe('what is sealed', () => {
  it('is bound to method, person and enrollment, however these are written', () => {
    assert.equal(sealingContext('totp', 'a"b', 'one'), '["totp","a\\"b","one"]');
  });
});
