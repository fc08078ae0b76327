import assert from 'node:assert/strict';
import { together } from '../../awaitable.js';
import { emptySubject, type PendingEnrollment } from '../../contracts.js';
import { digest, LIMITS, MINUTE, SEALED, START, type Stage } from './stage.js';

export function enrolling({
  describe,
  it,
  begin,
  enroll,
  proposal,
  reserve,
  reserved,
  store,
  other,
  clock,
}: Stage): void {
  describe('enrolling', () => {
    it('returns a pending enrollment as it was proposed, byte by byte', async () => {
      const { lifetimeMs, ...wanted } = proposal('one', { label: '\u0001 “Tele­fon” ☎' });
      const begun = await begin({ ...wanted, lifetimeMs });
      const expected = { ...wanted, expiresAt: START + lifetimeMs };
      assert.deepEqual(
        { ...begun, sealed: [...begun.sealed] },
        { ...expected, sealed: [...SEALED] },
      );
      const { pending } = await reserved();
      assert.ok(pending);
      assert.deepEqual(
        { ...pending, sealed: [...pending.sealed] },
        { ...expected, sealed: [...SEALED] },
      );
    });

    it('keeps of a confirmed one what the confirmation says, and otherwise what it was begun with', async () => {
      for (const id of ['one', 'two']) {
        const basis = id === 'one' ? 'first' : 'proven';
        const begun = await begin(proposal(id, { basis }));
        const sealed = Uint8Array.of(4, 5, 6);
        const keep = id === 'one' ? { sealed, parameters: 'known now' } : undefined;
        const confirmed = await store.confirmEnrollment('user1', {
          ...{ id, session: begun.session, step: 1, replaces: null, epoch: 0, keep },
        });
        assert.equal(confirmed.kind, 'confirmed');
      }
      const found = (await reserved()).authenticators;
      assert.deepEqual(
        found.map(({ id, sealed, parameters }) => [id, [...sealed], parameters]),
        [
          ['one', [4, 5, 6], 'known now'],
          ['two', [...SEALED], proposal('two').parameters],
        ],
      );
    });

    it('does not count a pending enrollment as a factor', async () => {
      await begin(proposal('one'));
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
    });

    it('gives the same session the same pending enrollment again, until it restarts', async () => {
      await begin(proposal('one'));
      clock.time += MINUTE;
      const again = await begin(proposal('two'));
      assert.equal(again.id, 'one');
      assert.equal(again.expiresAt, START + 10 * MINUTE);
      const anew = await begin(proposal('three'), { restart: true });
      assert.equal(anew.id, 'three');
    });

    it('begins anew for another session, another method, another basis, or after expiry', async () => {
      await begin(proposal('one'));
      const anew = async (id: string, more: Partial<PendingEnrollment>) =>
        (await begin(proposal(id, more))).id;
      assert.equal(await anew('two', { session: 'session-2' }), 'two');
      assert.equal(await anew('three', { session: 'session-2', method: 'other' }), 'three');
      const proven = { session: 'session-2', method: 'other', basis: 'proven' as const };
      assert.equal(await anew('four', proven), 'four');
      clock.time += 10 * MINUTE;
      assert.equal(await anew('five', proven), 'five');
    });

    it('voids nothing where that is wanted, but goes on with what this session has begun', async () => {
      const gently = (id: string, more: Partial<PendingEnrollment> = {}) =>
        store.beginEnrollment('user1', proposal(id, more), { restart: false, unlessPending: true });
      assert.equal((await gently('one'))?.id, 'one');
      assert.equal((await gently('two'))?.id, 'one');
      for (const other of [
        { session: 'session-2' },
        { method: 'other' },
        { basis: 'proven' as const },
      ]) {
        assert.equal(await gently('two', other), null);
      }
      assert.equal((await store.resumeEnrollment('user1', 'session-1'))?.id, 'one');
      clock.time += 10 * MINUTE;
      assert.equal((await gently('three', { session: 'session-2' }))?.id, 'three');
    });

    it('gives one of many sessions that begin together what it wanted, where nothing is to be voided', async () => {
      const begun = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          (n % 2 ? store : other).beginEnrollment(
            'user1',
            proposal(`id-${n}`, { session: `session-${n}` }),
            { restart: false, unlessPending: true },
          ),
        ),
      );
      assert.equal(begun.filter((one) => one !== null).length, 1);
    });

    it('makes a confirmed enrollment active', async () => {
      const confirmation = await enroll('one');
      const enrollment = {
        id: 'one',
        method: 'totp',
        label: 'Phone',
        parameters: 'sha1/6/30',
        createdAt: START,
        lastUsedAt: START,
      };
      assert.deepEqual(confirmation, { kind: 'confirmed', epoch: 0, enrollment });
      assert.deepEqual(await store.readSubject('user1'), {
        ...emptySubject,
        legacyDue: false,
        enrollments: [enrollment],
      });
      const { authenticators, pending } = await reserved();
      assert.equal(pending, null);
      assert.equal(authenticators.length, 1);
      const [{ id, method, sealed, parameters, lastStep }] = authenticators as [
        (typeof authenticators)[0],
      ];
      assert.deepEqual(
        [id, method, [...sealed], parameters, lastStep],
        ['one', 'totp', [...SEALED], 'sha1/6/30', 100],
      );
    });

    it('confirms one of many confirmations that arrive together', async () => {
      await begin(proposal('one'));
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          (n % 2 ? store : other).confirmEnrollment('user1', {
            id: 'one',
            session: 'session-1',
            step: 100,
            replaces: null,
            epoch: 0,
          }),
        ),
      );
      assert.equal(outcomes.filter(({ kind }) => kind === 'confirmed').length, 1);
      assert.equal(outcomes.filter(({ kind }) => kind === 'superseded').length, 19);
    });

    it('refuses to confirm for another session, another id, or twice', async () => {
      await begin(proposal('one'));
      const confirm = async (id: string, session: string) =>
        (
          await store.confirmEnrollment('user1', {
            id,
            session,
            step: 100,
            replaces: null,
            epoch: 0,
          })
        ).kind;
      assert.equal(await confirm('one', 'session-2'), 'superseded');
      assert.equal(await confirm('two', 'session-1'), 'superseded');
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
      assert.equal(await confirm('one', 'session-1'), 'confirmed');
      assert.equal(await confirm('one', 'session-1'), 'superseded');
    });

    it('refuses to confirm from the moment of expiry', async () => {
      await begin(proposal('one'));
      const confirmation = { id: 'one', session: 'session-1', step: 100, replaces: null, epoch: 0 };
      clock.time += 10 * MINUTE;
      assert.deepEqual(await store.confirmEnrollment('user1', confirmation), { kind: 'expired' });
      clock.time -= 1;
      assert.equal((await store.confirmEnrollment('user1', confirmation)).kind, 'confirmed');
    });

    it('voids a first enrollment once there is a factor', async () => {
      await enroll('one');
      assert.deepEqual(await enroll('two', { session: 'session-2' }), { kind: 'superseded' });
      assert.equal((await store.readSubject('user1')).enrollments.length, 1);
    });

    it('lets a proven subject add a second factor without voiding anything', async () => {
      await enroll('one');
      clock.time += 1;
      const added = await enroll('two', { basis: 'proven', label: 'Tablet' });
      assert.equal(added.kind === 'confirmed' && added.epoch, 0);
      const { enrollments, epoch } = await store.readSubject('user1');
      assert.deepEqual(
        [epoch, enrollments.map(({ id, label }) => [id, label])],
        [
          0,
          [
            ['one', 'Phone'],
            ['two', 'Tablet'],
          ],
        ],
      );
    });

    it('replaces a factor and raises the epoch in one step', async () => {
      await enroll('one');
      await begin(proposal('two', { basis: 'proven' }));
      const confirmation = { id: 'two', session: 'session-1', step: 7, replaces: 'one', epoch: 0 };
      const replaced = await store.confirmEnrollment('user1', confirmation);
      assert.equal(replaced.kind === 'confirmed' && replaced.epoch, 1);
      const { enrollments, epoch } = await store.readSubject('user1');
      assert.deepEqual([epoch, enrollments.map(({ id }) => id)], [1, ['two']]);
      assert.equal((await reserved()).authenticators[0]?.lastStep, 7);
    });

    it('takes another label at the confirmation, whatever its letters', async () => {
      for (const [id, label] of [
        ['one', 'Phone, 電話'],
        ['two', 'totp'],
      ] as const) {
        await begin(proposal(id, { basis: id === 'one' ? 'first' : 'proven' }));
        const confirmation = { id, session: 'session-1', step: 7, replaces: null, epoch: 0, label };
        const made = await store.confirmEnrollment('user1', confirmation);
        assert.equal(made.kind === 'confirmed' && made.enrollment.label, label);
      }
      const { enrollments } = await store.readSubject('user1');
      assert.deepEqual(
        enrollments.map(({ label }) => label),
        ['Phone, 電話', 'totp'],
      );
    });

    it('gives one of several enrollments another label, and changes nothing else', async () => {
      await enroll('one');
      await enroll('two', { basis: 'proven', label: 'Tablet' });
      const before = await store.readSubject('user1');
      assert.equal(await store.renameEnrollment('user1', 'two', 'totp'), true);
      assert.equal(await store.renameEnrollment('user1', 'two', '\u0001 電話 👩‍👩‍👧'), true);
      assert.equal(await store.renameEnrollment('user1', 'gone', 'x'), false);
      assert.equal(await store.renameEnrollment('user2', 'one', 'x'), false);
      assert.deepEqual(await store.readSubject('user1'), {
        ...before,
        enrollments: before.enrollments.map((one) =>
          one.id === 'two' ? { ...one, label: '\u0001 電話 👩‍👩‍👧' } : one,
        ),
      });
      assert.deepEqual(await store.readSubject('user2'), emptySubject);
    });

    it('makes a first one beside those that are named, and beside no others', async () => {
      await enroll('one');
      const confirm = (besides: readonly string[], basis: 'first' | 'proven' = 'first') =>
        begin(proposal('two', { basis })).then(() =>
          store.confirmEnrollment('user1', {
            ...{ id: 'two', session: 'session-1', step: 7, replaces: null, epoch: 0, besides },
          }),
        );
      assert.equal((await confirm([])).kind, 'superseded');
      assert.equal((await confirm(['on', 'one-more'])).kind, 'superseded');
      assert.equal((await confirm(['one'], 'proven')).kind, 'superseded', 'nothing was proven');
      assert.equal((await confirm(['other', 'one'])).kind, 'confirmed');
      const { enrollments } = await store.readSubject('user1');
      assert.deepEqual(
        enrollments.map(({ id }) => id),
        ['one', 'two'],
      );
    });

    it('leaves the epoch alone when there is nothing of that name to replace', async () => {
      await begin(proposal('one'));
      const confirmation = { id: 'one', session: 'session-1', step: 7, replaces: 'gone', epoch: 0 };
      const made = await store.confirmEnrollment('user1', confirmation);
      assert.equal(made.kind === 'confirmed' && made.epoch, 0);
    });

    it('removes one factor of several and raises the epoch', async () => {
      await enroll('one');
      await enroll('two', { basis: 'proven' });
      await enroll('three', { basis: 'proven' });
      assert.deepEqual(await store.unenroll('user1', 'two', 0), { epoch: 1 });
      assert.equal(await store.unenroll('user1', 'two', 0), null);
      await enroll('four', { basis: 'proven' }, { epoch: 1 });
      const { epoch, enrollments } = await store.readSubject('user1');
      assert.equal(epoch, 1);
      assert.deepEqual(enrollments.map(({ id }) => id).sort(), ['four', 'one', 'three']);
    });

    it('removes one factor of those who ask together, since each asks on what it knows', async () => {
      await enroll('one');
      await enroll('two', { basis: 'proven' });
      const removals = await together(
        () => store.unenroll('user1', 'one', 0),
        () => other.unenroll('user1', 'two', 0),
      );
      assert.equal(removals.filter((removal) => removal !== null).length, 1);
      const { epoch, enrollments } = await store.readSubject('user1');
      assert.deepEqual([epoch, enrollments.length], [1, 1]);
      const [left] = enrollments;
      assert.equal(await store.unenroll('user1', left?.id ?? '', 2), null, 'nor ahead of it');
      assert.deepEqual(await store.unenroll('user1', left?.id ?? '', 1), { epoch: 2 });
    });

    it('resets everything but the epoch, which rises, also twice', async () => {
      await enroll('one');
      for (let n = 0; n < LIMITS.free; n += 1) await reserve();
      await begin(proposal('two', { basis: 'proven' }));
      assert.deepEqual(await store.reset('user1'), { epoch: 1 });
      assert.deepEqual(await store.reset('user1'), { epoch: 2 });
      assert.deepEqual(await store.readSubject('user1'), {
        ...emptySubject,
        ...{ epoch: 2, epochRoseAt: START },
        legacyDue: false,
      });
      const { authenticators, pending, epoch } = await reserved();
      assert.deepEqual([authenticators, pending, epoch], [[], null, 2]);
    });

    it('lets nobody confirm, on the proof of a factor, once that factor is gone', async () => {
      await enroll('one');
      await begin(proposal('two', { basis: 'proven' }));
      await store.unenroll('user1', 'one', 0);
      const confirmation = { id: 'two', session: 'session-1', step: 1, replaces: null, epoch: 1 };
      assert.deepEqual(await store.confirmEnrollment('user1', confirmation), {
        kind: 'superseded',
      });
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
    });

    it('lets no session confirm that began before the epoch rose', async () => {
      await begin(proposal('one'));
      await store.raiseEpoch('user1');
      const confirmation = { id: 'one', session: 'session-1', step: 1, replaces: null };
      for (const epoch of [0, 2]) {
        const confirmed = await store.confirmEnrollment('user1', { ...confirmation, epoch });
        assert.deepEqual(confirmed, { kind: 'ended' });
      }
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
      const own = await store.confirmEnrollment('user1', { ...confirmation, epoch: 1 });
      assert.equal(own.kind === 'confirmed' && own.epoch, 1);
    });

    it('takes the recovery codes with the last factor, and with no other', async () => {
      const codes = Array.from({ length: 10 }, (_, n) => digest(n, n % 2));
      await enroll('one');
      await enroll('two', { basis: 'proven' });
      await store.replaceRecoveryCodes('user1', codes);
      await store.unenroll('user1', 'one', 0);
      assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 10);
      await store.unenroll('user1', 'two', 1);
      assert.deepEqual(await store.readSubject('user1'), {
        ...emptySubject,
        ...{ epoch: 2, epochRoseAt: START },
        legacyDue: false,
      });
      await enroll('three', {}, { epoch: 2 });
      const spent = await store.spendRecoveryCode('user1', codes.slice(0, 1), 2);
      assert.deepEqual(spent, { kind: 'unknown' });
    });

    it('lets nobody confirm what a reset has voided', async () => {
      await begin(proposal('one'));
      await store.reset('user1');
      const confirmation = { id: 'one', session: 'session-1', step: 1, replaces: null, epoch: 1 };
      assert.deepEqual(await store.confirmEnrollment('user1', confirmation), {
        kind: 'superseded',
      });
    });
  });
}
