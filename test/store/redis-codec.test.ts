import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeAssurance } from '../../src/store/redis-assurance.js';
import { decodePending, decodeSubject, packOwner } from '../../src/store/redis-codec.js';
import { packHead, packText, unpackText } from '../../src/store/redis-fields.js';
import { redisKeys } from '../../src/store/redis-keys.js';

const text = fc
  .string({ unit: 'binary', maxLength: 30 })
  .filter((s) => !/[\ud800-\udfff]/u.test(s));

describe('the layout in Redis', () => {
  it('gives every text back as it was, and the common ones in one byte', () => {
    const common = ['totp', 'duo', 'recovery-code', 'SHA1/6/30', 'Authenticator app'];
    for (const word of common) assert.equal(packText(word).length, 1);
    fc.assert(
      fc.property(fc.oneof(text, fc.constantFrom('', '\u0001', '\u001f', ...common)), (value) => {
        assert.equal(unpackText(packText(value)), value);
      }),
    );
  });

  it('gives a pending enrollment back as it was', () => {
    const pending = fc.record({
      id: text,
      method: text,
      parameters: text,
      label: text,
      session: text,
      basis: fc.constantFrom(...(['first', 'activation-key', 'handover', 'proven'] as const)),
      sealed: fc.uint8Array({ maxLength: 64 }),
      expiresAt: fc.integer({ min: 0, max: 2 ** 47 }),
    });
    fc.assert(
      fc.property(pending, (one) => {
        const time = Buffer.alloc(6);
        time.writeUIntBE(one.expiresAt, 0, 6);
        const back = decodePending([
          Buffer.concat([time, packHead(one)]),
          Buffer.from(one.sealed),
          packText(one.label),
          Buffer.from(packOwner(one)),
        ]);
        assert.deepEqual(
          { ...back, sealed: [...back.sealed] },
          { ...one, sealed: [...one.sealed] },
        );
      }),
    );
  });

  it('refuses a record of which a part is missing, rather than read fewer factors', () => {
    const head = Buffer.concat([
      Buffer.alloc(6),
      packHead({ id: 'a', method: 'totp', parameters: '' }),
    ]);
    const whole = { m: head, k: 'sealed', l: '', s: '1', u: '2' };
    const reply = (fields: object) =>
      Object.entries(fields)
        .flat()
        .map((one) => Buffer.from(one));
    assert.equal(decodeSubject(reply(whole)).enrollments.length, 1);
    for (const name of Object.keys(whole)) {
      const { [name as 'm']: _, ...rest } = whole;
      assert.throws(() => decodeSubject(reply(rest)), /lacks its field/, name);
    }
    assert.throws(() => decodeSubject(reply({ pm: head, pk: 'sealed' })), /incomplete/);
    assert.throws(() => decodeAssurance(Buffer.from('proven')), /cannot be read/);
  });

  it('gives every subject a key of its own, with one Cluster tag', () => {
    const keys = redisKeys('sp:');
    const id = fc.string({ unit: 'binary', maxLength: 12 });
    const odd = fc.constantFrom('%', '%20.', '{', '}', '\ud800', '%ud800', 'é', '%c3a9.');
    fc.assert(
      fc.property(fc.oneof(id, odd), fc.oneof(id, odd), (a, b) => {
        assert.equal(keys.subject(a) === keys.subject(b), a === b);
        assert.match(keys.subject(a), /^sp:\{s:[^{}]*\}$/);
      }),
    );
    assert.equal(keys.subject('user-1@example.com'), 'sp:{s:user-1@example.com}');
  });
});
