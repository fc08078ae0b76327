import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Kind } from '../../src/store/records.js';
import { redisKeys } from '../../src/store/redis/keys.js';
import { ledgerEntryOf, ledgerPlace } from '../../src/store/redis/ledger.js';
import { slotOf } from '../../src/store/redis/slots.js';

const KINDS: readonly Kind[] = [
  'subject',
  'devices',
  'organization',
  'session',
  'transaction',
  'holders',
];

describe('the keys in Redis', () => {
  const keys = redisKeys('sp:');

  it('have names for everything, under their prefix, and for no prefix with braces', () => {
    assert.deepEqual(
      [
        keys.marker,
        keys.slotMarker('a1'),
        ...KINDS.map((kind) => keys.record(kind, 'a b')),
        keys.ledger('a1'),
        keys.trails('organization', 'acme'),
        keys.trails('subject', 'user1'),
      ],
      [
        'sp:initialized',
        'sp:initialized:{a1}',
        'sp:{s:a%20.b}',
        'sp:{s:a%20.b}:devices',
        'sp:{o:a%20.b}',
        'sp:a:a%20.b',
        'sp:t:a%20.b',
        'sp:h:a%20.b',
        'sp:l:{a1}',
        'sp:{o:acme}:trails',
        'sp:{s:user1}:history',
      ],
    );
    assert.equal(keys.place('sp:{s:user1}'), '{s:user1}');
    for (const prefix of ['{', 'a}', null, 5]) {
      assert.throws(() => redisKeys(prefix as string), /prefix must be a string without braces/);
    }
  });

  it('are of one record each, with one Cluster tag', () => {
    const id = fc.string({ unit: 'binary', maxLength: 12 });
    const odd = fc.constantFrom('%', '%20.', '{', '}', '\ud800', '%ud800', 'é', '%c3a9.');
    const any = fc.oneof(id, odd);
    fc.assert(
      fc.property(any, any, (a, b) => {
        assert.equal(keys.record('subject', a) === keys.record('subject', b), a === b);
        assert.match(keys.record('subject', a), /^sp:\{s:[^{}]*\}$/);
      }),
    );
    assert.equal(keys.record('subject', 'user-1@example.com'), 'sp:{s:user-1@example.com}');
  });

  it('lie in one slot with their ledger, where a record has its own field', () => {
    const fields = new Set<string>();
    for (const id of ['user1', 'acme', 'é{}', 'x'.repeat(300)]) {
      for (const kind of KINDS) {
        const key = keys.record(kind, id);
        const place = ledgerPlace(keys, kind, key);
        assert.equal(place !== null, ['subject', 'organization', 'devices'].includes(kind), kind);
        if (!place) continue;
        assert.equal(slotOf(place.key), slotOf(key));
        assert.ok(Buffer.byteLength(place.field) <= 64, 'stays compact');
        fields.add(Buffer.from(place.field).toString('latin1'));
        const known = ledgerEntryOf(Buffer.from(place.field));
        assert.equal(known.kind, kind);
        const named = kind === 'organization' && id.length < 50;
        assert.equal(known.id, named ? id : null);
      }
    }
    assert.equal(fields.size, 12);
  });
});
