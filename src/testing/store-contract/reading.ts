import assert from 'node:assert/strict';
import { emptySubject } from '../../contracts.js';
import { eventually } from './eventually.js';
import { START, type Stage } from './stage.js';

export function reading({ describe, it, enroll, store, other }: Stage): void {
  it('has a name, a clock and a bound of staleness', () => {
    assert.match(store.name, /\w/);
    assert.equal(store.now(), START);
    assert.ok(store.stalenessMs >= 0 && store.stalenessMs <= 5000);
  });

  describe('reading', () => {
    it('answers an empty record for a subject, and null for a session, never written', async () => {
      assert.deepEqual(await store.readSubject('nobody'), emptySubject);
      assert.equal(await store.readAssurance('nothing'), null);
    });

    it('answers at once what it has read before, a missing record included', async () => {
      await store.readSubject('nobody');
      await store.readAssurance('nothing');
      await eventually(() => !(store.readSubject('nobody') instanceof Promise));
      await eventually(() => !(store.readAssurance('nothing') instanceof Promise));
    });

    it('answers what was written here as soon as the write is done', async () => {
      for (let round = 1; round <= 20; round += 1) {
        const { epoch } = await store.reset('user1');
        assert.equal((await store.readSubject('user1')).epoch, epoch);
      }
    });

    it('answers what was written elsewhere within its bound of staleness', async () => {
      await store.readSubject('user1');
      await other.reset('user1');
      await eventually(
        async () => (await store.readSubject('user1')).epoch === 1,
        store.stalenessMs + 100,
      );
    });

    it('tells what there is now whoever asks for it, and never again what was before', async () => {
      for (let round = 1; round <= 5; round += 1) {
        await store.readSubject('user1');
        const { epoch } = await other.reset('user1');
        assert.equal((await store.refreshSubject('user1')).epoch, epoch);
        assert.equal((await store.readSubject('user1')).epoch, epoch);
      }
      assert.deepEqual(await store.refreshSubject('nobody'), emptySubject);
    });

    it('does not let its callers change a record', async () => {
      await enroll('one');
      const record = await store.readSubject('user1');
      assert.ok(Object.isFrozen(record) && Object.isFrozen(record.enrollments));
      assert.ok(record.enrollments.every(Object.isFrozen));
    });

    it('keeps subjects apart whose ids look alike to a careless encoding', async () => {
      const ids = [
        'a',
        'A',
        'a ',
        'a:b',
        'a%3Ab',
        '{a}',
        'a}b',
        'ä',
        'a\u0308',
        '\ud800',
        '\udbff',
      ];
      for (const [at, id] of ids.entries()) {
        for (let n = 0; n <= at; n += 1) await store.reset(id);
      }
      for (const [at, id] of ids.entries()) {
        assert.equal((await store.readSubject(id)).epoch, at + 1, JSON.stringify(id));
      }
    });

    it('calls one function back that was subscribed twice, until it has unsubscribed twice', async () => {
      let calls = 0;
      const count = () => {
        calls += 1;
      };
      const stops = [store.subscribe(count), store.subscribe(count)];
      const change = async () => {
        await store.readSubject('user1');
        await other.reset('user1');
      };
      await change();
      await eventually(() => calls >= 2);
      stops[0]?.();
      stops[0]?.();
      const before = calls;
      await change();
      await eventually(() => calls > before);
      stops[1]?.();
      const after = calls;
      await change();
      await eventually(async () => (await store.readSubject('user1')).epoch === 3);
      assert.equal(calls, after);
    });

    it('calls subscribers back when a change is whole, and not in the middle of it', async () => {
      const seen: unknown[] = [];
      const stop = store.subscribe(() => seen.push('called'));
      await store.readSubject('user1');
      const writing = store.reset('user1');
      assert.deepEqual(seen, [], 'not while the operation is called');
      await writing;
      await eventually(() => seen.length > 0);
      stop();
    });

    it('calls subscribers back after a change made elsewhere, until they unsubscribe', async () => {
      let calls = 0;
      const stop = store.subscribe(() => {
        calls += 1;
      });
      await store.readSubject('user1');
      await other.reset('user1');
      await eventually(() => calls > 0);
      stop();
      const before = calls;
      await store.readSubject('user1');
      await other.reset('user1');
      await eventually(async () => (await store.readSubject('user1')).epoch === 2);
      assert.equal(calls, before);
    });
  });
}
