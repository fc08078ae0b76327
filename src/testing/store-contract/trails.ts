import assert from 'node:assert/strict';
import type { AuditEvent, EventPlace, Fold, StoredEvent } from '../../contracts.js';
import { MINUTE, START, type Stage } from './stage.js';

const event = (n: number): AuditEvent => ({
  type: 'verification.succeeded',
  at: new Date(START + n),
  subjectId: `user-${n}`,
  tenantId: 'acme',
  actorId: null,
  method: 'totp',
  from: '127.0.0.1',
  detail: null,
});
const ONCE: Fold = { key: 'ö {1}', each: 1, withinMs: MINUTE };
const THRICE: Fold = { key: 'thrice', each: 3, withinMs: MINUTE };

export function trails({ describe, it, store, other, clock }: Stage): void {
  const append = (
    n: number,
    { organization = 'acme', ...place }: Partial<EventPlace & { organization: string }> = {},
  ) => store.appendEvent(organization, event(n), { trail: 'a', keep: 100, folds: [], ...place });
  const all = (organization = 'acme', wanted?: readonly string[]) =>
    other.readEvents(organization, { before: null, limit: 100, trails: wanted });
  const who = (events: readonly StoredEvent[]) => events.map(({ subjectId }) => subjectId);
  const counts = (events: readonly StoredEvent[]) =>
    events.map(({ subjectId, repeats, lastAt }) => [subjectId, repeats, lastAt?.getTime() ?? null]);

  describe('events', () => {
    it('are read newest first, page by page, each as it was, from all trails in one order', async () => {
      for (let n = 0; n < 25; n += 1) await append(n, { trail: 'abc'.charAt(n % 3) });
      await append(99, { organization: 'globex' });
      assert.equal((await all('globex')).length, 1);
      const seen: unknown[] = [];
      const ids: string[] = [];
      let before: string | null = null;
      for (;;) {
        const page: readonly StoredEvent[] = await other.readEvents('acme', { before, limit: 4 });
        if (page.length === 0) break;
        assert.ok(page.length <= 4, `${page.length} on a page`);
        for (const { id, ...rest } of page) {
          ids.push(id);
          seen.push(rest);
        }
        before = ids.at(-1) as string;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 25 }, (_, n) => ({ ...event(24 - n), repeats: 0, lastAt: null })),
      );
      assert.deepEqual(ids, [...ids].sort().reverse());
      assert.equal(new Set(ids).size, 25);
    });

    it('keep the authenticators that they name', async () => {
      const enrollments = [{ id: 'one', method: 'totp', label: 'Téléphone' }];
      const place = { trail: 'a', keep: 1, folds: [] };
      await store.appendEvent('acme', { ...event(1), enrollments }, place);
      assert.deepEqual((await all())[0]?.enrollments, enrollments);
    });

    it('are read of the trails that are named, also from a page on', async () => {
      for (let n = 0; n < 9; n += 1) await append(n, { trail: 'abc'.charAt(n % 3) });
      assert.deepEqual(who(await all('acme', ['b'])), ['user-7', 'user-4', 'user-1']);
      const both = await all('acme', ['a', 'c']);
      assert.deepEqual(
        who(both),
        [8, 6, 5, 3, 2, 0].map((n) => `user-${n}`),
      );
      const before = both[2]?.id as string;
      const rest = await store.readEvents('acme', { before, limit: 2, trails: ['c', 'b'] });
      assert.deepEqual(who(rest), ['user-4', 'user-2']);
      assert.deepEqual(await all('acme', []), []);
      assert.deepEqual(await all('acme', ['none']), []);
    });

    it('push out the oldest of their own trail, and none of another', async () => {
      await append(1, { trail: 'settings', keep: 3 });
      for (let n = 10; n < 40; n += 1) await append(n, { keep: 3 });
      assert.deepEqual(who(await all()), ['user-39', 'user-38', 'user-37', 'user-1']);
      await append(2, { trail: 'settings', keep: 3 });
      assert.deepEqual(who(await all('acme', ['settings'])), ['user-2', 'user-1']);
    });

    it('are kept for good where there is no bound', async () => {
      for (let n = 0; n < 30; n += 1) await append(n, { keep: null });
      assert.equal((await all()).length, 30);
    });

    it('shrink to a bound that was lowered', async () => {
      for (let n = 0; n < 30; n += 1) await append(n);
      await append(30, { keep: 2 });
      assert.deepEqual(who(await all()), ['user-30', 'user-29']);
    });

    it('of one key are counted into the last one that was kept', async () => {
      await append(0);
      for (let n = 1; n < 6; n += 1) {
        clock.time += 1;
        await append(n, { folds: [THRICE] });
      }
      assert.deepEqual(counts(await all()), [
        ['user-3', 2, START + 5],
        ['user-2', 0, null],
        ['user-1', 0, null],
        ['user-0', 0, null],
      ]);
    });

    it('are kept again when the time of their key is over', async () => {
      await append(1, { folds: [ONCE] });
      clock.time += MINUTE - 1;
      await append(2, { folds: [ONCE] });
      clock.time += 1;
      await append(3, { folds: [ONCE] });
      await append(4, { folds: [ONCE] });
      assert.deepEqual(counts(await all()), [
        ['user-3', 1, START + MINUTE],
        ['user-1', 1, START + MINUTE - 1],
      ]);
    });

    it('of two keys are counted by the first that is exhausted', async () => {
      const folds = (key: string) => [{ ...ONCE, key }, THRICE];
      await append(1, { folds: folds('lock 1') });
      await append(2, { folds: folds('lock 1') });
      await append(3, { folds: folds('lock 2') });
      await append(4, { folds: folds('lock 1') });
      await append(5, { folds: folds('lock 3') });
      await append(6, { folds: folds('lock 4') });
      const now = clock.time;
      assert.deepEqual(counts(await all()), [
        ['user-5', 1, now],
        ['user-3', 0, null],
        ['user-1', 2, now],
      ]);
    });

    it('of one key in two trails or organizations have nothing to do with each other', async () => {
      for (const place of [{}, { trail: 'b' }, { organization: 'globex' }]) {
        for (let n = 0; n < 2; n += 1) await append(n, { ...place, folds: [ONCE] });
      }
      assert.deepEqual(
        (await all()).map(({ repeats }) => repeats),
        [1, 1],
      );
      assert.equal((await all('globex'))[0]?.repeats, 1);
    });

    it('are kept again when the one that counted them has been pushed out', async () => {
      await append(1, { keep: 2, folds: [ONCE] });
      await append(2, { keep: 2 });
      await append(3, { keep: 2 });
      await append(4, { keep: 2, folds: [ONCE] });
      assert.deepEqual(counts(await all()), [
        ['user-4', 0, null],
        ['user-3', 0, null],
      ]);
    });

    it('are counted on when an older one of their key is pushed out', async () => {
      for (let n = 1; n < 4; n += 1) await append(n, { keep: 2, folds: [THRICE] });
      await append(4, { keep: 2, folds: [THRICE] });
      assert.deepEqual(counts(await all()), [
        ['user-3', 1, clock.time],
        ['user-2', 0, null],
      ]);
    });

    it('that are alike and arrive together are counted all', async () => {
      const place = { trail: 'a', keep: 100, folds: [ONCE] };
      await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          (n % 2 ? store : other).appendEvent('acme', event(n), place),
        ),
      );
      assert.deepEqual(
        (await all()).map(({ repeats }) => repeats),
        [39],
      );
    });

    it('are none before an id that nobody was given, or where none is wanted', async () => {
      await append(1);
      for (const before of ['', '0']) {
        assert.deepEqual(await store.readEvents('acme', { before, limit: 10 }), [], before);
      }
      assert.equal((await store.readEvents('acme', { before: null, limit: 1 })).length, 1);
      assert.deepEqual(await store.readEvents('acme', { before: null, limit: 0 }), []);
    });

    it('are none for an organization without any', async () => {
      assert.deepEqual(await all('nobody'), []);
    });
  });

  describe('the history of a subject', () => {
    const history = (subjectId = 'user1', before: string | null = null) =>
      other.readHistory(subjectId, { before, limit: 10 });

    it('is read newest first, page by page', async () => {
      for (let n = 0; n < 25; n += 1) await store.appendHistory('user1', event(n), { folds: [] });
      const first = await history();
      assert.equal(first.length, 10);
      assert.equal(first[0]?.subjectId, 'user-24');
      const second = await history('user1', first.at(-1)?.id);
      const third = await history('user1', second.at(-1)?.id);
      assert.deepEqual(
        who(third),
        [4, 3, 2, 1, 0].map((n) => `user-${n}`),
      );
      assert.deepEqual(await history('user2'), []);
    });

    it('counts what is alike', async () => {
      for (let n = 0; n < 3; n += 1) {
        await store.appendHistory('user1', event(n), { folds: [ONCE] });
      }
      assert.deepEqual(counts(await history()), [['user-0', 2, clock.time]]);
    });

    it('survives everything but the subject', async () => {
      await store.appendHistory('user1', event(1), { folds: [] });
      await store.appendHistory('user2', event(2), { folds: [] });
      await store.reset('user1');
      await store.unlock('user1');
      await store.raiseEpoch('user1');
      assert.equal((await history()).length, 1);
      await store.deleteSubject('user1');
      assert.deepEqual(await history(), []);
      assert.equal((await history('user2')).length, 1);
      await store.appendHistory('user1', event(3), { folds: [] });
      assert.deepEqual(who(await history()), ['user-3']);
    });
  });
}
