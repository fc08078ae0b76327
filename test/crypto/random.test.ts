import assert from 'node:assert/strict';
import { randomCode, randomId, readRandomCode } from '../../src/crypto/random.js';
import { PASTED } from '../support/pasted.js';

describe('a random code', () => {
  it('is four groups of four of Crockford’s base32, and another each time', () => {
    const codes = Array.from({ length: 200 }, randomCode);
    for (const code of codes) {
      assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    }
    assert.equal(new Set(codes).size, codes.length);
    // Every character of the alphabet comes up: 3200 draws of 32.
    assert.equal(new Set(codes.join('').replaceAll('-', '')).size, 32);
  });

  it('is read as it was made, whatever the case, the spaces and the dashes', () => {
    const code = randomCode();
    const plain = code.replaceAll('-', '');
    for (const typed of [
      code,
      plain,
      code.toLowerCase(),
      ` ${code} `,
      [...plain].join(' '),
      [...plain].join(' - '),
      code.replaceAll('-', '\t'),
    ]) {
      assert.equal(readRandomCode(typed), plain, typed);
    }
  });

  for (const [what, pasted] of PASTED) {
    it(`is read with ${what}`, () => {
      const code = randomCode();
      const plain = code.replaceAll('-', '');
      assert.equal(readRandomCode(pasted(code)), plain);
      assert.equal(readRandomCode(pasted(plain.toLowerCase())), plain);
      const key = randomCode({ length: 20, group: 5 });
      assert.equal(readRandomCode(pasted(key), 20), key.replaceAll('-', ''));
    });
  }

  it('is read with the digits that misread letters stand for', () => {
    assert.equal(readRandomCode('OOOO-IIII-LLLL-oil0'), '0000111111110110');
  });

  it('is not read from anything else', () => {
    for (const typed of [
      ...[undefined, null, 1, [], ['0000-0000-0000-0000'], {}, true, ''],
      ...['0000-0000-0000-000', '0000-0000-0000-00000', 'UUUU-0000-0000-0000'],
      ...['0000-0000-0000-000!', '0000-0000-0000-000é', '٠000-0000-0000-0000'],
      `0000-0000-0000-0000${' '.repeat(182)}`,
    ]) {
      assert.equal(readRandomCode(typed), null, String(typed));
    }
    assert.equal(readRandomCode(`0000-0000-0000-0000${' '.repeat(181)}`), '0'.repeat(16));
  });
});

describe('a random id', () => {
  it('has as many bytes as it is asked for, in base64url, and another each time', () => {
    assert.match(randomId(), /^[\w-]{8}$/);
    assert.equal(Buffer.from(randomId(18), 'base64url').length, 18);
    assert.notEqual(randomId(), randomId());
  });
});
