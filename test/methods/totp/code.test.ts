import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import {
  formatParameters,
  matchingStep,
  parseParameters,
  readCode,
  type TotpParameters,
} from '../../../src/methods/totp/code.js';
import { PASTED } from '../../support/pasted.js';

const DIGITS = '1234567890';
const secretOf = (bytes: number) => Buffer.from(DIGITS.repeat(7).slice(0, bytes));
const SECRETS = { sha1: secretOf(20), sha256: secretOf(32), sha512: secretOf(64) };

/** RFC 6238, appendix B: seconds, and the codes of SHA-1, SHA-256, SHA-512 with 8 digits. */
const RFC_6238 = [
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
] as const;

/** RFC 4226 §5.3 once more, so that the tests do not take the library's word for what a code is. */
function hotp(secret: Buffer, step: number, { algorithm, digits }: TotpParameters): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(algorithm, secret).update(counter).digest();
  const at = mac[mac.length - 1]! & 0xf;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 10 ** digits).padStart(digits, '0');
}

describe('a TOTP code', () => {
  for (const [column, algorithm] of (['sha1', 'sha256', 'sha512'] as const).entries()) {
    it(`is that of RFC 6238, appendix B, for ${algorithm}`, () => {
      for (const [seconds, ...codes] of RFC_6238) {
        const parameters = { algorithm, digits: 8, period: 30 } as const;
        assert.equal(
          matchingStep(codes[column]!, SECRETS[algorithm], parameters, seconds * 1000),
          Math.floor(seconds / 30),
          `${seconds} s`,
        );
      }
    });
  }

  it('of six digits is the end of that of eight', () => {
    const parameters = { algorithm: 'sha1', digits: 6, period: 30 } as const;
    assert.equal(matchingStep('287082', SECRETS.sha1, parameters, 59_000), 1);
  });

  it('matches one step before and after its own, to the millisecond, and none beyond', () => {
    const parameters = { algorithm: 'sha1', digits: 6, period: 30 } as const;
    const step = 60_000_000;
    const own = step * 30_000;
    const code = hotp(SECRETS.sha1, step, parameters);
    const match = (at: number) => matchingStep(code, SECRETS.sha1, parameters, at);
    assert.equal(match(own - 30_000), step, 'at the beginning of the step before');
    assert.equal(match(own - 30_001), null, 'just before that');
    assert.equal(match(own), step);
    assert.equal(match(own + 59_999), step, 'at the end of the step after');
    assert.equal(match(own + 60_000), null, 'just after that');
  });

  it('names the step that it belongs to, not the one that it is', () => {
    const parameters = { algorithm: 'sha1', digits: 6, period: 30 } as const;
    const now = 60_000_000 * 30_000 + 15_000;
    for (const step of [59_999_999, 60_000_000, 60_000_001]) {
      const code = hotp(SECRETS.sha1, step, parameters);
      assert.equal(matchingStep(code, SECRETS.sha1, parameters, now), step);
    }
  });

  it('keeps its zeros in front', () => {
    const parameters = { algorithm: 'sha1', digits: 6, period: 30 } as const;
    let step = 1000;
    while (!hotp(SECRETS.sha1, step, parameters).startsWith('00')) step += 1;
    const code = hotp(SECRETS.sha1, step, parameters);
    assert.equal(matchingStep(code, SECRETS.sha1, parameters, step * 30_000), step);
  });

  describe('as a person types it', () => {
    for (const typed of [
      '123456',
      '123 456',
      '123-456',
      ' 123456 ',
      '1 2 3 4 5 6',
      '12-34-56',
      '--123456  ',
    ]) {
      it(`is ${JSON.stringify(typed)}`, () => assert.equal(readCode(typed, 6), '123456'));
    }
    it('may have eight digits where the enrollment has', () => {
      assert.equal(readCode('1234 5678', 8), '12345678');
    });

    for (const [what, typed] of PASTED) {
      it(`is read with ${what}`, () => {
        assert.equal(readCode(typed('123456'), 6), '123456');
        assert.equal(readCode(typed('12345678'), 8), '12345678');
        assert.equal(readCode(typed('12345678'), 6), null);
      });
    }

    for (const [what, typed] of [
      ['nothing', ''],
      ['too few digits', '12345'],
      ['too many digits', '1234567'],
      ['a letter', '12345a'],
      ['a letter in the middle', '123x456'],
      ['a word before it', 'code 123456'],
      ['hexadecimal', '0x1234'],
      ['a line of its own', '123456\n123456'],
      ['Arabic digits', '١٢٣٤٥٦'],
      ['a thousand spaces', `${' '.repeat(1000)}123456`],
      ['a number', 123456],
      ['a list', ['123456']],
      ['an object', { toString: () => '123456' }],
      ['a boxed text', Object('123456')],
      ['null', null],
      ['undefined', undefined],
      ['true', true],
    ] as const) {
      it(`is not ${what}`, () => assert.equal(readCode(typed, 6), null));
    }
  });

  it('keeps its parameters with the enrollment', () => {
    for (const algorithm of ['sha1', 'sha256', 'sha512'] as const) {
      for (const digits of [6, 8] as const) {
        const parameters = { algorithm, digits, period: 30 };
        const text = formatParameters(parameters);
        assert.ok(text.length <= 32);
        assert.deepEqual(parseParameters(text), parameters);
      }
    }
    for (const text of [
      '',
      'md5/6/30',
      'sha1/7/30',
      'sha1/6',
      'sha1/6/30/1',
      'SHA1/6/30',
      'sha1/6/-1',
    ]) {
      assert.throws(() => parseParameters(text), /parameters/, text);
    }
  });
});
