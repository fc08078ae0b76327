import assert from 'node:assert/strict';
import fc from 'fast-check';
import { redisKeys } from '../../src/store/redis/keys.js';
import { decodeAssurance } from '../../src/store/redis-assurance.js';
import {
  decodePending,
  decodeSubject,
  packOwner,
  subjectRecord,
} from '../../src/store/redis-codec.js';
import { codesLeft, packCodes, packDigest, unpackDigest } from '../../src/store/redis-digests.js';
import { packHead, packText, unpackHead, unpackText } from '../../src/store/redis-fields.js';

const text = fc
  .string({ unit: 'binary', maxLength: 30 })
  .filter((s) => !/[\ud800-\udfff]/u.test(s));

describe('the layout in Redis', () => {
  it('gives every text back as it was, and the common ones in one byte', () => {
    const common = ['totp', 'duo', 'recovery-code', 'sha1/6/30', 'Authenticator app'];
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

  const headOf = (id: string, time: number) => {
    const bytes = Buffer.alloc(6);
    bytes.writeUIntBE(time, 0, 6);
    return Buffer.concat([bytes, packHead({ id, method: 'totp', parameters: '' })]);
  };
  const bytes = (fields: object) =>
    Object.entries(fields)
      .flat()
      .map((one) => Buffer.from(one));

  it('reads several enrollments, the oldest first, and whatever else stands beside them', () => {
    const one = (suffix: string, id: string, time: number) => ({
      [`m${suffix}`]: headOf(id, time),
      [`k${suffix}`]: 'sealed',
      [`l${suffix}`]: id,
      [`s${suffix}`]: '1',
      [`u${suffix}`]: '2',
    });
    const fields = {
      ...one('', 'newest', 300),
      ...one('2', 'oldest', 100),
      ...one('10', 'between', 200),
      // Names of a later version, which only begin like ours.
      ...{ mx: 'x', kept: 'x', label: 'x', s1x: 'x' },
    };
    const { enrollments } = decodeSubject(bytes(fields));
    assert.deepEqual(
      enrollments.map(({ id }) => id),
      ['oldest', 'between', 'newest'],
    );
  });

  it('reads nothing written as the one record of nobody', () => {
    assert.equal(subjectRecord([]), subjectRecord([]));
    assert.equal(subjectRecord([]).epoch, 0);
    assert.equal(Object.isFrozen(subjectRecord(bytes({ e: '3' }))), true);
    assert.equal(subjectRecord(bytes({ e: '3' })).epoch, 3);
  });

  it('refuses a pending enrollment of which a part is missing, or of a basis to come', () => {
    const whole = { pm: headOf('a', 1), pk: 'sealed', pl: 'App', ps: 'fsession' };
    assert.equal(decodeSubject(bytes(whole)).pending?.basis, 'first');
    for (const name of ['pk', 'pl', 'ps'] as const) {
      const { [name]: _, ...rest } = whole;
      assert.throws(() => decodeSubject(bytes(rest)), /a pending enrollment is incomplete/, name);
    }
    assert.throws(
      () => decodeSubject(bytes({ ...whole, ps: 'zsession' })),
      /a pending enrollment has an unknown basis/,
    );
  });

  it('refuses ids and methods that a head cannot hold', () => {
    const head = (id: string, method: string) => packHead({ id, method, parameters: '' });
    const long = 'x'.repeat(255);
    assert.equal(unpackHead(Buffer.concat([Buffer.alloc(6), head(long, long)])).method, long);
    for (const [id, method] of [
      [`${long}x`, 'totp'],
      ['one', `${long}x`],
    ] as const) {
      assert.throws(() => head(id, method), /id or method is too long/);
    }
  });

  it('tells a short text from a code, and one that begins with a control character', () => {
    for (const odd of [' ', ' x', '\u0000', '\u001e', '\u001fx', 'x', '']) {
      assert.equal(unpackText(packText(odd)), odd);
    }
    assert.equal(packText(' x').length, 2, 'nothing is put before it');
    assert.equal(packText('').length, 0);
    assert.equal(unpackText(Buffer.of(1, 0x41)), '\u0001A', 'a code stands alone');
  });

  describe('keeps digests', () => {
    const digest = (n: number, key = 1) => ({
      keyId: Buffer.of(key, 2, 3, 4),
      bytes: Buffer.alloc(10, n),
    });

    it('of fourteen bytes, and refuses others', () => {
      const back = unpackDigest(packDigest(digest(7)));
      assert.deepEqual([...back.keyId, ...back.bytes], [1, 2, 3, 4, ...Array(10).fill(7)]);
      for (const wrong of [
        { ...digest(1), keyId: Buffer.alloc(3) },
        { ...digest(1), bytes: Buffer.alloc(11) },
      ]) {
        assert.throws(() => packDigest(wrong), /a digest has 4 bytes of key id and 10 of its own/);
      }
      assert.throws(() => unpackDigest(Buffer.alloc(13)), /a digest has the wrong length/);
    });

    it('of recovery codes five to a field, by their keys, and no field is long', () => {
      const lengths = (digests: ReturnType<typeof digest>[]) =>
        packCodes(digests).map(({ length }) => length);
      const ten = Array.from({ length: 10 }, (_, n) => digest(n));
      assert.deepEqual(lengths(ten), [54, 54]);
      assert.deepEqual(lengths([digest(1), digest(2, 9), digest(3, 9), digest(4)]), [14, 24, 14]);
      assert.deepEqual(lengths([]), [4]);
    });

    it('and counts what is left, where there are any', () => {
      const fields = (values: Record<string, number>) =>
        new Map(Object.entries(values).map(([name, length]) => [name, Buffer.alloc(length)]));
      assert.equal(codesLeft(fields({ e: 1 })), null);
      assert.equal(codesLeft(fields({ x0: 4 })), 0);
      assert.equal(codesLeft(fields({ x0: 54, x1: 14, x10: 24 })), 8);
      assert.equal(codesLeft(fields({ x0: 14, ax1: 3, x1a: 3, x: 3 })), 1);
      assert.throws(() => codesLeft(fields({ x0: 15 })), /recovery codes are damaged/);
    });
  });

  it('has names for everything, under its prefix, and for no prefix with braces', () => {
    const keys = redisKeys('sp:');
    assert.deepEqual(
      [
        keys.marker,
        keys.slotMarker('a1'),
        keys.devices('user1'),
        keys.session('digest'),
        keys.transaction('a b'),
        keys.organization('acme'),
        keys.trails('acme'),
        keys.history('user1'),
      ],
      [
        'sp:initialized',
        'sp:initialized:{a1}',
        'sp:{s:user1}:devices',
        'sp:a:digest',
        'sp:t:a%20.b',
        'sp:{o:acme}',
        'sp:{o:acme}:trails',
        'sp:{s:user1}:history',
      ],
    );
    for (const prefix of ['{', 'a}', null, 5]) {
      assert.throws(() => redisKeys(prefix as string), /prefix must be a string without braces/);
    }
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
