import assert from 'node:assert/strict';
import { together } from '../../awaitable.js';
import { type Digest, emptySubject } from '../../contracts.js';
import { bytesOf, digest, LIMITS, MINUTE, START, type Stage } from './stage.js';

export function helping({
  describe,
  it,
  begin,
  confirm,
  enroll,
  proposal,
  reserved,
  store,
  clock,
}: Stage): void {
  describe('enrolling with an activation key', () => {
    const lifetimeMs = 60 * MINUTE;
    const keyed = (id: string, session = 'session-1') =>
      proposal(id, { basis: 'activation-key', session });
    const tryBegin = (wanted: ReturnType<typeof proposal>, activationKey: Digest | null) =>
      store.beginEnrollment('user1', wanted, { restart: false, activationKey });

    it('begins with the right key only, and clears the count then', async () => {
      assert.equal(await tryBegin(keyed('one'), digest(1)), null);
      const endsAt = await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      assert.equal(endsAt, START + lifetimeMs);
      assert.equal((await store.readSubject('user1')).activationKeyEndsAt, endsAt);
      await reserved();
      assert.equal(await tryBegin(keyed('one'), digest(2)), null);
      assert.equal(await tryBegin(keyed('one'), null), null);
      assert.equal((await store.readSubject('user1')).failures, 1);
      assert.equal((await tryBegin(keyed('one'), digest(1)))?.id, 'one');
      assert.equal((await store.readSubject('user1')).failures, 0);
    });

    it('goes on in the session that has begun, without the key, and in no other', async () => {
      await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      await tryBegin(keyed('one'), digest(1));
      assert.equal((await tryBegin(keyed('two'), null))?.id, 'one');
      assert.equal(await tryBegin(keyed('three', 'session-2'), null), null);
      assert.equal((await begin(keyed('four'), { restart: true })).id, 'four');
    });

    it('clears the count with the right key also where it was not needed to go on', async () => {
      await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      for (const id of ['one', 'two', 'three', 'four', 'five']) {
        await reserved();
        assert.ok(await tryBegin(keyed(id), digest(1)));
        assert.equal((await store.readSubject('user1')).failures, 0);
      }
      await reserved();
      assert.equal((await tryBegin(keyed('six'), digest(2)))?.id, 'one');
      assert.equal((await store.readSubject('user1')).failures, 1);
    });

    it('spends the key when it is confirmed', async () => {
      await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      await tryBegin(keyed('one'), digest(1));
      assert.equal((await confirm('one')).kind, 'confirmed');
      assert.equal((await store.readSubject('user1')).activationKeyEndsAt, null);
    });

    it('leaves a key alone that somebody enrolled did not need', async () => {
      await enroll('one');
      const endsAt = await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      await enroll('two', { basis: 'proven' });
      assert.equal((await store.readSubject('user1')).activationKeyEndsAt, endsAt);
    });

    it('leaves alone, when the key goes, what was begun without it', async () => {
      await enroll('one');
      await begin(proposal('two', { basis: 'proven' }));
      await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      await store.revokeActivationKey('user1');
      assert.equal((await store.readSubject('user1')).activationKeyEndsAt, null);
      assert.equal((await confirm('two')).kind, 'confirmed');
    });

    it('is void once the key is revoked or replaced', async () => {
      await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      await tryBegin(keyed('one'), digest(1));
      assert.equal(await store.revokeActivationKey('user1'), true);
      assert.equal(await store.revokeActivationKey('user1'), false);
      assert.deepEqual(await confirm('one'), { kind: 'superseded' });
      await store.putActivationKey('user1', { digest: digest(2), lifetimeMs });
      assert.deepEqual(await confirm('one'), { kind: 'superseded' });
      await tryBegin(keyed('two'), digest(2));
      await store.putActivationKey('user1', { digest: digest(3), lifetimeMs });
      assert.deepEqual(await confirm('two'), { kind: 'superseded' });
    });

    it('refuses a key from the moment it ends', async () => {
      await store.putActivationKey('user1', { digest: digest(1), lifetimeMs });
      const { activationKey } = await reserved();
      assert.deepEqual(activationKey && bytesOf(activationKey), bytesOf(digest(1)));
      clock.time += lifetimeMs;
      assert.equal((await reserved()).activationKey, null);
      assert.equal(await tryBegin(keyed('one'), digest(1)), null);
    });
  });

  describe('enrolling by handover', () => {
    const handed = proposal('one', { basis: 'handover', session: '' });

    it('is confirmed by whichever session of the subject comes', async () => {
      await begin(handed);
      assert.equal((await store.resumeEnrollment('user1', 'session-9'))?.id, 'one');
      assert.equal((await confirm('one', { session: 'session-9' })).kind, 'confirmed');
      assert.equal(await store.resumeEnrollment('user1', 'session-9'), null);
    });

    it('is void once there is a factor', async () => {
      await begin(handed);
      await store.reset('user1');
      await enroll('two', {}, { epoch: 1 });
      await begin(handed);
      assert.deepEqual(await confirm('one', { epoch: 1 }), { kind: 'superseded' });
    });
  });

  describe('resuming', () => {
    it('gives a pending enrollment to the session that began it, in time', async () => {
      await begin(proposal('one'));
      assert.equal((await store.resumeEnrollment('user1', 'session-1'))?.id, 'one');
      assert.equal(await store.resumeEnrollment('user1', 'session-2'), null);
      assert.equal(await store.resumeEnrollment('user2', 'session-1'), null);
      clock.time += 10 * MINUTE;
      assert.equal(await store.resumeEnrollment('user1', 'session-1'), null);
    });
  });

  describe('helping', () => {
    it('raises the epoch alone', async () => {
      await enroll('one');
      assert.deepEqual(await store.raiseEpoch('user1'), { epoch: 1 });
      const { epoch, enrollments } = await store.readSubject('user1');
      assert.deepEqual([epoch, enrollments.length], [1, 1]);
    });

    it('raises it from the epoch that it was told, and from no other', async () => {
      assert.deepEqual(await store.raiseEpoch('user1', 0), { epoch: 1 });
      assert.equal(await store.raiseEpoch('user1', 0), null);
      assert.equal(await store.raiseEpoch('user1', 2), null);
      assert.equal((await store.readSubject('user1')).epoch, 1);
      const both = await together(
        () => store.raiseEpoch('user1', 1),
        () => store.raiseEpoch('user1', 1),
      );
      assert.deepEqual(both.filter(Boolean), [{ epoch: 2 }]);
    });

    it('says of the last rise which session made it and goes on, if one does', async () => {
      const raisedBy = async () => (await store.readSubject('user1')).epochRaisedBy;
      await enroll('one');
      assert.equal(await raisedBy(), null);
      await store.raiseEpoch('user1', 0, 'session-1');
      assert.equal(await raisedBy(), 'session-1');
      assert.equal(await store.raiseEpoch('user1', 0, 'session-2'), null);
      assert.equal(await raisedBy(), 'session-1');
      await store.raiseEpoch('user1');
      assert.equal(await raisedBy(), null);
      await store.unenroll('user1', 'one', 2, 'session-3');
      assert.equal(await raisedBy(), 'session-3');
      await store.reset('user1');
      assert.equal(await raisedBy(), null);
    });

    it('voids what was begun by a session or handed over, and nothing else', async () => {
      await enroll('one');
      await reserved();
      for (const basis of ['proven', 'handover'] as const) {
        await begin(proposal('two', { basis }));
        await store.voidPending('user1');
        assert.equal(await store.resumeEnrollment('user1', 'session-1'), null);
        assert.deepEqual(await confirm('two'), { kind: 'superseded' });
      }
      const { failures, enrollments, epoch } = await store.readSubject('user1');
      assert.deepEqual([failures, enrollments.length, epoch], [1, 1, 0]);
      await store.voidPending('user2');
      assert.deepEqual(await store.readSubject('user2'), emptySubject);
    });

    it('unlocks by clearing the count, and nothing else', async () => {
      await enroll('one');
      for (let n = 0; n < LIMITS.free; n += 1) await reserved();
      assert.equal((await store.readSubject('user1')).failures, LIMITS.free);
      await store.unlock('user1');
      const { failures, enrollments, epoch } = await store.readSubject('user1');
      assert.deepEqual([failures, enrollments.length, epoch], [0, 1, 0]);
      await reserved();
    });

    it('resets codes, keys and factors, and leaves the setting', async () => {
      await enroll('one');
      await store.putActivationKey('user1', { digest: digest(1), lifetimeMs: MINUTE });
      await store.replaceRecoveryCodes('user1', [digest(2)]);
      const change = { value: { mode: 'required' }, changedBy: 'admin', expectedVersion: 0 };
      await store.writeUserSetting('user1', change);
      await store.reset('user1');
      const { setting, ...rest } = await store.readSubject('user1');
      assert.deepEqual(setting?.value, { mode: 'required' });
      const { setting: _, ...empty } = { ...emptySubject, legacyDue: false };
      assert.deepEqual(rest, { ...empty, epoch: 1, epochRoseAt: START });
    });

    it('keeps the proof at sign-in that opened the door last, until a reset', async () => {
      const signIn = { by: 'okta', at: START - 1, amr: ['mfa', 'hwk'], acr: null };
      await enroll('one');
      await store.noteSignIn('user1', { ...signIn, at: START - 2 });
      await store.noteSignIn('user1', signIn);
      await store.noteSignIn('user2', signIn);
      const { enrollments, epoch, epochRoseAt, ...kept } = await store.readSubject('user1');
      assert.deepEqual([kept.signIn, enrollments.length], [signIn, 1]);
      assert.deepEqual([epoch, epochRoseAt], [0, null]);
      assert.deepEqual(await store.readSubject('user2'), { ...emptySubject, signIn });
      await store.reset('user1');
      assert.equal((await store.readSubject('user1')).signIn, null);
    });

    it('deletes everything but the epoch, which rises', async () => {
      await enroll('one');
      const change = { value: { mode: 'off' }, changedBy: 'admin', expectedVersion: null };
      await store.writeUserSetting('user1', change);
      await store.replaceRecoveryCodes('user1', [digest(2)]);
      await store.deleteSubject('user1');
      assert.deepEqual(await store.readSubject('user1'), {
        ...emptySubject,
        ...{ epoch: 1, epochRoseAt: START },
        legacyDue: false,
      });
    });
  });
}
