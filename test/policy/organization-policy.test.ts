import assert from 'node:assert/strict';
import { memoryStore, organizationPolicy } from 'sallyport';
import type { SecondFactorStore, Subject } from '../../src/contracts.js';
import { SallyportError, UnavailableError } from '../../src/errors.js';
import { policyResolver } from '../../src/policy/resolve.js';
import type { Organization } from '../../src/policy/resolve-settings.js';
import {
  NO_SETTING,
  type OrganizationSetting,
  organizationSetting,
} from '../../src/policy/settings.js';

const ALICE: Subject = { id: 'alice', tenantId: 'acme', label: 'alice@acme.example' };
const BOB: Subject = { id: 'bob', tenantId: 'acme', label: 'bob@acme.example' };
const CAROL: Subject = { id: 'carol', tenantId: 'globex', label: 'carol@globex.example' };
const ROOT: Subject = { id: 'root', tenantId: 'northwind', label: 'root@northwind.example' };

const ORGANIZATIONS: Readonly<Record<string, Organization>> = {
  northwind: { id: 'northwind', kind: 'partner', partnerId: null },
  acme: { id: 'acme', kind: 'client', partnerId: 'northwind' },
  globex: { id: 'globex', kind: 'client', partnerId: 'northwind' },
};
const organization = (id: string) => ORGANIZATIONS[id] ?? null;

const isPolicyError = (pattern: RegExp) => (error: unknown) =>
  error instanceof UnavailableError && error.code === 'ERR_POLICY' && pattern.test(error.message);

/** What the store is asked, in order. */
function listening(store: SecondFactorStore) {
  const calls: string[] = [];
  const proxy = new Proxy(store, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        calls.push(`${String(name)} ${String(given[0])}`);
        return member.apply(target, given);
      };
    },
  });
  return { store: proxy, calls };
}

describe('the organization policy', () => {
  let store: SecondFactorStore;
  beforeEach(() => {
    store = memoryStore();
  });

  const save = (id: string, part: Partial<OrganizationSetting> | null) =>
    store.writeSetting(id, {
      value: part && { ...NO_SETTING, ...part },
      changedBy: 'admin',
      expectedVersion: null,
    });
  const switchOn = (id: string, graceUntil: string | null = null) =>
    store.writeUserSetting(id, {
      value: { mode: 'required', graceUntil },
      changedBy: 'admin',
      expectedVersion: null,
    });

  describe('where everything is at hand', () => {
    it('is answered synchronously', async () => {
      await save('acme', { mode: 'required' });
      await switchOn('bob');
      const policy = organizationPolicy({ store, organization });
      for (const subject of [ALICE, BOB, CAROL, ROOT]) {
        assert.equal(policy.resolve(subject, never) instanceof Promise, false);
      }
    });

    it('is resolved once for all users of an organization', async () => {
      await save('acme', { mode: 'required' });
      const policy = organizationPolicy({ store, organization });
      const alices = await policy.resolve(ALICE, never);
      assert.equal(await policy.resolve(ALICE, never), alices);
      assert.equal(await policy.resolve(BOB, never), alices);
      assert.notEqual(await policy.resolve(CAROL, never), alices);
    });

    it('is resolved once for a user with a setting, who has a policy of their own', async () => {
      await save('acme', { mode: 'optional' });
      await switchOn('bob');
      const policy = organizationPolicy({ store, organization });
      const bobs = await policy.resolve(BOB, never);
      assert.equal(bobs.mode, 'required');
      assert.equal(await policy.resolve(BOB, never), bobs);
      assert.equal((await policy.resolve(ALICE, never)).mode, 'optional');
      assert.equal(await policy.resolve(BOB, never), bobs);
    });

    it('is validated once by the door', async () => {
      await save('acme', { mode: 'required' });
      const policy = organizationPolicy({ store, organization });
      const resolve = policyResolver({
        policy: policy.resolve,
        timeoutMs: 1000,
        methods: ['totp'],
      });
      assert.equal(resolve(ALICE), resolve(BOB));
    });
  });

  describe('shows a change at the very next resolution', () => {
    for (const [what, change, subject] of [
      ['the client is switched on', () => save('acme', { mode: 'required' }), ALICE],
      [
        'the partner says what clients must',
        () =>
          save('northwind', {
            clientsMust: {
              mode: 'required',
              methods: null,
              enrollment: 'self',
              graceUntil: null,
              maxAgeSeconds: null,
              rememberDays: null,
            },
          }),
        ALICE,
      ],
      ['the partner is switched on', () => save('northwind', { mode: 'required' }), ROOT],
      ['the user is switched on', () => switchOn('alice'), ALICE],
    ] as const) {
      it(`when ${what}, and when it is taken back`, async () => {
        const policy = organizationPolicy({ store, organization });
        assert.equal((await policy.resolve(subject, never)).mode, 'off');
        await change();
        assert.equal((await policy.resolve(subject, never)).mode, 'required');
        await save('acme', null);
        await save('northwind', null);
        await store.writeUserSetting('alice', {
          value: null,
          changedBy: 'admin',
          expectedVersion: null,
        });
        assert.equal((await policy.resolve(subject, never)).mode, 'off');
      });
    }

    it('when the host moves the client to another partner', async () => {
      let partnerId = 'northwind';
      await save('southwind', {
        duo: null,
        clientsMust: {
          mode: 'required',
          methods: null,
          enrollment: 'self',
          graceUntil: null,
          maxAgeSeconds: null,
          rememberDays: null,
        },
      });
      const policy = organizationPolicy({
        store,
        organization: (id) => ({ id, kind: 'client', partnerId }),
      });
      assert.equal((await policy.resolve(ALICE, never)).mode, 'off');
      partnerId = 'southwind';
      const moved = await policy.resolve(ALICE, never);
      assert.equal(moved.mode, 'required');
      assert.equal(moved.because?.[0]?.id, 'southwind');
    });

    it('when the host makes a partner of a client', async () => {
      let kind: Organization['kind'] = 'client';
      const policy = organizationPolicy({
        store,
        organization: (id) => ({ id, kind, partnerId: null }),
      });
      assert.equal((await policy.resolve(ALICE, never)).because?.[0]?.level, 'client');
      kind = 'partner';
      assert.equal((await policy.resolve(ALICE, never)).because?.[0]?.level, 'partner');
    });

    it('when the door has told which methods there are', async () => {
      await switchOn('bob');
      const policy = organizationPolicy({ store, organization });
      for (const subject of [ALICE, BOB]) {
        assert.deepEqual((await policy.resolve(subject, never)).methods, ['totp']);
      }
      policy.useMethods(['security-key', 'totp', 'recovery-code']);
      for (const subject of [ALICE, BOB]) {
        assert.deepEqual((await policy.resolve(subject, never)).methods, [
          'security-key',
          'totp',
          'recovery-code',
        ]);
      }
    });
  });

  describe('of a dry run', () => {
    const supposed = {
      organizationId: 'acme',
      setting: {
        value: { ...NO_SETTING, mode: 'required' } as const,
        changedBy: 'admin',
        changedAt: new Date(0),
        version: 2,
      },
    };

    it('is what it would be, and leaves the real one as it is', async () => {
      const policy = organizationPolicy({ store, organization });
      const before = await policy.resolve(ALICE, never);
      assert.equal((await policy.resolveWith(ALICE, supposed)).mode, 'required');
      assert.equal((await policy.resolveWith(CAROL, supposed)).mode, 'off');
      assert.equal(await policy.resolve(ALICE, never), before);
      assert.equal(before.mode, 'off');
    });

    it('can be that of a partner, for its clients', async () => {
      const clientsMust = {
        mode: 'required',
        methods: null,
        enrollment: 'self',
        graceUntil: null,
        maxAgeSeconds: null,
        rememberDays: null,
      } as const;
      const floor = {
        organizationId: 'northwind',
        setting: { ...supposed.setting, value: { ...NO_SETTING, clientsMust } },
      };
      const policy = organizationPolicy({ store, organization });
      assert.equal((await policy.resolveWith(ALICE, floor)).mode, 'required');
      assert.equal((await policy.resolveWith(ROOT, floor)).mode, 'off');
    });

    it('can be that of a setting taken away', async () => {
      await save('acme', { mode: 'required' });
      const policy = organizationPolicy({ store, organization });
      const without = { organizationId: 'acme', setting: null };
      assert.equal((await policy.resolveWith(ALICE, without)).mode, 'off');
      assert.equal((await policy.resolve(ALICE, never)).mode, 'required');
    });

    it('still has the user’s own setting', async () => {
      await switchOn('bob');
      const policy = organizationPolicy({ store, organization });
      const without = { organizationId: 'acme', setting: null };
      assert.equal((await policy.resolveWith(BOB, without)).mode, 'required');
    });

    it('does not write', async () => {
      const { store: heard, calls } = listening(store);
      const policy = organizationPolicy({ store: heard, organization });
      await policy.resolveWith(ALICE, supposed);
      assert.deepEqual(calls, ['readSetting northwind', 'readSubject alice']);
    });
  });

  describe('lets nobody in', () => {
    for (const [what, answer] of [
      ['an organization that the host does not know', null],
      ['an organization that the host does not find', undefined],
      ['an organization without a kind', { id: 'acme', partnerId: null }],
      ['an organization of an unknown kind', { id: 'acme', kind: 'tenant', partnerId: null }],
      ['a client without a word about its partner', { id: 'acme', kind: 'client' }],
      ['a client of a partner without a name', { id: 'acme', kind: 'client', partnerId: '' }],
      ['a client of partner number 7', { id: 'acme', kind: 'client', partnerId: 7 }],
      ['another organization than the one asked for', ORGANIZATIONS.globex],
      ['an organization that differs by case', { id: 'ACME', kind: 'client', partnerId: null }],
      ['a text', 'acme'],
      ['true', true],
    ] as const) {
      it(`where the lookup gives ${what}`, async () => {
        const lookup = (() => answer) as never;
        const policy = organizationPolicy({ store, organization: lookup });
        await assert.rejects(async () => policy.resolve(ALICE, never), isPolicyError(/acme/));
        const late = organizationPolicy({ store, organization: (async () => answer) as never });
        await assert.rejects(async () => late.resolve(ALICE, never), isPolicyError(/acme/));
      });
    }

    for (const id of ['acme', 'northwind']) {
      it(`where the setting of ${id} is not readable`, async () => {
        await store.writeSetting(id, {
          value: { mode: 'off' },
          changedBy: 'admin',
          expectedVersion: null,
        });
        const policy = organizationPolicy({ store, organization });
        await assert.rejects(
          async () => policy.resolve(ALICE, never),
          isPolicyError(new RegExp(`organization ${id} is not readable`)),
        );
      });
    }

    it('where the setting of the user is not readable, but lets in the others', async () => {
      await store.writeUserSetting('bob', {
        value: { mode: 'off' },
        changedBy: 'admin',
        expectedVersion: null,
      });
      const policy = organizationPolicy({ store, organization });
      await assert.rejects(
        async () => policy.resolve(BOB, never),
        isPolicyError(/user bob is not readable/),
      );
      assert.equal((await policy.resolve(ALICE, never)).mode, 'off');
    });

    it('where the methods of partner and client contradict each other', async () => {
      await save('acme', { mode: 'required', methods: ['security-key'] });
      const policy = organizationPolicy({ store, organization });
      await assert.rejects(async () => policy.resolve(ALICE, never), isPolicyError(/no method/));
    });

    it('where one read throws while another is under way that fails later', async () => {
      const unhandled: unknown[] = [];
      const keep = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', keep);
      try {
        const broken = {
          readSetting: (id: string) =>
            id === 'acme' ? Promise.reject(new Error('late')) : Promise.resolve(null),
          readSubject: () => {
            throw new UnavailableError('ERR_STORE_UNAVAILABLE', 'at once');
          },
        };
        const policy = organizationPolicy({ store: broken, organization });
        await assert.rejects(async () => policy.resolve(ALICE, never));
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual(unhandled, []);
      } finally {
        process.off('unhandledRejection', keep);
      }
    });
  });

  it('takes an organization from a promise, and from any thenable', async () => {
    await save('acme', { mode: 'required' });
    const late = organizationPolicy({ store, organization: async (id) => organization(id) });
    assert.equal((await late.resolve(ALICE, never)).mode, 'required');
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: query builders are just that
      then: (done: (value: unknown) => void) => done(ORGANIZATIONS.acme),
    };
    const query = organizationPolicy({ store, organization: (() => thenable) as never });
    assert.equal((await query.resolve(ALICE, never)).mode, 'required');
  });

  it('reads late what the store has not at hand', async () => {
    await save('acme', { mode: 'required' });
    await switchOn('bob');
    const slow = {
      readSetting: async (id: string) => store.readSetting(id),
      readSubject: async (id: string) => store.readSubject(id),
    };
    const policy = organizationPolicy({ store: slow, organization });
    assert.equal((await policy.resolve(ALICE, never)).mode, 'required');
    assert.equal((await policy.resolve(BOB, never)).because?.[0]?.id, 'acme');
    assert.equal((await policy.resolve(CAROL, never)).mode, 'off');
  });

  it('refuses a lookup that is no function, and says what it should be', () => {
    assert.throws(
      () => organizationPolicy({ store, organization: ORGANIZATIONS as never }),
      (error) =>
        error instanceof SallyportError &&
        error.code === 'ERR_OPTION' &&
        /organization must be a function .* got object/.test(error.message),
    );
  });

  it('tells a support person what it is made of', async () => {
    await save('acme', { mode: 'required' });
    await switchOn('bob');
    const policy = organizationPolicy({ store, organization });
    const levels = await policy.levels(BOB, null);
    assert.equal(levels.organization, ORGANIZATIONS.acme);
    assert.equal(levels.partner, null);
    assert.deepEqual(levels.own, organizationSetting(await store.readSetting('acme'), 'acme'));
    assert.equal(levels.user?.id, 'bob');
    assert.equal(levels.user?.setting.changedBy, 'admin');
  });

  it('costs one write to switch on for a million users, whoever of them comes', async () => {
    const { store: heard, calls } = listening(store);
    const policy = organizationPolicy({ store: heard, organization });
    const user = (n: number) => ({ id: `user${n}`, tenantId: 'acme', label: `user${n}` });
    await heard.writeSetting('acme', {
      value: { ...NO_SETTING, mode: 'required' },
      changedBy: 'admin',
      expectedVersion: 0,
    });
    assert.deepEqual(calls, ['writeSetting acme']);

    const first = await policy.resolve(user(1), never);
    assert.equal(first.mode, 'required');
    for (const n of [2, 1000, 1_000_000]) {
      calls.length = 0;
      assert.equal(await policy.resolve(user(n), never), first);
      assert.deepEqual(calls.toSorted(), [
        'readSetting acme',
        'readSetting northwind',
        `readSubject user${n}`,
      ]);
    }
  });
});

const never = { signal: new AbortController().signal };
