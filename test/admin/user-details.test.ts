import assert from 'node:assert/strict';
import {
  type Directory,
  SallyportError,
  type SecondFactorStore,
  type SubjectRecord,
} from 'sallyport';
import { testDirectory } from '../support/admin.js';
import { allBut, fail, opened } from '../support/opened-admin.js';
import { enroll } from '../support/redis-store.js';
import { issueKey, set, switchOn } from '../support/tenancy.js';

const USERS = '/setup/organizations/acme/users';
const NORTH = '/setup/organizations/north/users/admin%40north';
const HOUR = 3_600_000;

/** A store that reads the record of user1@acme in its own way. */
const reading =
  (read: (record: SubjectRecord) => SubjectRecord) =>
  (store: SecondFactorStore): SecondFactorStore => ({
    ...store,
    async readSubject(id) {
      const record = await store.readSubject(id);
      return id === 'user1@acme' ? read(record) : record;
    },
  });

describe('what User Details tells a program', () => {
  it('of somebody who has nothing', async () => {
    const { told } = await opened();
    const { explanation, history, csrfToken, ...rest } = await told();
    assert.match(csrfToken, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      organization: { id: 'acme', name: 'Acme', kind: 'client', partnerId: 'north' },
      user: { id: 'user1@acme', label: 'user1@acme.example', name: null },
      ...{ mode: 'off', from: [], enabled: false, factors: [], signIn: null },
      methods: ['security-key', 'totp', 'recovery-code'],
      ...{ recoveryCodesLeft: null, activationKeyEndsAt: null },
      ...{ failures: 0, locked: false, retryAt: null, stopped: false },
      can: ['activate', 'enable'],
    });
    assert.equal(explanation[0], 'user1@acme.example: two-factor is off.');
    assert.deepEqual(history.items, []);
  });

  it('of somebody who is switched on alone', async () => {
    const { told, store } = await opened();
    await switchOn(store, 'user1@acme');
    const { mode, from, enabled, methods, can } = await told();
    assert.deepEqual([mode, from, enabled], ['required', ['user'], true]);
    assert.ok(methods.includes('totp'));
    assert.deepEqual(can, ['activate', 'disable']);
  });

  it('of somebody of whom the organization requires it: there is nothing to switch', async () => {
    const { told, store } = await opened();
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    const { mode, from, enabled, methods, can } = await told();
    assert.deepEqual([mode, from, enabled], ['required', ['client'], false]);
    assert.deepEqual(methods, ['totp', 'recovery-code']);
    assert.deepEqual(can, ['activate']);
  });

  it('of an authenticator: when it was bound, and when it was last used', async () => {
    const { told, shown, store, clock } = await opened();
    await enroll(store, 'user1@acme');
    const bound = new Date(clock.now()).toISOString();
    const phone = {
      ...{ id: 'abcdefghijkl', method: 'totp', label: 'Authenticator app' },
      phishingResistant: false,
      copiedAt: null,
    };
    const before = await told();
    assert.deepEqual(before.factors, [{ ...phone, createdAt: bound, lastUsedAt: bound }]);
    assert.deepEqual(before.can, ['reset', 'enable']);
    clock.advance(HOUR);
    const { epoch } = await store.readSubject('user1@acme');
    await store.commitAttempt('user1@acme', { enrollmentId: phone.id, step: 2000, epoch });
    const used = new Date(clock.now()).toISOString();
    assert.deepEqual((await told()).factors, [{ ...phone, createdAt: bound, lastUsedAt: used }]);
    assert.match(await shown(), new RegExp(`Last used</dt><dd><time datetime="${used}">`));
  });

  it('of an authenticator of which a copy has shown itself', async () => {
    const { told, shown, store, clock } = await opened();
    await enroll(store, 'user1@acme');
    assert.doesNotMatch(await shown(), /There is a copy of it/);
    const which = { id: 'abcdefghijkl', method: 'totp', label: 'Authenticator app' };
    for (const id of ['another one', which.id]) {
      await store.appendHistory(
        'user1@acme',
        {
          ...{ type: 'enrollment.copied', at: new Date(clock.now()), subjectId: 'user1@acme' },
          ...{ tenantId: 'acme', actorId: null, method: 'totp', from: null, detail: null },
          enrollments: [{ ...which, id }],
        },
        { folds: [] },
      );
    }
    const at = new Date(clock.now()).toISOString();
    assert.equal((await told()).factors[0].copiedAt, at);
    assert.match(await shown(), new RegExp(`There is a copy of it[^<]*<time datetime="${at}">`));
  });

  it('of an authenticator that was never used', async () => {
    const { told, shown, store } = await opened(
      {},
      reading((record) => ({
        ...record,
        enrollments: record.enrollments.map((one) => ({ ...one, lastUsedAt: null })),
      })),
    );
    await enroll(store, 'user1@acme');
    assert.equal((await told()).factors[0].lastUsedAt, null);
    assert.match(await shown(), /Last used<\/dt><dd>Never</);
  });

  it('of codes that were refused: how many, until when, and that unlocking helps', async () => {
    const { told, store, clock } = await opened();
    await enroll(store, 'user1@acme');
    await fail(store, 4);
    const few = await told();
    assert.deepEqual([few.failures, few.locked, few.can], [4, false, ['reset', 'enable']]);
    await fail(store, 1);
    const { failures, locked, retryAt, stopped, can } = await told();
    assert.deepEqual([failures, locked, stopped], [5, true, false]);
    assert.equal(retryAt, new Date(clock.now() + 10_000).toISOString());
    assert.deepEqual(can, ['reset', 'unlock', 'enable']);
  });

  it('of an activation key: its end, up to that moment and not in it', async () => {
    const { told, store, clock } = await opened();
    await issueKey(store, 'user1@acme', HOUR);
    const endsAt = new Date(clock.now() + HOUR).toISOString();
    clock.advance(HOUR - 1);
    const last = await told();
    assert.equal(last.activationKeyEndsAt, endsAt);
    assert.deepEqual(last.can, ['activate', 'revokeKey', 'enable']);
    clock.advance(1);
    const past = await told();
    assert.deepEqual([past.activationKeyEndsAt, past.can], [null, ['activate', 'enable']]);
  });

  it('of recovery codes: those that were kept are counted, and any can be reset', async () => {
    const { told, store } = await opened();
    const digest = (n: number) => ({ keyId: Buffer.alloc(4, 1), bytes: Buffer.alloc(10, n) });
    await store.replaceRecoveryCodes('user1@acme', [digest(1), digest(2), digest(3)]);
    const unkept = await told();
    assert.equal(unkept.recoveryCodesLeft, null);
    assert.deepEqual(unkept.can, ['activate', 'reset', 'enable']);
    await store.keepRecoveryCodes('user1@acme', [digest(1)]);
    assert.equal((await told()).recoveryCodesLeft, 3);
  });

  it('of the administrator’s own account: what is done on My Profile is not done here', async () => {
    const { told, store } = await opened();
    assert.deepEqual((await told(NORTH)).can, ['enable']);
    await enroll(store, 'admin@north');
    assert.deepEqual((await told(NORTH)).can, ['enable']);
  });

  it('of settings that contradict each other: no mechanism is accepted, and why', async () => {
    const { told, shown, store } = await opened();
    await set(store, 'acme', { mode: 'required', methods: ['duo'] });
    await enroll(store, 'user1@acme');
    const { mode, methods, explanation, factors, can } = await told();
    assert.deepEqual([mode, methods, factors.length], ['contradictory', [], 1]);
    assert.match(explanation[0], /contradict each other: no mechanism is left that every level/);
    assert.ok(
      explanation.some((one: string) => /^Client acme: accepts duo/.test(one)),
      explanation,
    );
    assert.deepEqual(can, ['reset', 'enable']);
    assert.match(await shown(), /No longer accepted: another one has to be activated/);
  });

  it('of a record that is lost: it can be reset, and not activated', async () => {
    const { told } = await opened(
      {},
      reading(() => {
        throw new SallyportError('ERR_STORE_RECORD', 'The record of user1@acme is gone.');
      }),
    );
    const { mode, factors, can } = await told();
    assert.deepEqual([mode, factors, can], ['contradictory', [], ['reset', 'enable']]);
  });

  it('with the name that the directory has', async () => {
    const directory = testDirectory();
    const named: Directory = {
      ...directory,
      user: async (organization, id) => {
        const found = await directory.user(organization, id);
        return found && { ...found, name: 'First User' };
      },
    };
    const { told, shown } = await opened({ directory: named });
    assert.equal((await told()).user.name, 'First User');
    assert.match(await shown(), /<p class="sp-muted"><bdi>First User<\/bdi><\/p>/);
  });
});

describe('what User Details offers', () => {
  it('is what this administrator may do', async () => {
    for (const [denied, can] of [
      ['user:read-nothing-else', ['revokeKey', 'reset', 'unlock', 'disable']],
      ['user:activate', ['reset', 'unlock', 'disable']],
      ['user:reset', ['revokeKey', 'unlock', 'disable']],
      ['user:unlock', ['revokeKey', 'reset', 'disable']],
      ['user:change', ['revokeKey', 'reset', 'unlock']],
      ['users:list', ['revokeKey', 'reset', 'unlock']],
    ] as const) {
      const { told, shown, store } = await opened({ admin: { authorize: allBut(denied) } });
      await switchOn(store, 'user1@acme');
      await enroll(store, 'user1@acme');
      await issueKey(store, 'user1@acme');
      await fail(store, 5);
      assert.deepEqual((await told()).can, can, denied);
      const page = await shown();
      const back = page.includes(`<a href="${USERS}">All users</a>`);
      assert.equal(back, denied !== 'users:list', denied);
    }
  });

  it('is each a button or a link, to where it is done', async () => {
    const { shown, store, clock } = await opened();
    const buttons = async () => {
      const page = await shown();
      return [
        ...page.matchAll(
          />(Activate|Enable Two-Factor|Disable Two-Factor|Unlock|Revoke the activation key|Reset)<\/(?:a|button)>/g,
        ),
      ].map(([, name]) => name);
    };
    assert.deepEqual(await buttons(), ['Activate', 'Enable Two-Factor']);
    await issueKey(store, 'user1@acme', HOUR);
    assert.deepEqual(await buttons(), [
      'Activate',
      'Enable Two-Factor',
      'Revoke the activation key',
    ]);
    const until = new Date(clock.now() + HOUR).toISOString();
    assert.match(await shown(), new RegExp(`can be used until <time datetime="${until}">`));
    clock.advance(HOUR);
    assert.match(await shown(), /An activation key was issued and is past/);
    await switchOn(store, 'user1@acme');
    assert.deepEqual(await buttons(), ['Activate', 'Disable Two-Factor']);
    await enroll(store, 'user1@acme');
    assert.deepEqual(await buttons(), ['Disable Two-Factor', 'Reset']);
  });

  it('is nothing where nothing can be done, and then it says so', async () => {
    const { shown } = await opened({ admin: { authorize: allBut('user:change') } });
    assert.match(await shown(NORTH), /There is nothing to do here now/);
    assert.doesNotMatch(await shown(), /There is nothing to do here now/);
  });
});

describe('User Details as a page', () => {
  it('has the user’s name as its title and heading, below Users', async () => {
    const { shown } = await opened();
    const page = await shown();
    assert.match(page, /<title>user1@acme\.example – /);
    assert.match(page, /<h1><bdi>user1@acme\.example<\/bdi><\/h1>/);
    assert.match(page, /aria-current="page">Users</);
    assert.match(page, /<li>user1@acme\.example: two-factor is off\.<\/li>/);
    assert.doesNotMatch(page, /No longer accepted|An activation key|This is your own account/);
  });

  it('says that an administrator looks at themselves', async () => {
    const { shown } = await opened();
    assert.match(await shown(NORTH), /This is your own account/);
  });

  it('says when the next code is taken, and of an accepted authenticator nothing', async () => {
    const { shown, store, clock } = await opened();
    await enroll(store, 'user1@acme');
    await fail(store, 5);
    const page = await shown();
    const at = new Date(clock.now() + 10_000).toISOString();
    assert.match(page, new RegExp(`the next code is taken at <time datetime="${at}">`));
    assert.doesNotMatch(page, /No longer accepted/);
  });

  it('says that it cannot be switched off alone only where that is so', async () => {
    const { shown, store } = await opened();
    const says = async () => (await shown()).includes('so it cannot be switched off for this user');
    assert.equal(await says(), false);
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    assert.equal(await says(), true);
    const by = async () => /is required by (.*?), so it cannot/.exec(await shown())?.[1];
    assert.equal(await by(), 'the client');
    const must = { mode: 'required', methods: null, enrollment: 'self' } as const;
    const clientsMust = { ...must, graceUntil: null, maxAgeSeconds: null, rememberDays: null };
    await set(store, 'north', { clientsMust });
    assert.equal(await by(), 'the partner and the client');
    await set(store, 'acme', null);
    assert.equal(await by(), 'the partner');
    await set(store, 'north', null);
    await set(store, 'acme', { mode: 'required', methods: ['totp'] });
    await switchOn(store, 'user1@acme');
    assert.equal(await says(), false);
    await set(store, 'acme', null);
    assert.equal(await says(), false);
  });
});
