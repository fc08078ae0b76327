import assert from 'node:assert/strict';
import { SallyportError } from 'sallyport';
import { AdminBrowser, adminHost } from '../support/admin.js';
import { fail } from '../support/opened-admin.js';
import { handOver, switchOn } from '../support/tenancy.js';

const USER = { id: 'user1@acme', tenantId: 'acme' };
const SETTING = { mode: 'required', methods: ['totp'], enrollment: null, graceUntil: null };

describe('door.subjects', () => {
  async function enrolled() {
    const host = await adminHost();
    await host.store.writeSetting('acme', {
      value: { ...SETTING, maxAgeSeconds: null, clientsMust: null, duo: null },
      changedBy: 'test',
      expectedVersion: null,
    });
    const user = new AdminBrowser(host.app);
    await user.activate(USER.id, host.clock.now());
    assert.equal((await user.get('/')).status, 200);
    const last = () => {
      const { type, subjectId, tenantId, actorId } = host.events.at(-1)!;
      return [type, subjectId, tenantId, actorId];
    };
    return { ...host, user, last };
  }

  it('tells how a subject stands', async () => {
    const { door, store, clock } = await enrolled();
    const status = await door.subjects.status(USER.id);
    assert.deepEqual(
      status.enrollments.map(({ method }) => method),
      ['totp'],
    );
    assert.deepEqual([status.enabled, status.failures, status.locked], [false, 0, false]);
    const digest = { keyId: new Uint8Array(4), bytes: new Uint8Array(10) };
    await store.putActivationKey(USER.id, { digest, lifetimeMs: 1000 });
    const { activationKeyEndsAt } = await door.subjects.status(USER.id);
    assert.deepEqual(activationKeyEndsAt, new Date(clock.now() + 1000));
    clock.advance(1000);
    assert.equal((await door.subjects.status(USER.id)).activationKeyEndsAt, null);
    assert.deepEqual((await door.subjects.status('nobody')).enrollments, []);
  });

  it('tells of a switch, of recovery codes and of a lock', async () => {
    const { door, store, clock } = await adminHost();
    const status = () => door.subjects.status(USER.id);
    const digest = { keyId: Buffer.alloc(4, 1), bytes: Buffer.alloc(10, 1) };
    await store.replaceRecoveryCodes(USER.id, [digest]);
    assert.deepEqual(await status(), {
      ...{ enrollments: [], recoveryCodesLeft: null, activationKeyEndsAt: null, enabled: false },
      ...{ failures: 0, locked: false, retryAt: null, stopped: false },
    });
    await store.keepRecoveryCodes(USER.id, [digest]);
    await switchOn(store, USER.id);
    await fail(store, 5);
    assert.deepEqual(await status(), {
      ...{ enrollments: [], recoveryCodesLeft: 1, activationKeyEndsAt: null, enabled: true },
      ...{ failures: 5, locked: true, retryAt: new Date(clock.now() + 10_000), stopped: false },
    });
    clock.advance(10_000);
    assert.equal((await status()).locked, false);
  });

  it('unlocks', async () => {
    const { door, store, last } = await enrolled();
    await fail(store, 5);
    await door.subjects.unlock(USER, { actorId: 'support' });
    assert.equal((await door.subjects.status(USER.id)).failures, 0);
    assert.deepEqual(last(), ['subject.unlocked', USER.id, 'acme', 'support']);
  });

  it('names what a reset has taken', async () => {
    const { door, events } = await enrolled();
    await door.subjects.reset(USER);
    const { enrollments, actorId } = events.at(-1)!;
    assert.deepEqual(
      [actorId, enrollments?.map(({ method, label }) => [method, label])],
      [null, [['totp', 'Authenticator app']]],
    );
  });

  it('ends sessions when a password has changed', async () => {
    const { door, user, last } = await enrolled();
    await door.subjects.passwordChanged(USER, { actorId: USER.id });
    assert.equal((await user.get('/')).headers.location, '/two-factor/expired');
    assert.deepEqual(last(), ['password.changed', USER.id, 'acme', USER.id]);
    await door.subjects.passwordChanged(USER);
    assert.deepEqual(last(), ['password.changed', USER.id, 'acme', null]);
  });

  it('voids what was handed over to a subject who moves, and tells one organization once', async () => {
    const { door, store, events } = await adminHost();
    const key = await handOver(store, USER.id);
    assert.ok(key);
    await door.subjects.setTenant(USER, { tenantId: 'acme' }, { actorId: 'support' });
    assert.equal(await store.resumeEnrollment(USER.id, 'x'.repeat(43)), null);
    assert.deepEqual(
      events.map(({ type, tenantId, actorId, detail }) => [type, tenantId, actorId, detail]),
      [['subject.moved', 'acme', 'support', 'from acme to acme']],
    );
  });

  it('says what is wrong with whom or with who did it', async () => {
    const { door } = await adminHost();
    const { subjects } = door;
    for (const [done, code, message] of [
      [subjects.status(''), 'ERR_SUBJECT', "subjectId must be a non-empty string, got ''"],
      [
        subjects.reset({ id: 7 as never, tenantId: 'acme' }),
        'ERR_SUBJECT',
        'subject.id must be a non-empty string, got number',
      ],
      [
        subjects.unlock({ id: 'user1@acme' } as never),
        'ERR_SUBJECT',
        "subject.tenantId must be a non-empty string, got undefined: it is 'default' where subject(req) leaves it out",
      ],
      [
        subjects.setTenant(USER, {} as never),
        'ERR_SUBJECT',
        'from.tenantId must be a non-empty string, got undefined',
      ],
      [
        subjects.reset(USER, { actorId: '' }),
        'ERR_OPTION',
        "actor.actorId must be the id of who did it, or null, got ''",
      ],
      [
        subjects.reset(USER, { actorId: 7 as never }),
        'ERR_OPTION',
        'actor.actorId must be the id of who did it, or null, got 7',
      ],
      [
        subjects.passwordChanged(USER, { except: {} as never }),
        'ERR_OPTION',
        'passwordChanged.except must be a request of the session that goes on, got {}',
      ],
    ] as const) {
      await assert.rejects(done, (error: SallyportError) => {
        assert.deepEqual([error.code, error.message], [code, message]);
        return true;
      });
    }
  });

  it('resets', async () => {
    const { door, user, last } = await enrolled();
    await door.subjects.reset(USER, { actorId: 'support' });
    assert.equal((await user.get('/')).headers.location, '/two-factor/expired');
    assert.deepEqual(last(), ['enrollment.reset', USER.id, 'acme', 'support']);
  });

  it('ends sessions and leaves the factors', async () => {
    const { door, user, last } = await enrolled();
    await door.subjects.endSessions(USER);
    assert.equal((await user.get('/')).headers.location, '/two-factor/expired');
    assert.deepEqual(last(), ['sessions.ended', USER.id, 'acme', null]);
  });

  it('keeps the factors of a subject who moves, and not the old organization’s activation key', async () => {
    const { door, user, store, events } = await enrolled();
    const digest = { keyId: new Uint8Array(4), bytes: new Uint8Array(10) };
    await store.putActivationKey(USER.id, { digest, lifetimeMs: 1000 });
    await door.subjects.setTenant({ ...USER, tenantId: 'globex' }, { tenantId: 'acme' });
    const status = await door.subjects.status(USER.id);
    assert.equal(status.enrollments.length, 1);
    assert.equal(status.activationKeyEndsAt, null);
    assert.equal((await user.get('/')).headers.location, '/two-factor/expired');
    const moved = events.filter(({ type }) => type === 'subject.moved');
    assert.deepEqual(
      moved.map(({ tenantId, detail }) => [tenantId, detail]),
      [
        ['acme', 'from acme to globex'],
        ['globex', 'from acme to globex'],
      ],
    );
  });

  it('forgets a subject who is deleted', async () => {
    const { door, user, store, last } = await enrolled();
    for (const id of ['one', 'two']) {
      const device = {
        ...{ id, token: id, label: 'A browser', method: 'totp', epoch: 0 },
        tenantId: 'acme',
      };
      await store.putDevice(USER.id, { ...device, lifetimeMs: 60_000 });
    }
    await door.subjects.delete(USER);
    assert.deepEqual((await door.subjects.status(USER.id)).enrollments, []);
    assert.deepEqual(await store.readDevices(USER.id), []);
    assert.equal((await user.get('/')).headers.location, '/two-factor/expired');
    assert.deepEqual(last(), ['subject.deleted', USER.id, 'acme', null]);
  });

  it('refuses what names nobody', async () => {
    const { door, store } = await adminHost();
    const isCoded = (error: unknown) =>
      error instanceof SallyportError && error.code === 'ERR_SUBJECT';
    for (const ref of [
      undefined,
      {},
      { id: '', tenantId: 'acme' },
      { id: 'user1@acme' },
      { id: 1 },
    ]) {
      for (const name of ['reset', 'unlock', 'endSessions', 'delete'] as const) {
        await assert.rejects(door.subjects[name](ref as typeof USER), isCoded);
      }
    }
    await assert.rejects(door.subjects.status(''), isCoded);
    await assert.rejects(door.subjects.setTenant(USER, undefined as never), isCoded);
    assert.equal((await store.readSubject('undefined')).epoch, 0);
  });
});
