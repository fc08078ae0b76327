import assert from 'node:assert/strict';
import { authorityId } from '../../src/contracts.js';
import type { Levels } from '../../src/policy/levels.js';
import { resolveSettings } from '../support/policy.js';
import {
  client,
  DEFAULT,
  EVERY_METHOD,
  isPolicyError,
  JANUARY,
  KEY,
  keys,
  MARCH,
  must,
  type Parts,
  partnersOwn,
  partsOf,
  set,
  switchedOn,
} from './levels.js';
import { naive, unaccounted } from './naive-model.js';

describe('partner → client → user', () => {
  const required = { ...DEFAULT, mode: 'required' } as const;
  const totp = ['totp', 'recovery-code'];
  const duo = (source: string, credentialVersion: string) => ({
    methods: EVERY_METHOD,
    duo: { source, credentialVersion, account: authorityId('api-0.duosecurity.com') },
  });

  const table: readonly [string, Levels, Parts][] = [
    // mode
    ['is off where nobody has set anything', client(), DEFAULT],
    ['is off where a setting says nothing about it', client({ own: set() }), DEFAULT],
    [
      'is required where the client requires it',
      client({ own: set({ mode: 'required' }) }),
      required,
    ],
    [
      'is optional where the client says so',
      client({ own: set({ mode: 'optional' }) }),
      { ...DEFAULT, mode: 'optional' },
    ],
    [
      'is not implied for clients by the partner’s own requirement',
      client({ partner: set({ mode: 'required', methods: ['totp'], maxAgeSeconds: 60 }) }),
      DEFAULT,
    ],
    [
      'holds for the partner’s own users when the partner requires it',
      partnersOwn({ own: set({ mode: 'required' }) }),
      required,
    ],
    [
      'spares the partner’s own users what its clients must',
      partnersOwn({ own: must({ mode: 'required', methods: ['totp'], maxAgeSeconds: 60 }) }),
      DEFAULT,
    ],
    ['is what clients must', client({ partner: must({ mode: 'required' }) }), required],
    [
      'is not lowered by a client below what it must',
      client({ partner: must({ mode: 'required' }), own: set({ mode: 'off' }) }),
      required,
    ],
    [
      'is raised by a client above what it must',
      client({ partner: must({ mode: 'optional' }), own: set({ mode: 'required' }) }),
      required,
    ],
    [
      'is not touched by a partner’s “clients must” for a client of nobody',
      {
        ...client({ own: set({ mode: 'optional' }) }),
        organization: { id: 'acme', kind: 'client', partnerId: null },
      },
      { ...DEFAULT, mode: 'optional' },
    ],
    [
      'is required for a user who is switched on in a client that has nothing set',
      client({ user: switchedOn() }),
      required,
    ],
    [
      'is required for a user who is switched on in a client that is off',
      client({ own: set({ mode: 'off' }), user: switchedOn() }),
      required,
    ],
    [
      'is required for a partner’s user who is switched on',
      partnersOwn({ own: set({ mode: 'optional' }), user: switchedOn() }),
      required,
    ],
    // methods
    [
      'accepts what the client accepts, the preferred one first',
      client({ own: set({ mode: 'required', methods: ['security-key', 'totp'] }) }),
      { ...required, methods: ['security-key', 'totp', 'recovery-code'] },
    ],
    [
      'accepts what all levels accept, in the client’s order',
      client({
        partner: must({ methods: ['totp', 'security-key'] }),
        own: set({ mode: 'required', methods: ['security-key', 'duo', 'totp'] }),
      }),
      { ...required, methods: ['security-key', 'totp', 'recovery-code'] },
    ],
    [
      'accepts what the partner says where the client says nothing',
      client({ partner: must({ mode: 'required', methods: ['totp'] }), own: set() }),
      { ...required, methods: totp },
    ],
    [
      'accepts a method once that is named twice',
      client({ own: set({ mode: 'required', methods: ['totp', 'totp'] }) }),
      { ...required, methods: totp },
    ],
    [
      'accepts for a user who is switched on what the client accepts',
      client({ own: set({ methods: ['totp'] }), user: switchedOn() }),
      { ...required, methods: totp },
    ],
    [
      'leaves no method to activate where levels contradict each other and two-factor is off',
      client({ partner: must({ methods: ['totp'] }), own: set({ methods: ['security-key'] }) }),
      { ...DEFAULT, methods: ['recovery-code'] },
    ],
    // Duo
    [
      'has no Duo without keys',
      client({ own: set({ mode: 'required', methods: ['duo', 'totp'] }) }),
      { ...required, methods: totp },
    ],
    [
      'has Duo with the client’s own keys',
      client({ own: set({ mode: 'required', duo: keys('v1') }) }),
      { ...required, ...duo('acme', 'v1') },
    ],
    [
      'has Duo with the keys that the partner lends',
      client({ partner: set({ duo: keys('p1', true) }), own: set({ mode: 'required' }) }),
      { ...required, ...duo('northwind', 'p1') },
    ],
    [
      'has no Duo with keys that the partner keeps to itself',
      client({ partner: set({ duo: keys('p1') }), own: set({ mode: 'required' }) }),
      required,
    ],
    [
      'prefers the client’s own keys to those that are lent',
      client({
        partner: set({ duo: keys('p1', true) }),
        own: set({ mode: 'required', duo: keys('v1') }),
      }),
      { ...required, ...duo('acme', 'v1') },
    ],
    [
      'has Duo for the partner’s own users with its keys, lent or not',
      partnersOwn({ own: set({ mode: 'required', duo: keys('p1') }) }),
      { ...required, ...duo('northwind', 'p1') },
    ],
    [
      'names the keys also where Duo is accepted no longer, for a last proof of it',
      client({ own: set({ mode: 'required', methods: ['totp'], duo: keys('v1') }) }),
      { ...required, ...duo('acme', 'v1'), methods: totp },
    ],
    [
      'does not lend a client’s keys, whatever it says',
      client({ partner: null, own: set({ mode: 'required', duo: keys('v1', true) }) }),
      { ...required, ...duo('acme', 'v1') },
    ],
    // enrollment
    [
      'asks for an activation key where the client does',
      client({ own: set({ mode: 'required', enrollment: KEY }) }),
      { ...required, enrollment: KEY },
    ],
    [
      'asks for an activation key where the partner does and the client would not',
      client({
        partner: must({ mode: 'required', enrollment: KEY }),
        own: set({ enrollment: 'self' }),
      }),
      { ...required, enrollment: KEY },
    ],
    [
      'asks for an activation key where the client does and the partner would not',
      client({ partner: must({ mode: 'required' }), own: set({ enrollment: KEY }) }),
      { ...required, enrollment: KEY },
    ],
    // grace
    [
      'may be postponed until the client’s date',
      client({ own: set({ mode: 'required', graceUntil: JANUARY }) }),
      { ...required, graceUntil: new Date(JANUARY) },
    ],
    [
      'may be postponed until the earlier of two dates',
      client({
        partner: must({ mode: 'required', graceUntil: JANUARY }),
        own: set({ mode: 'required', graceUntil: MARCH }),
      }),
      { ...required, graceUntil: new Date(JANUARY) },
    ],
    [
      'may not be postponed where the client requires it without grace',
      client({
        partner: must({ mode: 'required', graceUntil: MARCH }),
        own: set({ mode: 'required' }),
      }),
      required,
    ],
    [
      'may not be postponed where the partner requires it without grace',
      client({
        partner: must({ mode: 'required' }),
        own: set({ mode: 'required', graceUntil: MARCH }),
      }),
      required,
    ],
    [
      'may not be postponed by a level that does not require it',
      client({
        partner: must({ mode: 'required' }),
        own: set({ mode: 'optional', graceUntil: MARCH }),
      }),
      required,
    ],
    [
      'may be postponed until the user’s own date where the client requires nothing',
      client({ own: set({ mode: 'optional' }), user: switchedOn(MARCH) }),
      { ...required, graceUntil: new Date(MARCH) },
    ],
    [
      'is not postponed any longer by a user’s later date',
      client({ own: set({ mode: 'required', graceUntil: JANUARY }), user: switchedOn(MARCH) }),
      { ...required, graceUntil: new Date(JANUARY) },
    ],
    [
      'may not be postponed by a user who is switched on without grace',
      client({ own: set({ mode: 'required', graceUntil: MARCH }), user: switchedOn() }),
      required,
    ],
    [
      'has nothing to postpone where nothing is required',
      client({ own: set({ mode: 'optional', graceUntil: MARCH }) }),
      { ...DEFAULT, mode: 'optional' },
    ],
    // maxAge
    [
      'takes the smaller maxAge, here the partner’s',
      client({
        partner: must({ mode: 'required', maxAgeSeconds: 600 }),
        own: set({ maxAgeSeconds: 3600 }),
      }),
      { ...required, maxAgeSeconds: 600 },
    ],
    [
      'takes the smaller maxAge, here the client’s',
      client({
        partner: must({ mode: 'required', maxAgeSeconds: 3600 }),
        own: set({ maxAgeSeconds: 600 }),
      }),
      { ...required, maxAgeSeconds: 600 },
    ],
    [
      'takes the only maxAge there is',
      client({ partner: must({ mode: 'required', maxAgeSeconds: 3600 }), own: set() }),
      { ...required, maxAgeSeconds: 3600 },
    ],
    // remembered devices
    [
      'remembers no device unless the client allows it',
      client({ partner: must({ mode: 'required', rememberDays: 30 }), own: set() }),
      required,
    ],
    [
      'remembers devices as long as the client allows',
      client({ own: set({ mode: 'required', rememberDays: 7 }) }),
      { ...required, rememberDeviceSeconds: 7 * 86_400 },
    ],
    [
      'remembers devices no longer than the partner allows',
      client({
        partner: must({ mode: 'required', rememberDays: 2 }),
        own: set({ rememberDays: 7 }),
      }),
      { ...required, rememberDeviceSeconds: 2 * 86_400 },
    ],
    [
      'remembers devices no longer than the client allows',
      client({
        partner: must({ mode: 'required', rememberDays: 30 }),
        own: set({ rememberDays: 7 }),
      }),
      { ...required, rememberDeviceSeconds: 7 * 86_400 },
    ],
    [
      'remembers no device where the partner allows none',
      client({
        partner: must({ mode: 'required', rememberDays: 0 }),
        own: set({ rememberDays: 7 }),
      }),
      required,
    ],
    // all at once
    [
      'puts all of it together',
      client({
        partner: must(
          {
            mode: 'optional',
            methods: ['totp', 'duo'],
            enrollment: KEY,
            graceUntil: JANUARY,
            maxAgeSeconds: 3600,
          },
          { mode: 'required', methods: ['security-key'], duo: keys('p7', true) },
        ),
        own: set({ mode: 'off', methods: ['duo', 'security-key'], enrollment: 'self' }),
        user: switchedOn(MARCH),
      }),
      {
        mode: 'required',
        methods: ['duo', 'recovery-code'],
        duo: {
          source: 'northwind',
          credentialVersion: 'p7',
          account: authorityId('api-0.duosecurity.com'),
        },
        enrollment: KEY,
        graceUntil: new Date(MARCH),
        maxAgeSeconds: 3600,
        rememberDeviceSeconds: null,
        proofs: [],
      },
    ],
  ];

  it('takes of a sign-in elsewhere what nobody can phish, where the client or its partner takes nothing else', () => {
    const rule = {
      by: 'okta',
      amr: ['mfa'],
      acr: [],
      maxAgeSeconds: 3600,
      phishingResistant: false,
    };
    const hardware = { ...rule, amr: ['hwk'], phishingResistant: true };
    const own = { mode: 'required', proofs: [rule, hardware] } as const;
    const proofsOf = (levels: Levels) => resolveSettings(levels, EVERY_METHOD).proofs;
    assert.deepEqual(proofsOf(client({ own: set(own) })), [rule, hardware]);
    const itself = client({ own: set({ ...own, phishingResistant: true }) });
    assert.deepEqual(proofsOf(itself), [hardware]);
    const demanded = must({ phishingResistant: true });
    // Whether nobody can phish it is the client's own word here, and no partner has taken it.
    assert.deepEqual(proofsOf(client({ own: set(own), partner: demanded })), []);
    const named = must({ phishingResistant: true, proofs: [hardware] });
    assert.deepEqual(proofsOf(client({ own: set(own), partner: named })), [hardware]);
  });

  for (const [behavior, levels, expected] of table) {
    it(behavior, () => {
      const policy = resolveSettings(levels, EVERY_METHOD);
      assert.deepEqual(partsOf(policy), expected);
      assert.deepEqual(naive(levels, EVERY_METHOD), expected, 'the model says otherwise');
      assert.deepEqual(unaccounted(levels, EVERY_METHOD, policy), []);
    });
  }

  for (const [what, levels, registered] of [
    [
      'no method is accepted by both partner and client',
      client({
        partner: must({ methods: ['totp'] }),
        own: set({ mode: 'required', methods: ['security-key'] }),
      }),
      EVERY_METHOD,
    ],
    [
      'it is optional and no method is accepted by both partner and client',
      client({
        partner: must({ methods: ['totp'] }),
        own: set({ mode: 'optional', methods: ['security-key'] }),
      }),
      EVERY_METHOD,
    ],
    [
      'a user is switched on and the levels above contradict each other',
      client({
        partner: must({ methods: ['totp'] }),
        own: set({ mode: 'off', methods: ['security-key'] }),
        user: switchedOn(),
      }),
      EVERY_METHOD,
    ],
    [
      'Duo alone is accepted and there are no keys',
      client({ own: set({ mode: 'required', methods: ['duo'] }) }),
      EVERY_METHOD,
    ],
    [
      'the method that is accepted is not registered',
      client({ own: set({ mode: 'required', methods: ['security-key'] }) }),
      ['totp', 'recovery-code'],
    ],
    [
      'only recovery codes are accepted',
      client({ own: set({ mode: 'required', methods: ['recovery-code'] }) }),
      EVERY_METHOD,
    ],
  ] as const) {
    it(`lets nobody in where ${what}`, () => {
      assert.throws(
        () => resolveSettings(levels, registered),
        isPolicyError(
          /no method is left.* client acme accepts: .*two-factor is (?:optional|required) [^;]*; host door: offers .*; client acme: accepts /,
        ),
      );
      assert.equal(naive(levels, registered), 'nobody');
    });
  }

  it('names level, id and rule of every part', () => {
    const levels = client({
      partner: must(
        { mode: 'required', methods: ['totp', 'duo'], graceUntil: MARCH, maxAgeSeconds: 3600 },
        { duo: keys('p1', true) },
      ),
      own: set({ mode: 'optional', methods: ['duo'], enrollment: KEY }),
      user: switchedOn(),
    });
    const root = '(set by root@northwind.example on 2026-01-02)';
    const admin = '(set by admin@acme.example on 2026-01-02)';
    const helpdesk = '(set by helpdesk@acme.example on 2026-01-02)';
    assert.deepEqual(
      resolveSettings(levels, EVERY_METHOD).because.map((one) => [
        one.level,
        one.id,
        String(one.rule),
      ]),
      [
        ['partner', 'northwind', `two-factor is required ${root}`],
        ['client', 'acme', `two-factor is optional ${admin}`],
        ['user', 'user1', `two-factor is required ${helpdesk}`],
        ['host', 'door', 'offers totp, duo, security-key, recovery-code'],
        ['partner', 'northwind', `accepts totp, duo ${root}`],
        ['client', 'acme', `accepts duo ${admin}`],
        ['partner', 'northwind', 'Duo is offered with the keys of this account'],
        ['partner', 'northwind', `a first activation needs no activation key ${root}`],
        ['client', 'acme', `a first activation needs an activation key ${admin}`],
        ['partner', 'northwind', `may be postponed until ${MARCH} ${root}`],
        ['user', 'user1', `cannot be postponed ${helpdesk}`],
        ['partner', 'northwind', `a proof counts for 3600 s ${root}`],
        ['client', 'acme', 'does not let devices be remembered'],
      ],
    );
  });

  it('names the defaults where nobody has set anything', () => {
    assert.deepEqual(
      resolveSettings(client(), ['totp', 'duo']).because.map(({ level, id, rule }) => [
        level,
        id,
        String(rule),
      ]),
      [
        ['client', 'acme', 'nothing was switched on'],
        ['host', 'door', 'offers totp, duo'],
        ['client', 'acme', 'has no keys for Duo'],
        ['host', 'door', 'a first activation needs no activation key'],
        ['host', 'door', 'a proof counts as long as the app has it'],
        ['client', 'acme', 'does not let devices be remembered'],
      ],
    );
  });

  it('gives a policy that nobody can change afterwards', () => {
    const own = set({ mode: 'required', duo: keys('v1') });
    const policy = resolveSettings(client({ own }), EVERY_METHOD);
    for (const part of [policy, policy.methods, policy.duo, policy.because, policy.because[0]]) {
      assert.ok(Object.isFrozen(part));
    }
  });
});
