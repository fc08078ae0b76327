import assert from 'node:assert/strict';
import { type AuditEvent, type AuditEventType, memoryStore } from 'sallyport';
import { audit, onBehalf } from '../../src/audit/events.js';
import { lockedUntil, oncePerLock } from '../../src/audit/lock.js';
import { placeOf, trailsOf } from '../../src/audit/place.js';
import { storeTrail } from '../../src/audit/trail.js';
import { message } from '../../src/messages/english.js';

const DAY = 24 * 60 * 60 * 1000;
const subject = { id: 'user1@acme', tenantId: 'acme' };
const admin = { actorId: 'admin@acme' };
const phone = { id: 'one', method: 'totp', label: 'Phone' };

/** A trail as it is put together: what is recorded, and what is there to be read. */
function trail({ store = memoryStore({ now: () => clock.time }), keep = 10 } = {}) {
  const errors: unknown[] = [];
  const events = audit([storeTrail(store, { keep })], {
    now: () => clock.time,
    onError: (error) => errors.push(error),
  });
  const read = (id = 'acme') => store.readEvents(id, { before: null, limit: 1000 });
  const history = () => store.readHistory(subject.id, { before: null, limit: 1000 });
  return { store, events, errors, read, history };
}
const clock = { time: 0 };

describe('the trail in the store', () => {
  beforeEach(() => {
    clock.time = 0;
  });
  const types = (events: readonly AuditEvent[]) => events.map(({ type }) => type);

  it('keeps each event with its organization', async () => {
    const { read, events } = trail();
    events.record('verification.succeeded', { subject });
    events.record('setting.changed', { organizationId: 'globex', actorId: 'admin@globex' });
    events.record('subject.moved', { subject, organizationId: 'globex' });
    assert.deepEqual(types(await read()), ['verification.succeeded']);
    assert.deepEqual(types(await read('globex')), ['subject.moved', 'setting.changed']);
  });

  it('leaves out what belongs to no organization', async () => {
    const { read, events, errors } = trail();
    events.record('unavailable', {});
    assert.deepEqual(await read('null'), []);
    assert.deepEqual(errors, []);
  });

  it('drops the oldest of a kind beyond the cap', async () => {
    const { read, events } = trail({ keep: 3 });
    for (let at = 0; at < 5; at++) {
      events.record('verification.failed', { subject: { ...subject, id: `user${at}` } });
    }
    events.record('verification.succeeded', { subject });
    assert.deepEqual(
      (await read()).map(({ subjectId }) => subjectId),
      ['user1@acme', 'user4', 'user3', 'user2'],
    );
  });

  it('reports a store that fails, and holds nobody up', async () => {
    const failure = new Error('down');
    const store = { ...memoryStore(), appendEvent: () => Promise.reject(failure) };
    const { events, errors } = trail({ store });
    events.record('verification.succeeded', { subject });
    assert.deepEqual(errors, []);
    await new Promise(setImmediate);
    assert.deepEqual(errors, [failure]);
  });

  it('says who did it for whom', () => {
    const seen: AuditEvent[] = [];
    const events = audit([{ record: (event) => void seen.push(event) }], {
      now: () => 0,
      onError: (error) => assert.fail(String(error)),
    });
    onBehalf(events, 'admin@acme').record('enrollment.confirmed', { subject });
    events.record('enrollment.confirmed', { subject });
    assert.deepEqual(
      seen.map(({ actorId, subjectId }) => [actorId, subjectId]),
      [
        ['admin@acme', 'user1@acme'],
        ['user1@acme', 'user1@acme'],
      ],
    );
  });

  it('keeps a sentence as what it is made of, with the English beside it', () => {
    const seen: AuditEvent[] = [];
    const events = audit([{ record: (event) => void seen.push(event) }], {
      now: () => 0,
      onError: (error) => assert.fail(String(error)),
    });
    const rest = message('time.days', { count: 2 });
    events.record('setting.changed', {
      detail: message('admin.setting.list', { first: rest, rest }),
    });
    events.record('setting.changed', { detail: 'a word' });
    const said = { key: 'time.days', values: { count: 2 } };
    assert.deepEqual(seen[0]?.said, {
      ...{ key: 'admin.setting.list', values: { first: said, rest: said } },
    });
    assert.match(seen[0]?.detail ?? '', /2 days.*2 days/);
    assert.deepEqual([seen[1]?.detail, seen[1]?.said], ['a word', undefined]);
  });

  it('takes of an authenticator what names it, and nothing else', () => {
    const seen: AuditEvent[] = [];
    const events = audit([{ record: (event) => void seen.push(event) }], {
      now: () => 0,
      onError: (error) => assert.fail(String(error)),
    });
    const sealed = { ...phone, sealed: 'bytes' };
    events.record('enrollment.removed', { subject, enrollments: [sealed] });
    events.record('verification.failed', { subject });
    assert.deepEqual(seen[0]?.enrollments, [phone]);
    assert.ok(seen[1] && !('enrollments' in seen[1]));
  });

  it('names a kind by its type, and by who did it to whom', () => {
    const of = (event: Partial<AuditEvent>) =>
      placeOf({ ...event, type: 'setting.changed' } as AuditEvent, 7);
    const kinds = [
      { subjectId: 'one', actorId: 'one' },
      { subjectId: 'one', actorId: 'two' },
      { subjectId: 'one', actorId: null },
      { subjectId: null, actorId: 'two' },
    ].map((event) => of(event).trail);
    const [own, user, organization] = trailsOf('setting.changed');
    assert.deepEqual(kinds, [own, user, user, organization]);
    assert.deepEqual([own, organization], ['setting.changed:own', 'setting.changed:organization']);
    assert.equal(of({ subjectId: 'one' }).keep, 7);
  });

  it('keeps no history of what concerns no subject', async () => {
    const store = memoryStore();
    const event = { type: 'enrollment.reset', subjectId: null, tenantId: 'acme', actorId: 'two' };
    await storeTrail(store).record({ ...event, at: new Date(0) } as AuditEvent);
    for (const id of ['null', '']) {
      assert.deepEqual(await store.readHistory(id, { before: null, limit: 9 }), []);
    }
  });

  describe('cannot be washed away:', () => {
    /** Everything that a person can cause alone, with a password, a factor, or neither. */
    const OWN: readonly AuditEventType[] = [
      'verification.succeeded',
      'verification.failed',
      'verification.locked',
      'enrollment.confirmed',
      'enrollment.failed',
      'enrollment.removed',
      'recovery-codes.made',
      'sessions.ended',
      'device.remembered',
      'device.forgotten',
      'device.stolen',
      'fallback.used',
      'unavailable',
    ];
    const DEEDS: readonly AuditEventType[] = [
      'enrollment.reset',
      'subject.unlocked',
      'subject.moved',
      'subject.deleted',
      'sessions.ended',
      'activation-key.issued',
      'activation-key.revoked',
      'enrollment.handed-over',
      'setting.changed',
    ];

    it('what administrators did stays, whatever people do', async () => {
      const { read, events } = trail();
      for (const type of DEEDS) events.record(type, { subject, ...admin });
      events.record('setting.changed', { organizationId: 'acme', ...admin });
      for (let n = 0; n < 500; n += 1) {
        for (const type of OWN) {
          events.record(type, { subject: { ...subject, id: `user${n}` }, detail: `${n}` });
        }
      }
      const kept = (await read()).filter(({ actorId }) => actorId === admin.actorId);
      assert.deepEqual(types(kept).sort(), [...DEEDS, 'setting.changed'].sort());
    });

    it('no kind of event pushes out another', async () => {
      const { read, events } = trail();
      for (const type of OWN) events.record(type, { subject });
      for (let n = 0; n < 500; n += 1) {
        events.record('verification.failed', { subject: { ...subject, id: `user${n}` } });
      }
      const kept = new Set(types(await read()));
      assert.deepEqual([...kept].sort(), [...OWN].sort());
    });

    it('a person has twenty events of a kind a day, and the rest are counted', async () => {
      const { read, events } = trail({ keep: 1000 });
      const victim = { ...subject, id: 'victim' };
      events.record('verification.failed', { subject: victim });
      for (let n = 0; n < 5000; n += 1) {
        events.record('verification.failed', { subject, detail: `${n}`, from: `192.0.2.${n}` });
      }
      const all = await read();
      assert.equal(all.length, 21);
      assert.equal(all.at(-1)?.subjectId, 'victim');
      assert.equal(all[0]?.repeats, 4980);
      clock.time += DAY;
      events.record('verification.failed', { subject });
      assert.equal((await read()).length, 22);
    });

    it('a lock is one event, whoever is refused by whichever method, and the next lock another', async () => {
      const { read, events } = trail({ keep: 1000 });
      const refuse = (at: number | null, method: string) =>
        events.record('verification.locked', {
          ...{ subject, method },
          detail: lockedUntil(at === null ? null : new Date(at)),
        });
      for (let n = 0; n < 500; n += 1) {
        for (const at of [30_000, 90_000, null]) refuse(at, n % 2 ? 'totp' : 'recovery-code');
      }
      const locks = await read();
      assert.deepEqual(
        locks.map(({ detail, repeats }) => [detail, repeats]),
        [
          ['until somebody helps', 499],
          ['until 1970-01-01T00:01:30.000Z', 499],
          ['until 1970-01-01T00:00:30.000Z', 499],
        ],
      );
    });

    it('one who is locked and unlocked all day fills no more than a day’s share', async () => {
      const { read, events } = trail({ keep: 1000 });
      for (let n = 0; n < 500; n += 1) {
        events.record('verification.locked', { subject, detail: lockedUntil(new Date(n * 1000)) });
      }
      assert.equal((await read()).length, 20);
    });

    it('an administrator who switches one user on and off pushes out nobody else', async () => {
      const { read, events } = trail({ keep: 100 });
      events.record('setting.changed', { subject: { ...subject, id: 'other' }, ...admin });
      for (let n = 0; n < 500; n += 1) events.record('setting.changed', { subject, ...admin });
      assert.equal((await read()).length, 21);
    });

    it('an administrator has two hundred changes of an organization a day', async () => {
      const { read, events } = trail({ keep: 1000 });
      const organizationId = 'acme';
      events.record('setting.changed', { organizationId, actorId: 'other', detail: 'first' });
      for (let n = 0; n < 500; n += 1) {
        events.record('setting.changed', { organizationId, ...admin, detail: `${n}` });
      }
      const all = await read();
      assert.equal(all.length, 201);
      assert.equal(all.at(-1)?.detail, 'first');
      assert.equal(all[0]?.repeats, 300);
    });
  });

  describe('beside it, the history of a subject', () => {
    it('names all that was ever bound, by whom, and is never pushed out', async () => {
      const { events, history } = trail({ keep: 1 });
      events.record('enrollment.confirmed', { subject, enrollments: [phone] });
      events.record('recovery-codes.made', { subject });
      for (let n = 0; n < 500; n += 1) events.record('verification.failed', { subject });
      events.record('enrollment.reset', { subject, ...admin, enrollments: [phone] });
      for (const id of ['a', 'b', 'c']) {
        events.record('enrollment.removed', { subject, enrollments: [{ ...phone, id }] });
      }
      assert.deepEqual(
        (await history()).map(({ type, actorId, enrollments }) => [
          type,
          actorId,
          enrollments?.[0]?.id,
        ]),
        [
          ['enrollment.removed', subject.id, 'c'],
          ['enrollment.removed', subject.id, 'b'],
          ['enrollment.removed', subject.id, 'a'],
          ['enrollment.reset', 'admin@acme', 'one'],
          ['recovery-codes.made', subject.id, undefined],
          ['enrollment.confirmed', subject.id, 'one'],
        ],
      );
    });

    it('is kept of those too who belong to no organization', async () => {
      const store = memoryStore();
      const event = { type: 'enrollment.reset', subjectId: 'user1', tenantId: null } as AuditEvent;
      await storeTrail(store).record({ ...event, at: new Date(0) });
      assert.equal((await store.readHistory('user1', { before: null, limit: 9 })).length, 1);
    });

    it('grows by no more than a day’s share, whoever adds and removes all day', async () => {
      const { events, history } = trail();
      for (let n = 0; n < 500; n += 1) {
        events.record('enrollment.confirmed', { subject, enrollments: [phone] });
        events.record('enrollment.removed', { subject, enrollments: [phone] });
      }
      events.record('enrollment.reset', { subject, ...admin, enrollments: [phone] });
      const all = await history();
      assert.equal(all.length, 41);
      assert.equal(all[0]?.type, 'enrollment.reset');
    });
  });

  it('tells the host of a lock once, and of everything else each time', () => {
    const told: (string | null)[] = [];
    const sink = oncePerLock({ record: ({ type, detail }) => void told.push(detail ?? type) });
    const events = audit([sink], { now: () => 0, onError: (error) => assert.fail(String(error)) });
    const refuse = (at: number | null, id = 'user1') =>
      events.record('verification.locked', {
        subject: { ...subject, id },
        detail: lockedUntil(at === null ? null : new Date(at)),
      });
    for (let n = 0; n < 3; n += 1) refuse(0);
    refuse(0, 'user2');
    for (let n = 0; n < 2; n += 1) events.record('verification.failed', { subject });
    const first = 'until 1970-01-01T00:00:00.000Z';
    assert.deepEqual(told.splice(0), [first, first, 'verification.failed', 'verification.failed']);
    for (const help of [
      'subject.unlocked',
      'enrollment.reset',
      'verification.succeeded',
    ] as const) {
      for (let n = 0; n < 2; n += 1) refuse(null);
      events.record(help, { subject: { ...subject, id: 'user1' }, ...admin });
      assert.deepEqual(told.splice(0), ['until somebody helps', help]);
    }
  });
});
