import assert from 'node:assert/strict';
import { memoryStore, type OrganizationPolicyOptions, organizationPolicy as plan } from 'sallyport';
import type {
  Organization,
  OrganizationSetting,
  SecondFactorStore,
  Sentence,
  Subject,
} from '../../src/contracts.js';
import { SallyportError, UnavailableError } from '../../src/errors.js';
import { policyResolver } from '../../src/policy/resolve.js';
import { NO_SETTING, organizationSetting, policyMethods } from '../support/policy.js';

const USER1: Subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const USER2: Subject = { id: 'user2', tenantId: 'acme', label: 'user2@acme.example' };
const USER3: Subject = { id: 'user3', tenantId: 'globex', label: 'user3@globex.example' };
const ROOT: Subject = { id: 'root', tenantId: 'northwind', label: 'root@northwind.example' };

const ORGANIZATIONS: Readonly<Record<string, Organization>> = {
  northwind: { id: 'northwind', kind: 'partner', partnerId: null },
  acme: { id: 'acme', kind: 'client', partnerId: 'northwind' },
  globex: { id: 'globex', kind: 'client', partnerId: 'northwind' },
};
const organization = (id: string) => ORGANIZATIONS[id] ?? null;

/** As a door makes it. */
const organizationPolicy = ({
  store,
  methods = ['totp'],
  ...options
}: OrganizationPolicyOptions & {
  readonly store: Pick<SecondFactorStore, 'readSetting' | 'readSubject'>;
  readonly methods?: readonly string[];
}) => plan(options).forDoor({ store, methods: policyMethods(methods) });

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

  it('takes silence for what the host says, and any word for what it says', async () => {
    const resolve = async (mode: 'off' | 'optional' | 'required' | undefined) =>
      organizationPolicy({ store, organization, ...(mode && { default: mode }) }).resolve(USER1, {
        signal: new AbortController().signal,
      });
    assert.equal((await resolve(undefined)).mode, 'off');
    for (const mode of ['off', 'optional', 'required'] as const) {
      assert.equal((await resolve(mode)).mode, mode);
    }
    const said = (await resolve('required')) as { because: readonly { rule: Sentence }[] };
    assert.ok(said.because.some(({ rule }) => /required where nothing is set/.test(String(rule))));
    // A setting that says nothing of the mode is silent too.
    await save('acme', { maxAgeSeconds: 600 });
    assert.equal((await resolve('required')).mode, 'required');
    await save('acme', { mode: 'off' });
    assert.equal((await resolve('required')).mode, 'off');
    await switchOn('user1');
    assert.equal((await resolve('off')).mode, 'required');
  });

  describe('where everything is at hand', () => {
    it('is answered synchronously', async () => {
      await save('acme', { mode: 'required' });
      await switchOn('user2');
      const policy = organizationPolicy({ store, organization });
      for (const subject of [USER1, USER2, USER3, ROOT]) {
        assert.equal(policy.resolve(subject, never) instanceof Promise, false);
      }
    });

    it('is resolved once for all users of an organization', async () => {
      await save('acme', { mode: 'required' });
      const policy = organizationPolicy({ store, organization });
      const first = await policy.resolve(USER1, never);
      assert.equal(await policy.resolve(USER1, never), first);
      assert.equal(await policy.resolve(USER2, never), first);
      assert.notEqual(await policy.resolve(USER3, never), first);
    });

    it('is resolved once for a user with a setting, who has a policy of their own', async () => {
      await save('acme', { mode: 'optional' });
      await switchOn('user2');
      const policy = organizationPolicy({ store, organization });
      const second = await policy.resolve(USER2, never);
      assert.equal(second.mode, 'required');
      assert.equal(await policy.resolve(USER2, never), second);
      assert.equal((await policy.resolve(USER1, never)).mode, 'optional');
      assert.equal(await policy.resolve(USER2, never), second);
    });

    it('is validated once by the door', async () => {
      await save('acme', { mode: 'required' });
      const policy = organizationPolicy({ store, organization });
      const resolve = policyResolver({
        policy: policy.resolve,
        timeoutMs: 1000,
        methods: policyMethods(['totp']),
      });
      assert.equal(resolve(USER1), resolve(USER2));
    });
  });

  describe('shows a change at the very next resolution', () => {
    for (const [what, change, subject] of [
      ['the client is switched on', () => save('acme', { mode: 'required' }), USER1],
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
        USER1,
      ],
      ['the partner is switched on', () => save('northwind', { mode: 'required' }), ROOT],
      ['the user is switched on', () => switchOn('user1'), USER1],
    ] as const) {
      it(`when ${what}, and when it is taken back`, async () => {
        const policy = organizationPolicy({ store, organization });
        assert.equal((await policy.resolve(subject, never)).mode, 'off');
        await change();
        assert.equal((await policy.resolve(subject, never)).mode, 'required');
        await save('acme', null);
        await save('northwind', null);
        await store.writeUserSetting('user1', {
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
      assert.equal((await policy.resolve(USER1, never)).mode, 'off');
      partnerId = 'southwind';
      const moved = await policy.resolve(USER1, never);
      assert.equal(moved.mode, 'required');
      assert.equal(moved.because?.[0]?.id, 'southwind');
    });

    it('when the host makes a partner of a client', async () => {
      let kind: Organization['kind'] = 'client';
      const policy = organizationPolicy({
        store,
        organization: (id) => ({ id, kind, partnerId: null }),
      });
      assert.equal((await policy.resolve(USER1, never)).because?.[0]?.level, 'client');
      kind = 'partner';
      assert.equal((await policy.resolve(USER1, never)).because?.[0]?.level, 'partner');
    });

    it('by each door for itself, with the methods that it has', async () => {
      await switchOn('user2');
      const shared = plan({ organization });
      const methods = ['security-key', 'totp', 'recovery-code'];
      const [one, policy] = [['totp'], methods].map((names) =>
        shared.forDoor({ store, methods: policyMethods(names) }),
      );
      assert.ok(one && policy);
      for (const subject of [USER1, USER2]) {
        assert.deepEqual((await one.resolve(subject, never)).methods, ['totp']);
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
      const before = await policy.resolve(USER1, never);
      assert.equal((await policy.resolveWith(USER1, supposed)).mode, 'required');
      assert.equal((await policy.resolveWith(USER3, supposed)).mode, 'off');
      assert.equal(await policy.resolve(USER1, never), before);
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
      assert.equal((await policy.resolveWith(USER1, floor)).mode, 'required');
      assert.equal((await policy.resolveWith(ROOT, floor)).mode, 'off');
    });

    it('can be that of a setting taken away', async () => {
      await save('acme', { mode: 'required' });
      const policy = organizationPolicy({ store, organization });
      const without = { organizationId: 'acme', setting: null };
      assert.equal((await policy.resolveWith(USER1, without)).mode, 'off');
      assert.equal((await policy.resolve(USER1, never)).mode, 'required');
    });

    it('still has the user’s own setting', async () => {
      await switchOn('user2');
      const policy = organizationPolicy({ store, organization });
      const without = { organizationId: 'acme', setting: null };
      assert.equal((await policy.resolveWith(USER2, without)).mode, 'required');
    });

    it('does not write', async () => {
      const { store: heard, calls } = listening(store);
      const policy = organizationPolicy({ store: heard, organization });
      await policy.resolveWith(USER1, supposed);
      assert.deepEqual(calls, ['readSetting northwind', 'readSubject user1']);
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
        await assert.rejects(async () => policy.resolve(USER1, never), isPolicyError(/acme/));
        const late = organizationPolicy({ store, organization: (async () => answer) as never });
        await assert.rejects(async () => late.resolve(USER1, never), isPolicyError(/acme/));
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
          async () => policy.resolve(USER1, never),
          isPolicyError(new RegExp(`organization ${id} is not readable`)),
        );
      });
    }

    it('where the setting of the user is not readable, but lets in the others', async () => {
      await store.writeUserSetting('user2', {
        value: { mode: 'off' },
        changedBy: 'admin',
        expectedVersion: null,
      });
      const policy = organizationPolicy({ store, organization });
      await assert.rejects(
        async () => policy.resolve(USER2, never),
        isPolicyError(/user user2 is not readable/),
      );
      assert.equal((await policy.resolve(USER1, never)).mode, 'off');
    });

    it('where the methods of partner and client contradict each other', async () => {
      await save('acme', { mode: 'required', methods: ['security-key'] });
      const policy = organizationPolicy({ store, organization });
      await assert.rejects(async () => policy.resolve(USER1, never), isPolicyError(/no method/));
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
        await assert.rejects(async () => policy.resolve(USER1, never));
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
    assert.equal((await late.resolve(USER1, never)).mode, 'required');
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: query builders are just that
      then: (done: (value: unknown) => void) => done(ORGANIZATIONS.acme),
    };
    const query = organizationPolicy({ store, organization: (() => thenable) as never });
    assert.equal((await query.resolve(USER1, never)).mode, 'required');
  });

  it('reads late what the store has not at hand', async () => {
    await save('acme', { mode: 'required' });
    await switchOn('user2');
    const slow = {
      readSetting: async (id: string) => store.readSetting(id),
      readSubject: async (id: string) => store.readSubject(id),
    };
    const policy = organizationPolicy({ store: slow, organization });
    assert.equal((await policy.resolve(USER1, never)).mode, 'required');
    assert.equal((await policy.resolve(USER2, never)).because?.[0]?.id, 'acme');
    assert.equal((await policy.resolve(USER3, never)).mode, 'off');
  });

  it('refuses a lookup that is no function, and says what it should be', () => {
    assert.throws(
      () => organizationPolicy({ store, organization: ORGANIZATIONS as never }),
      (error) =>
        error instanceof SallyportError &&
        error.code === 'ERR_OPTION' &&
        /organization must be a function .* got \{/.test(error.message),
    );
  });

  it('tells a support person what it is made of', async () => {
    await save('acme', { mode: 'required' });
    await switchOn('user2');
    const policy = organizationPolicy({ store, organization });
    const levels = await policy.levels(USER2, null);
    assert.equal(levels.organization, ORGANIZATIONS.acme);
    assert.equal(levels.partner, null);
    assert.deepEqual(levels.own, organizationSetting(await store.readSetting('acme'), 'acme'));
    assert.equal(levels.user?.id, 'user2');
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
