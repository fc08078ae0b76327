import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { encodeParts } from '../../src/store/codec/cbor.js';
import { decodeRecord, encodeRecord, VERSION_BYTES } from '../../src/store/codec/record.js';
import type { Kind, Records } from '../../src/store/records.js';

const version = () => randomBytes(VERSION_BYTES);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', 'totp', 'Authenticator app', 'sha1/6/30', '\ud800', 'a\udfff', '電話'),
);
const id = fc.oneof(
  text,
  fc.uuid(),
  fc.uuid().map((one) => one.toUpperCase()),
  fc.uint8Array({ minLength: 5, maxLength: 7 }).map(base64url),
  fc.constantFrom('12345678', 'user-123', '\ud800bc', '1234567\ud800'),
);
const bytes = fc.uint8Array({ maxLength: 64 });
const count = fc.nat(2 ** 31);
const time = fc.integer({ min: 0, max: 2 ** 47 });
const digest = fc.record({
  keyId: fc.constantFrom(Uint8Array.of(1, 2, 3, 4), Uint8Array.of(0, 0, 0, 0)),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 10, maxLength: 10 }),
    fc.uint8Array({ minLength: 15, maxLength: 15 }),
  ),
});
const setting = fc.record({
  version: count,
  value: fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<unknown>),
  changedBy: text,
  changedAt: time,
});
const basis = fc.constantFrom(...(['first', 'activation-key', 'handover', 'proven'] as const));
const authenticator = { id: text, method: text, label: text, sealed: bytes, parameters: text };

const ARBITRARY: { readonly [K in Kind]: fc.Arbitrary<Records[K]> } = {
  subject: fc
    .record({
      epoch: count,
      epochRoseAt: fc.option(time),
      epochRaisedBy: fc.option(text),
      signIn: fc.option(
        fc.record({
          ...{ by: text, at: time, acr: fc.option(text) },
          amr: fc.array(text, { maxLength: 4 }),
        }),
      ),
      failures: count,
      retryAt: time,
      enrollments: fc.array(
        fc
          .record({
            ...authenticator,
            lastStep: fc.integer({ min: -1, max: 2 ** 40 }),
            createdAt: time,
            lastUsedAt: fc.option(time),
            foundBy: fc.option(
              fc.array(
                fc.oneof(
                  fc.uint8Array({ minLength: 8, maxLength: 8 }).map(base64url),
                  fc.string({ unit: 'grapheme', maxLength: 12 }),
                ),
                { maxLength: 4 },
              ),
            ),
          })
          .map(({ foundBy, ...one }) => (foundBy ? { ...one, foundBy } : one)),
        { maxLength: 4 },
      ),
      pending: fc.option(fc.record({ ...authenticator, session: text, expiresAt: time, basis })),
      activationKey: fc.option(fc.record({ digest, endsAt: time })),
      recoveryCodes: fc.option(fc.array(digest, { maxLength: 12 })),
      recoveryCodesKept: fc.boolean(),
      foreignCodes: fc.option(bytes),
      removed: fc.boolean(),
      legacyAsked: fc.boolean(),
      setting: fc.option(setting),
      settingVersion: count,
    })
    // They stand beside the digests, and go with them.
    .map((one) => (one.recoveryCodes === null ? { ...one, foreignCodes: null } : one)),
  organization: fc.record({ setting: fc.option(setting), settingVersion: count }),
  session: fc
    .record({
      state: fc.constantFrom(...(['pending', 'proven', 'ended'] as const)),
      subjectId: text,
      epoch: count,
      login: text,
      expiresAt: time,
      renewed: fc.boolean(),
      factors: fc.array(
        fc.record(
          {
            method: text,
            enrollmentId: text,
            at: time,
            via: text,
            tenantId: text,
            loginOnly: fc.boolean(),
          },
          { requiredKeys: ['method', 'enrollmentId', 'at'] },
        ),
        { maxLength: 3 },
      ),
    })
    .map(({ renewed, ...one }) =>
      renewed && one.state === 'ended' ? { ...one, renewed: true as const } : one,
    ),
  devices: fc.record({
    devices: fc.array(
      fc.record({
        id: text,
        tenantId: text,
        label: text,
        method: text,
        epoch: count,
        createdAt: time,
        lastUsedAt: time,
        endsAt: time,
        token: text,
        before: fc.option(text),
        rotatedAt: time,
      }),
      { maxLength: 3 },
    ),
  }),
  transaction: fc.record({ value: bytes, endsAt: time }),
  holders: fc.record({
    holders: fc.array(fc.record({ subjectId: id, tenantId: id, enrollmentId: id }), {
      maxLength: 3,
    }),
  }),
};
const KINDS = Object.keys(ARBITRARY) as Kind[];

function base64url(of: Uint8Array): string {
  return Buffer.from(of).toString('base64url');
}

/** Bytes as numbers, since a Buffer is not equal to other bytes; and no prototypes. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function eachKind(
  check: <K extends Kind>(kind: K, arbitrary: fc.Arbitrary<Records[K]>) => void,
): void {
  for (const kind of KINDS) check(kind, ARBITRARY[kind]);
}

describe('the bytes of a record', () => {
  it('give back what was written, with its sequence, and frozen', () => {
    eachKind((kind, arbitrary) => {
      fc.assert(
        fc.property(arbitrary, count, (record, sequence) => {
          const written = encodeRecord(kind, 'place', version(), { record, sequence });
          const back = decodeRecord(kind, 'place', written);
          assert.deepEqual(plain(back), plain({ record, sequence }));
          assert.ok(Object.isFrozen(back.record));
        }),
        { numRuns: 200 },
      );
    });
  });

  it('are refused with any one of them changed, cut off, or one more', () => {
    eachKind((kind, arbitrary) => {
      for (const record of fc.sample(arbitrary, { numRuns: 3, seed: 7 })) {
        const written = encodeRecord(kind, 'place', version(), { record, sequence: 5 });
        for (let at = 0; at < written.length; at += 1) {
          for (const bits of [1, 0x80, 0xff, 1 + (at % 254)]) {
            const flipped = Buffer.from(written);
            flipped[at] = (flipped[at] as number) ^ bits;
            assert.throws(() => decodeRecord(kind, 'place', flipped), `${kind}, byte ${at}`);
          }
          assert.throws(
            () => decodeRecord(kind, 'place', written.subarray(0, at)),
            `${kind}: ${at}`,
          );
        }
        const longer = Buffer.concat([written, Buffer.of(0)]);
        assert.throws(() => decodeRecord(kind, 'place', longer), kind);
      }
    });
  });

  it('are refused at another place, and as another kind of record', () => {
    eachKind((kind, arbitrary) => {
      const [record] = fc.sample(arbitrary, 1) as [Records[typeof kind]];
      const written = encodeRecord(kind, '{s:user1}', version(), { record, sequence: 0 });
      assert.throws(() => decodeRecord(kind, '{s:user2}', written), /checksum/);
      for (const other of KINDS) {
        if (other === kind) continue;
        assert.throws(() => decodeRecord(other, '{s:user1}', written), `${kind} as ${other}`);
      }
    });
  });

  it('are refused in a format of another version, or with a part too few, whatever their checksum', () => {
    const read = (parts: Parameters<typeof encodeParts>[0]) =>
      decodeRecord('organization', 'place', withChecksum(parts));
    // Version 1: [format, sequence, version of the setting, setting].
    assert.deepEqual(read([1, 3, 1, null]).record, { setting: null, settingVersion: 1 });
    assert.throws(() => read([2, 3, 1, null]), /unknown format 2/);
    assert.throws(() => read([null, 3, 1, null]), /unknown format/);
    assert.throws(() => read([1, 3, 1]), /4 parts/);
    assert.throws(() => read([1, 3, 1, null, null]), /4 parts/);
    assert.throws(() => read([1, 'x', 1, null]), /a number/);
    assert.throws(() => read([1, 3, 'x', null]), /a number/);
    assert.throws(() => read([1, 3, 1, [1, '{}', 'admin']]), /4 parts/);
    assert.throws(() => read([1, 3, 1, [1, 'no JSON', 'admin', 5]]));
    assert.throws(() => read([1, 3, 1, [1, '{}', 250, 5]]), /later version/);
  });

  it('that lead from an authenticator to its holder are read as they were before ids were packed', () => {
    const [subjectId, tenantId, enrollmentId] = [
      '0b7f2f3e-7d0c-4f0e-9c43-3d2b8a1f6a11',
      'acme',
      'b3_4-Xyz',
    ];
    const written = withChecksum([1, 0, [[subjectId, tenantId, enrollmentId]]]);
    const { record } = decodeRecord('holders', 'place', written);
    assert.deepEqual(record, { holders: [{ subjectId, tenantId, enrollmentId }] });
    const now = encodeRecord('holders', 'place', version(), { record, sequence: 0 });
    assert.equal(
      now.length,
      44,
      'with a short name for the organization Redis keeps it in one piece',
    );
    assert.ok(now.length <= written.length - 23);
  });
});

/** Writes parts with the checksum that a record of theirs has. */
function withChecksum(parts: Parameters<typeof encodeParts>[0]): Buffer {
  const own = version();
  const body = Buffer.from(encodeParts(parts));
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc(Buffer.concat([Buffer.from('place'), own, body])));
  return Buffer.concat([own, sum, body]);
}

/** CRC-32 bit by bit, as it is defined. */
function crc(all: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of all) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
