import assert from 'node:assert/strict';
import type { Outcome, RecordStore } from '../../store/record-store.js';
import {
  blankSubject,
  KINDS,
  type Kind,
  type Records,
  type StoredSubject,
} from '../../store/records.js';
import { eventually } from './eventually.js';
import { digest, MINUTE, SEALED, START, type Stage } from './stage.js';

/** One of each kind, with every field in use. */
const FULL: Records = {
  subject: {
    epoch: 7,
    epochRoseAt: START - 1,
    epochRaisedBy: 'session',
    signIn: { by: 'okta', at: START - 2, amr: ['mfa', 'hwk'], acr: 'urn:example:loa:2' },
    failures: 3,
    retryAt: START + 5,
    enrollments: [
      {
        ...{
          id: 'one',
          method: 'totp',
          label: 'Téléphone ☎',
          sealed: SEALED,
          lastStep: 59_000_000,
        },
        ...{ parameters: 'sha1/6/30', createdAt: START, lastUsedAt: START + 1 },
      },
      {
        ...{ id: 'two', method: 'x:y', label: '\ud800', sealed: SEALED, lastStep: -1 },
        ...{ parameters: '', createdAt: START, lastUsedAt: null },
        foundBy: ['AAECAwQFBgc', 'no digest'],
      },
    ],
    pending: {
      ...{ id: 'three', method: 'totp', label: '', sealed: SEALED, parameters: 'sha512/8/30' },
      ...{ session: 'digest', expiresAt: START + MINUTE, basis: 'proven' },
    },
    activationKey: { digest: digest(1), endsAt: START + MINUTE },
    recoveryCodes: [digest(2), digest(3)],
    recoveryCodesKept: true,
    foreignCodes: SEALED,
    legacyAsked: true,
    removed: true,
    setting: {
      ...{ version: 4, value: { mode: 'required', deep: [1, null, 'é'] } },
      ...{ changedBy: 'admin-1', changedAt: START },
    },
    settingVersion: 4,
  },
  organization: {
    setting: { version: 2, value: {}, changedBy: 'admin-1', changedAt: START },
    settingVersion: 2,
  },
  session: {
    ...{ state: 'proven', subjectId: 'a:"b\\\n{c}\u0000', epoch: 7, login: 'one' },
    factors: [{ method: 'duo', enrollmentId: 'duo', at: START, via: 'acme', loginOnly: true }],
    expiresAt: START + MINUTE,
  },
  devices: {
    devices: [
      {
        ...{ id: 'one', tenantId: 'acme', label: 'Browser', method: 'totp', epoch: 7 },
        ...{ createdAt: START, lastUsedAt: START + 1, endsAt: START + MINUTE },
        ...{ token: 'second', before: 'first', rotatedAt: START + 1 },
      },
    ],
  },
  transaction: { value: SEALED, endsAt: START + MINUTE },
  holders: { holders: [{ subjectId: 'é', tenantId: 'acme', enrollmentId: 'one' }] },
};

const ALL = Object.keys(KINDS) as Kind[];

/** Puts `record` in the place of whatever there is, and tells it. */
const put =
  <R>(record: R | null, more: Partial<Outcome<R, R | null>> = {}) =>
  (present: R | null): Outcome<R, R | null> => ({
    ...{ next: record, result: present, durable: true },
    ...more,
  });

const look = <R>(present: R | null): Outcome<R, R | null> => ({ next: present, result: present });

export function keepingRecords({ describe, it, records, otherRecords, clock }: Stage): void {
  const write = <K extends Kind>(kind: K, id: string, record: Records[K] | null, on = records) =>
    on.update(kind, id, put(record));
  const count = (on: RecordStore, id = 'counted') =>
    on.update('organization', id, (present) => {
      const settingVersion = (present?.settingVersion ?? 0) + 1;
      return { next: { setting: null, settingVersion }, result: settingVersion, durable: true };
    });

  describe('records', () => {
    for (const kind of ALL) {
      it(`of the kind ${kind} are kept as they were given`, async () => {
        assert.equal(await records.read(kind, 'one'), null);
        assert.equal(await write(kind, 'one', FULL[kind]), null);
        assert.deepEqual(plain(await otherRecords.read(kind, 'one')), plain(FULL[kind]));
        assert.deepEqual(plain(await records.update(kind, 'one', look)), plain(FULL[kind]));
        assert.deepEqual(plain(await records.read(kind, 'one')), plain(FULL[kind]));
      });
    }

    // The others never are: one that is counted and gone is lost.
    for (const kind of ALL.filter((one) => !KINDS[one].counted)) {
      it(`of the kind ${kind} can be removed and made again`, async () => {
        await write(kind, 'one', FULL[kind]);
        await write(kind, 'one', null);
        assert.equal(await records.update(kind, 'one', look), null);
        assert.equal(await write(kind, 'one', FULL[kind], otherRecords), null);
        assert.deepEqual(plain(await records.update(kind, 'one', look)), plain(FULL[kind]));
      });
    }

    it('of one id and several kinds have nothing to do with each other', async () => {
      for (const kind of ALL) assert.equal(await write(kind, 'one', FULL[kind]), null, kind);
      await write('subject', 'one', { ...blankSubject, epoch: 9 });
      for (const kind of ALL.filter((one) => one !== 'subject')) {
        assert.deepEqual(plain(await records.update(kind, 'one', look)), plain(FULL[kind]));
      }
    });

    it('of ids that look alike to a careless encoding are apart, in every kind', async () => {
      const ids = ['a', 'A', ' a', 'a ', 'a:devices', '{a}', 'ä', 'a\u0308', '\u0000', '\ud800'];
      const session = (at: number) => ({ ...FULL.session, epoch: at });
      for (const [at, id] of ids.entries()) await write('session', id, session(at));
      for (const [at, id] of ids.entries()) {
        const found = await otherRecords.read('session', id);
        assert.equal(found?.epoch, at, JSON.stringify(id));
      }
    });

    it('that gates read are at hand once they were read, missing ones included', async () => {
      for (const kind of ALL.filter((one) => KINDS[one].watched)) {
        for (const id of ['one', 'nobody']) {
          if (id === 'one') await write(kind, id, FULL[kind]);
          await eventually(() => !(records.read(kind, id) instanceof Promise));
        }
      }
    });

    it('with an end may go after it, and not before', async () => {
      const until = (ms: number) => put(FULL.session, { durable: false, keptUntil: START + ms });
      await records.update('session', 'one', until(MINUTE));
      clock.time += MINUTE - 1;
      assert.deepEqual(plain(await otherRecords.read('session', 'one')), plain(FULL.session));
    });
  });

  describe('a change of a record', () => {
    it('is told what there is, the time, and that nothing is lost', async () => {
      clock.time += 5;
      await write('organization', 'acme', FULL.organization, otherRecords);
      await records.update('organization', 'acme', (present, now, lost) => {
        assert.deepEqual(plain(present), plain(FULL.organization));
        assert.deepEqual([now, lost], [START + 5, null]);
        return { next: present, result: null };
      });
    });

    it('rests on what another process has written, also where it changes nothing', async () => {
      for (let round = 1; round <= 10; round += 1) {
        assert.equal(await count(otherRecords), round);
        const seen = await records.update('organization', 'counted', look);
        assert.equal(seen?.settingVersion, round);
        // And so that it is at hand when the other one writes again.
        await records.read('organization', 'counted');
      }
    });

    it('is one step: of many that come together on two processes none is lost', async () => {
      const told = await Promise.all(
        Array.from({ length: 60 }, (_, n) => count(n % 2 ? records : otherRecords)),
      );
      assert.deepEqual(
        told.sort((one, other) => one - other),
        Array.from({ length: 60 }, (_, n) => n + 1),
      );
      assert.equal((await records.update('organization', 'counted', look))?.settingVersion, 60);
    });

    it('is one step: one of many makes a record, and one removes it', async () => {
      const each = <T>(run: (on: RecordStore) => Promise<T>) =>
        Promise.all(Array.from({ length: 30 }, (_, n) => run(n % 2 ? records : otherRecords)));
      const value = { value: SEALED, endsAt: START + MINUTE };
      const made = await each((on) =>
        on.update('transaction', 'one', (present) => ({
          next: present ?? value,
          result: present === null,
        })),
      );
      assert.equal(made.filter(Boolean).length, 1);
      const removed = await each((on) =>
        on.update('transaction', 'one', (present) => ({ next: null, result: present !== null })),
      );
      assert.equal(removed.filter(Boolean).length, 1);
    });

    it('that throws changes nothing, and does not harm those beside it', async () => {
      const wrong = new Error('the transition is wrong');
      const [first, failed, second] = await Promise.allSettled([
        count(records),
        records.update('organization', 'counted', () => {
          throw wrong;
        }),
        count(records),
      ]);
      assert.deepEqual(first, { status: 'fulfilled', value: 1 });
      assert.deepEqual(failed, { status: 'rejected', reason: wrong });
      assert.deepEqual(second, { status: 'fulfilled', value: 2 });
      assert.equal((await otherRecords.update('organization', 'counted', look))?.settingVersion, 2);
    });

    it('that changes nothing calls no subscriber back', async () => {
      await write('subject', 'one', FULL.subject);
      await records.read('subject', 'one');
      let calls = 0;
      const stop = records.subscribe(() => {
        calls += 1;
      });
      const kept = await records.update('subject', 'one', (present: StoredSubject | null) => ({
        next: present,
        result: 'kept',
      }));
      assert.equal(kept, 'kept');
      assert.equal(calls, 0);
      await write('subject', 'one', { ...FULL.subject, epoch: 8 });
      await eventually(() => calls > 0);
      stop();
    });
  });

  describe('the trails of an owner', () => {
    it('are those of an organization or of a subject, and forgotten each for itself', async () => {
      const event = {
        ...{ type: 'verification.succeeded' as const, at: new Date(START), subjectId: 'one' },
        ...{ tenantId: 'acme', actorId: null, method: 'totp', from: null, detail: null },
      };
      const place = { trail: 'a', keep: null, folds: [] };
      const page = { before: null, limit: 10 };
      for (const owner of ['organization', 'subject'] as const) {
        await records.append(owner, 'one', event, place);
      }
      await otherRecords.forget('organization', 'one');
      assert.deepEqual(await records.page('organization', 'one', page), []);
      const [kept] = await records.page('subject', 'one', page);
      assert.deepEqual(kept, { ...event, id: kept?.id, repeats: 0, lastAt: null });
    });
  });
}

/** Bytes as numbers, whichever class they are of. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}
