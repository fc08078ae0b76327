import assert from 'node:assert/strict';
import { slotOf, slotTags } from '../../src/store/redis/slots.js';

/** What `CLUSTER KEYSLOT` of Redis 7.0.15 answers; cluster.slow.test.ts asks the real one. */
const KNOWN = [
  ['', 0],
  ['a', 15495],
  ['123456789', 12739],
  ['{user1000}.following', 3443],
  ['{user1000}.followers', 3443],
  ['foo{}{bar}', 8363],
  ['foo{{bar}}zap', 4015],
  ['foo{bar}{zap}', 5061],
  ['bar', 5061],
  ['é', 10180],
  ['ü{ü}', 9552],
  ['€😀', 3488],
  ['x\u007fy', 1648],
] as const;

describe('the slot of a key', () => {
  for (const [key, slot] of KNOWN) {
    it(`is ${slot} for '${key}'`, () => assert.equal(slotOf(key), slot));
  }

  it('is that of what stands in its first braces', () => {
    assert.equal(slotOf('sp:{s:user1}:devices'), slotOf('s:user1'));
    assert.equal(slotOf('{é}x'), slotOf('é'));
    assert.notEqual(slotOf('x}{y'), slotOf('y'));
    assert.notEqual(slotOf('é'), slotOf('e'));
  });

  it('has a tag that lies in it, for each', () => {
    const tags = slotTags();
    assert.equal(tags, slotTags(), 'made once');
    assert.equal(tags.length, 16_384);
    assert.equal(new Set(tags).size, 16_384);
    for (const [slot, tag] of tags.entries()) assert.equal(slotOf(tag), slot);
  });
});
