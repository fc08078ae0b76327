import assert from 'node:assert/strict';
import { type AuditEvent, memoryStore } from 'sallyport';
import { audit, onBehalf } from '../../src/audit/events.js';
import { storeTrail } from '../../src/audit/trail.js';

const subject = { id: 'user1@acme', tenantId: 'acme' };

describe('the trail in the store', () => {
  const trail = (store = memoryStore({ now: () => 0 }), keep = 10) => {
    const errors: unknown[] = [];
    const events = audit([storeTrail(store, { keep })], {
      now: () => 0,
      onError: (error) => errors.push(error),
    });
    return { store, events, errors };
  };
  const types = async (store: ReturnType<typeof memoryStore>, id = 'acme') =>
    (await store.readEvents(id, { before: null, limit: 100 })).map(({ type }) => type);

  it('keeps each event with its organization', async () => {
    const { store, events } = trail();
    events.record('verification.succeeded', { subject });
    events.record('setting.changed', { organizationId: 'globex', actorId: 'admin@globex' });
    events.record('subject.moved', { subject, organizationId: 'globex' });
    assert.deepEqual(await types(store), ['verification.succeeded']);
    assert.deepEqual(await types(store, 'globex'), ['subject.moved', 'setting.changed']);
  });

  it('leaves out what belongs to no organization', async () => {
    const { store, events, errors } = trail();
    events.record('unavailable', {});
    assert.deepEqual(await types(store, 'null'), []);
    assert.deepEqual(errors, []);
  });

  it('drops the oldest beyond the cap', async () => {
    const { store, events } = trail(undefined, 3);
    for (let at = 0; at < 5; at++) events.record('verification.failed', { subject });
    events.record('verification.succeeded', { subject });
    assert.deepEqual(await types(store), [
      'verification.succeeded',
      'verification.failed',
      'verification.failed',
    ]);
  });

  it('reports a store that fails, and holds nobody up', async () => {
    const failure = new Error('down');
    const store = { ...memoryStore(), appendEvent: () => Promise.reject(failure) };
    const { events, errors } = trail(store);
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
});
