import assert from 'node:assert/strict';
import type { Floor, OrganizationSetting, StoredSetting } from '../../src/contracts.js';
import { userSetting } from '../../src/policy/settings.js';
import { contradictions, NO_SETTING, organizationSetting } from '../support/policy.js';
import { isPolicyError, JANUARY, keys, must } from './levels.js';

describe('a stored setting', () => {
  const stored = (value: unknown): StoredSetting => ({
    version: 3,
    value: value as StoredSetting['value'],
    changedBy: 'admin@acme.example',
    changedAt: Date.UTC(2026, 0, 2),
  });

  it('that is not there is none', () => {
    assert.equal(organizationSetting(null, 'acme'), null);
    assert.equal(userSetting(null, 'user1'), null);
  });

  it('is read with who set it and when, and once per record', () => {
    const record = stored(NO_SETTING);
    const read = organizationSetting(record, 'acme');
    assert.deepEqual(read, {
      value: NO_SETTING,
      changedBy: 'admin@acme.example',
      changedAt: new Date(Date.UTC(2026, 0, 2)),
      version: 3,
    });
    assert.equal(organizationSetting(record, 'acme'), read);
  });

  it('from before a method with settings was there has nothing set for it', () => {
    const { duo: _, ...before } = NO_SETTING;
    assert.deepEqual(organizationSetting(stored(before), 'acme')?.value, NO_SETTING);
  });

  it('of a user is a switch-on, with or without grace', () => {
    const value = { mode: 'required', graceUntil: JANUARY };
    assert.deepEqual(userSetting(stored(value), 'user1')?.value, value);
  });

  const { mode: _, ...withoutMode } = NO_SETTING;
  for (const [what, value] of [
    ['nothing', {}],
    ['a list', []],
    ['a text', 'required'],
    ['one field less', withoutMode],
    ['one field more', { ...NO_SETTING, allow: 'all' }],
    ['an unknown mode', { ...NO_SETTING, mode: 'enforced' }],
    ['a mode in capitals', { ...NO_SETTING, mode: 'OFF' }],
    ['no methods at all', { ...NO_SETTING, methods: [] }],
    ['a method without a name', { ...NO_SETTING, methods: [''] }],
    ['a method that is a number', { ...NO_SETTING, methods: [1] }],
    ['a grace period in milliseconds', { ...NO_SETTING, graceUntil: 1 }],
    ['a grace period without a time', { ...NO_SETTING, graceUntil: '2026-01-31' }],
    ['a grace period in no zone', { ...NO_SETTING, graceUntil: '2026-01-31T12:00:00' }],
    ['a grace period on no day', { ...NO_SETTING, graceUntil: '2026-02-30T12:00:00Z' }],
    ['an age below a minute', { ...NO_SETTING, maxAgeSeconds: 59 }],
    ['an age of half seconds', { ...NO_SETTING, maxAgeSeconds: 90.5 }],
    ['an endless age', { ...NO_SETTING, maxAgeSeconds: 1e12 }],
    ['half a floor', { ...NO_SETTING, clientsMust: { mode: 'required' } }],
    ['half of Duo’s keys', { ...NO_SETTING, duo: { ...keys('v1'), keys: { clientId: 'DI' } } }],
    ['Duo’s secret in the open', { ...NO_SETTING, duo: { ...keys('v1'), secret: 'x' } }],
  ] as const) {
    it(`of an organization with ${what} lets nobody in`, () => {
      assert.throws(
        () => organizationSetting(stored(value), 'acme'),
        isPolicyError(/setting of organization acme is not readable/),
      );
    });
  }

  for (const [what, value] of [
    ['nothing', {}],
    ['a switch-off', { mode: 'off', graceUntil: null }],
    ['an option', { mode: 'optional', graceUntil: null }],
    ['methods of its own', { mode: 'required', graceUntil: null, methods: ['totp'] }],
    ['no word about grace', { mode: 'required' }],
  ] as const) {
    it(`of a user with ${what} lets that user not in`, () => {
      assert.throws(
        () => userSetting(stored(value), 'user1'),
        isPolicyError(/setting of user user1 is not readable/),
      );
    });
  }
});

describe('a setting that contradicts itself', () => {
  const setting = (part: Partial<OrganizationSetting>) => ({ ...NO_SETTING, ...part });
  const floor = (part: Partial<Floor>) => must(part).value.clientsMust;
  const enrollable = ['totp'];

  for (const [what, kind, value, fields] of [
    ['nothing', 'client', {}, []],
    ['a requirement', 'client', { mode: 'required' }, []],
    [
      'a requirement with a method that there is',
      'client',
      { mode: 'required', methods: ['totp'] },
      [],
    ],
    ['a requirement without a method', 'client', { mode: 'required', methods: [] }, ['methods']],
    ['a method that there is not', 'client', { methods: ['totp', 'sms'] }, ['methods']],
    ['Duo without keys', 'client', { mode: 'required', methods: ['duo'] }, ['methods']],
    ['Duo without keys, beside another', 'client', { methods: ['totp', 'duo'] }, ['methods']],
    ['a floor for clients', 'partner', { clientsMust: floor({ mode: 'required' }) }, []],
    ['a floor of a client', 'client', { clientsMust: floor({}) }, ['clientsMust']],
    [
      'a floor with a method that there is not',
      'partner',
      { clientsMust: floor({ methods: ['sms'] }) },
      ['clientsMust.methods'],
    ],
    [
      'a floor that requires without a method',
      'partner',
      { clientsMust: floor({ mode: 'required', methods: [] }) },
      ['clientsMust.methods'],
    ],
    [
      'two of them',
      'client',
      { methods: ['sms'], clientsMust: floor({ methods: ['sms'] }) },
      ['methods', 'clientsMust.methods', 'clientsMust'],
    ],
    ['keys lent by a partner', 'partner', { duo: keys('v1', true) }, []],
    ['keys lent by a client', 'client', { duo: keys('v1', true) }, ['duo.lendToClients']],
  ] as const) {
    it(`is told by its fields: ${what}`, () => {
      const found = contradictions(setting(value as Partial<OrganizationSetting>), {
        kind,
        enrollable,
      });
      assert.deepEqual(
        found.map(({ field }) => field),
        fields,
      );
      for (const { message } of found) assert.match(String(message), /^\S.*\.$/);
    });
  }

  it('says what Duo is lacking', () => {
    const found = contradictions(setting({ methods: ['duo'] }), { kind: 'client', enrollable });
    assert.deepEqual(
      found.map(({ message }) => String(message)),
      ['Duo needs keys: enter them first, or leave Duo out.'],
    );
  });

  it('says what there is in place of what there is not, apart from Duo', () => {
    const wanted = setting({ methods: ['duo', 'sms', 'totp', 'fax'] });
    const found = contradictions(wanted, { kind: 'client', enrollable: ['totp', 'security-key'] });
    assert.deepEqual(
      found.map(({ message }) => String(message)),
      [
        'Duo needs keys: enter them first, or leave Duo out.',
        'sms, fax cannot be activated here: choose from totp, security-key.',
      ],
    );
  });

  it('may accept no method while it requires none', () => {
    const none = setting({ mode: 'optional', methods: [] });
    assert.deepEqual(contradictions(none, { kind: 'client', enrollable }), []);
  });
});
