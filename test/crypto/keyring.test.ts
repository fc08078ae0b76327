import assert from 'node:assert/strict';
import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { keyIds, keyring, sealedBy } from '../../src/crypto/keyring.js';
import { SallyportError } from '../../src/errors.js';

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const SECRET = Buffer.from('12345678901234567890');
const CONTEXT = 'totp/user1/1';

const isCode = (code: string) => (error: unknown) =>
  error instanceof SallyportError && error.code === code;

describe('the keyring', () => {
  const ring = keyring([key(1)]);

  it('opens what it sealed, for any bytes and context', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'binary' }),
        (plain, context) => {
          assert.deepEqual(
            Buffer.from(ring.open(ring.seal(plain, context), context)),
            Buffer.from(plain),
          );
        },
      ),
    );
  });

  it('seals the same bytes differently each time, and shows nothing of them', () => {
    const sealed = [ring.seal(SECRET, CONTEXT), ring.seal(SECRET, CONTEXT)].map((one) =>
      Buffer.from(one),
    );
    assert.notDeepEqual(sealed[0], sealed[1]);
    assert.equal(sealed[0]!.includes(SECRET), false);
    assert.equal(sealed[0]!.includes(SECRET.subarray(0, 4)), false);
  });

  it('keeps a TOTP secret below the 64 bytes that Redis stores compactly', () => {
    assert.equal(ring.seal(SECRET, CONTEXT).length, 53);
  });

  it('opens nothing of which any single bit was flipped', () => {
    const sealed = Buffer.from(ring.seal(SECRET, CONTEXT));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => ring.open(flipped, CONTEXT), isCode('ERR_SEALED'), `bit ${bit}`);
    }
  });

  it('opens nothing that was cut or lengthened', () => {
    const sealed = Buffer.from(ring.seal(SECRET, CONTEXT));
    for (let length = 0; length < sealed.length; length += 1) {
      assert.throws(() => ring.open(sealed.subarray(0, length), CONTEXT), isCode('ERR_SEALED'));
      assert.throws(() => ring.open(sealed.subarray(length + 1), CONTEXT), isCode('ERR_SEALED'));
    }
    const longer = Buffer.concat([sealed, Buffer.of(0)]);
    assert.throws(() => ring.open(longer, CONTEXT), isCode('ERR_SEALED'));
  });

  it('says of what is cut, or of a version to come, that it is that', () => {
    const sealed = Buffer.from(ring.seal(Buffer.alloc(0), CONTEXT));
    assert.equal(sealed.length, 33);
    assert.equal(ring.open(sealed, CONTEXT).length, 0);
    for (const wrong of [sealed.subarray(0, 32), Buffer.concat([Buffer.of(2), sealed.subarray(1)])])
      assert.throws(() => ring.open(wrong, CONTEXT), /truncated or of unknown version/);
    assert.throws(
      () => ring.open(sealed, 'another'),
      (error: Error) => /altered/.test(error.message) && error.cause instanceof Error,
    );
  });

  describe('keeps to its format, in which stores are full of bytes:', () => {
    const raw = Buffer.alloc(32, 1);
    const subkey = (purpose: string) =>
      Buffer.from(hkdfSync('sha256', raw, Buffer.alloc(0), purpose, 32));
    const id = createHash('sha256').update('sallyport key id').update(raw).digest().subarray(0, 4);

    it('opens what was sealed by its description alone', () => {
      const header = Buffer.concat([Buffer.of(1), id]);
      const nonce = Buffer.alloc(12, 9);
      const cipher = createCipheriv('aes-256-gcm', subkey('sallyport sealing 1'), nonce);
      cipher.setAAD(Buffer.concat([header, Buffer.from('totp/usér1/1')]));
      const body = Buffer.concat([cipher.update(SECRET), cipher.final()]);
      const sealed = Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
      assert.deepEqual(Buffer.from(ring.open(sealed, 'totp/usér1/1')), SECRET);
    });

    it('digests a code with its context, ten bytes long, under each key', () => {
      const rotated = keyring([key(2), key(1)]);
      const expected = createHmac('sha256', subkey('sallyport digesting 1'))
        .update('["recovery-code/user1","ABCD"]')
        .digest()
        .subarray(0, 10);
      const digest = ring.digest('ABCD', 'recovery-code/user1');
      assert.deepEqual(Buffer.from(digest.bytes), expected);
      assert.deepEqual(Buffer.from(digest.keyId), id);
      const both = rotated.digests('ABCD', 'recovery-code/user1');
      assert.equal(both.length, 2);
      assert.deepEqual(both[0], rotated.digest('ABCD', 'recovery-code/user1'));
      assert.deepEqual(both[1], digest);
      assert.notDeepEqual(both[0], digest);
    });

    it('tells the ids of keys, and of which key sealed what', () => {
      assert.deepEqual(keyIds([key(1)]), [id.toString('hex')]);
      assert.equal(keyIds([key(2), key(1)])[1], id.toString('hex'));
      assert.equal(sealedBy(ring.seal(SECRET, CONTEXT)), id.toString('hex'));
      assert.throws(() => keyIds([key(1), 'short']), /^SallyportError: keys\[1\]/);
    });
  });

  it('opens nothing that was moved to another context', () => {
    const sealed = ring.seal(SECRET, CONTEXT);
    for (const other of [
      '',
      'totp/user1/2',
      'totp/user2/1',
      'duo/user1/1',
      `${CONTEXT} `,
      CONTEXT.toUpperCase(),
    ]) {
      assert.throws(() => ring.open(sealed, other), isCode('ERR_SEALED'), other);
    }
  });

  it('opens nothing put together from two of its own', () => {
    const [one, two] = [ring.seal(SECRET, CONTEXT), ring.seal(SECRET, CONTEXT)].map((bytes) =>
      Buffer.from(bytes),
    ) as [Buffer, Buffer];
    for (const at of [11, 17, 27, 37]) {
      const mixed = Buffer.concat([one.subarray(0, at), two.subarray(at)]);
      assert.throws(() => ring.open(mixed, CONTEXT), isCode('ERR_SEALED'), `at ${at}`);
    }
  });

  it('opens what an older key sealed as long as that key is there, and says that it is not current', () => {
    const sealed = ring.seal(SECRET, CONTEXT);
    const rotated = keyring([key(2), key(1)]);
    assert.deepEqual(Buffer.from(rotated.open(sealed, CONTEXT)), SECRET);
    assert.equal(rotated.isCurrent(sealed), false);
    assert.equal(ring.isCurrent(sealed), true);
    const anew = rotated.seal(SECRET, CONTEXT);
    assert.equal(rotated.isCurrent(anew), true);
    assert.deepEqual(Buffer.from(keyring([key(2)]).open(anew, CONTEXT)), SECRET);
  });

  it('says which key is missing when it was taken away, by its id', () => {
    const sealed = ring.seal(SECRET, CONTEXT);
    const id = Buffer.from(sealed).subarray(1, 5).toString('hex');
    assert.throws(
      () => keyring([key(2)]).open(sealed, CONTEXT),
      (error) => isCode('ERR_SEALED')(error) && (error as Error).message.includes(id),
    );
  });

  it('has key ids that are no part of the key', () => {
    const bytes = randomBytes(32);
    const sealed = Buffer.from(keyring([bytes.toString('base64')]).seal(SECRET, CONTEXT));
    assert.equal(bytes.includes(sealed.subarray(1, 5)), false);
  });

  it('accepts base64 and base64url, padded or not', () => {
    const bytes = Buffer.alloc(32, 0xfb);
    const sealed = keyring([bytes.toString('base64')]).seal(SECRET, CONTEXT);
    for (const text of [bytes.toString('base64url'), bytes.toString('base64').replace('=', '')]) {
      assert.deepEqual(Buffer.from(keyring([text]).open(sealed, CONTEXT)), SECRET);
    }
  });

  it('says what kind of thing it was given in place of a key', () => {
    const make = (one: unknown) => () => keyring([one as string]);
    assert.throws(make(undefined), /of 32 bytes, got undefined$/);
    assert.throws(make(5), /of 32 bytes, got a number that is not base64$/);
  });

  describe('of wrong keys', () => {
    const secret = Buffer.alloc(31, 0x5a).toString('base64');
    for (const [what, keys, named] of [
      ['no key', [], 'keys'],
      ['a key that is too short', [key(1), secret], 'keys[1]'],
      ['a key that is too long', [Buffer.alloc(33, 0x5a).toString('base64')], 'keys[0]'],
      ['a key in hexadecimal', [Buffer.alloc(32, 0x5a).toString('hex')], 'keys[0]'],
      ['a passphrase', ['correct horse battery staple'], 'keys[0]'],
      ['an empty text', [''], 'keys[0]'],
      ['a key after a space', [` ${key(0x5a)}`], 'keys[0]'],
      ['a key with the end of its line', [`${key(0x5a)}\n`], 'keys[0]'],
      ['an environment variable that is not set', [undefined], 'keys[0]'],
      ['a number', [5], 'keys[0]'],
      ['bytes', [Buffer.alloc(32, 0x5a)], 'keys[0]'],
      ['the same key twice', [key(0x5a), key(0x5a)], 'keys[1]'],
    ] as const) {
      it(`names the one at fault and shows none of it: ${what}`, () => {
        assert.throws(
          () => keyring(keys as unknown as string[]),
          (error) => {
            assert.ok(isCode('ERR_KEYS')(error));
            const shown = inspect(error, { depth: 5 });
            assert.ok((error as Error).message.startsWith(named), (error as Error).message);
            for (const one of keys) {
              if (typeof one === 'string' && one !== '') assert.equal(shown.includes(one), false);
            }
            assert.doesNotMatch(shown, /WlpaWl|5a5a5a|ZZZZ|battery/);
            return true;
          },
        );
      });
    }
  });
});
