import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AuditEvent } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { secondFactorStore } from '../../src/store/second-factor-store.js';
import { enrollUnder, newKey, sallyport } from '../support/cli.js';
import {
  contentsOf,
  dumpFile,
  enrolledSubject,
  type MakePlace,
  type Place,
  postgresPlace,
  put,
  redisPlace,
  removeDumps,
} from '../support/dumps.js';
import { closePool, openPool } from '../support/postgres.js';
import { eventually } from '../support/redis.js';
import { closeStores, coded, openClient, timed } from '../support/redis-store.js';

const HOUR = 3_600_000;
const SEALED = Buffer.from('sealed');
const ODD = ['plain', 'a:"b\\\n{c}\u0000', 'Müller/☎', '\ud800', ' ', 'sp:{s:x}'];

const places: readonly (readonly [string, MakePlace])[] = [
  ['Redis', redisPlace],
  ['Postgres', postgresPlace],
];

async function initialized(make: MakePlace): Promise<Place> {
  const place = await make();
  assert.equal((await sallyport(['init', ...place.args])).code, 0);
  return place;
}

const event = (detail: string): AuditEvent => ({
  ...{ type: 'verification.failed', tenantId: 'acme', subjectId: 'plain', actorId: 'plain' },
  ...{ method: 'totp', from: '::1', detail, at: new Date(1_700_000_000_000) },
});

/** Something of each kind, under names that are hard to keep. */
async function fill(store: RecordStore): Promise<void> {
  const until = store.now() + HOUR;
  for (const id of ODD) {
    await put(store, 'subject', id, enrolledSubject(SEALED, { epoch: 3, failures: 2 }));
    await put(store, 'organization', id, {
      settingVersion: 1,
      setting: { version: 1, value: { mode: 'off' }, changedBy: id, changedAt: 5 },
    });
    await put(store, 'devices', id, { devices: [] }, until);
    await put(store, 'transaction', id, { value: SEALED, endsAt: until }, until);
    const holder = { subjectId: id, tenantId: 'acme', enrollmentId: 'one' };
    await put(store, 'holders', id, { holders: [holder] });
    const session = { subjectId: id, epoch: 3, login: 'x', factors: [], expiresAt: until };
    await put(store, 'session', id, { state: 'proven', ...session }, until);
    for (const trail of ['verification.failed:own', 'other']) {
      for (const detail of ['one', 'two', 'one']) {
        const folds = [{ key: detail, each: 1, withinMs: HOUR }];
        await store.append('organization', id, event(detail), { trail, keep: 10, folds });
      }
    }
    await store.append('subject', id, event(id), { trail: 'history', keep: null, folds: [] });
  }
  // Counted, and not durable: it is in no ledger.
  await store.update('subject', 'a stranger', (present) => ({
    next: { ...enrolledSubject(SEALED), enrollments: [], failures: 1 },
    result: present,
  }));
}

/** Without what the move may set anew. */
const kept = (file: string) => {
  const { records, trails } = contentsOf(file);
  return {
    trails,
    records: records.map(({ keptUntil, ...rest }) => ({ ...rest, kept: keptUntil !== null })),
  };
};

describe('npx sallyport export and import', function () {
  this.timeout(60_000);
  afterEach(async () => {
    await closeStores();
    removeDumps();
  });

  for (const [from, makeSource] of places) {
    for (const [to, makeTarget] of places) {
      it(`take all that there is from ${from} to ${to}`, async () => {
        const [source, target] = [await initialized(makeSource), await initialized(makeTarget)];
        const store = source.open();
        await store.ready();
        await fill(store);
        const [before, after] = [dumpFile(), dumpFile()];
        const exported = await sallyport(['export', before, ...source.args]);
        assert.equal(exported.code, 0, exported.err);
        assert.match(exported.out, /^Exported: 37 records, and the events of 12\./);
        const imported = await sallyport(['import', before, ...target.args]);
        assert.equal(imported.code, 0, imported.err);
        assert.match(
          imported.out,
          /^Imported: 49\. There already: 0\. Ended since the export: 0\./,
        );
        assert.equal((await sallyport(['export', after, ...target.args])).code, 0);
        assert.deepEqual(kept(after), kept(before));
        const keptUntil = (file: string) => contentsOf(file).records.map((one) => one.keptUntil);
        for (const [n, end] of keptUntil(after).entries()) {
          const wanted = keptUntil(before)[n] ?? null;
          assert.ok(end === wanted || Math.abs((end ?? 0) - (wanted ?? 0)) < 5000, `${end}`);
        }
        // And a store says the same of both.
        const moved = target.open();
        await moved.ready();
        for (const id of ODD) {
          assert.deepEqual(await moved.read('subject', id), await store.read('subject', id));
          const page = (one: RecordStore) =>
            one.page('organization', id, { before: null, limit: 100 });
          const told = (await page(moved)).map(({ id: _, ...rest }) => rest);
          assert.deepEqual(
            told,
            (await page(store)).map(({ id: _, ...rest }) => rest),
          );
          assert.equal(told.length, 4);
          await moved.append('organization', id, event('later'), {
            ...{ trail: 'other', keep: 10, folds: [] },
          });
          assert.equal((await page(moved))[0]?.detail, 'later');
          // It goes on: with the next durable change, and with nothing that looks older.
          const reset = await secondFactorStore(moved).reset(id);
          assert.equal(reset.epoch, 4);
        }
      });
    }
  }

  for (const [name, make] of places) {
    describe(`of ${name}`, () => {
      let source: Place;
      let store: RecordStore;
      let file: string;

      beforeEach(async () => {
        source = await initialized(make);
        store = source.open();
        await store.ready();
        file = dumpFile();
      });
      const exported = (...more: string[]) => sallyport(['export', file, ...source.args, ...more]);
      const imported = (target: Place, ...more: string[]) =>
        sallyport(['import', file, ...target.args, ...more]);

      it('hold and print no secret, and only their owner reads the file', async () => {
        const keys = keyring([newKey()]);
        const { secret, recoveryCodes } = await enrollUnder(
          secondFactorStore(store),
          keys,
          'user1',
        );
        const { out, err } = await exported();
        const said = `${out}\n${err}\n${readFileSync(file, 'latin1')}`;
        for (const one of ['hex', 'base64', 'base64url', 'latin1'] as const) {
          assert.ok(!said.includes(secret.toString(one)), one);
        }
        for (const code of recoveryCodes) assert.ok(!said.includes(code));
        const records = contentsOf(file).records.map(({ record }) => JSON.stringify(record));
        assert.ok(!records.join().includes(JSON.stringify(secret)));
        assert.equal(statSync(file).mode & 0o777, 0o600);
      });

      it('refuse a file that exists, and a store that was not set up', async () => {
        writeFileSync(file, 'mine');
        assert.equal((await exported('--final')).code, 2);
        assert.equal(readFileSync(file, 'utf8'), 'mine');
        // And the store was not taken out of service for it.
        await put(store, 'subject', 'user1', enrolledSubject(SEALED));
        const unset = await make();
        const { code, err } = await sallyport(['export', dumpFile(), ...unset.args]);
        assert.equal(code, 1);
        assert.match(err, /ERR_STORE_NOT_INITIALIZED/);
      });

      it('refuse a target that was not set up, or holds something', async () => {
        await put(store, 'subject', 'user1', enrolledSubject(SEALED));
        await exported();
        const unset = await imported(await make());
        assert.equal(unset.code, 1);
        assert.match(unset.err, /ERR_STORE_NOT_INITIALIZED/);
        const { code, err } = await imported(source);
        assert.equal(code, 1);
        assert.match(err, /is not empty.*--resume/);
        const onlyEvents = await initialized(make);
        const other = onlyEvents.open();
        await other.ready();
        const place = { trail: 'x', keep: 1, folds: [] };
        await other.append('organization', 'acme', event('x'), place);
        assert.match((await imported(onlyEvents)).err, /is not empty/);
      });

      it('--resume adds what is missing, and leaves what is there as it is', async () => {
        for (const id of ['one', 'two', 'three']) {
          await put(store, 'subject', id, enrolledSubject(SEALED, { epoch: 1 }));
        }
        await exported();
        const target = await initialized(make);
        const other = target.open();
        await other.ready();
        await put(other, 'subject', 'two', enrolledSubject(SEALED, { epoch: 9 }));
        const first = await imported(target, '--resume');
        assert.match(first.out, /^Imported: 2\. There already: 1\./, first.err);
        assert.equal((await other.read('subject', 'two'))?.epoch, 9);
        assert.equal((await other.read('subject', 'three'))?.epoch, 1);
        assert.match((await imported(target, '--resume')).out, /^Imported: 0\. There already: 3\./);
      });

      it('leave alone a record of which the target knows that it is lost', async () => {
        await put(store, 'subject', 'user1', enrolledSubject(SEALED));
        await exported();
        const target = await initialized(make);
        const other = target.open();
        await other.ready();
        await put(other, 'subject', 'user1', enrolledSubject(SEALED));
        await lose(target, 'user1');
        assert.match((await imported(target, '--resume')).out, /^Imported: 0\. There already: 1\./);
        const fresh = target.open();
        await fresh.ready();
        await assert.rejects(async () => fresh.read('subject', 'user1'), coded('ERR_STORE_RECORD'));
      });

      it('name the line that is damaged, gone or moved, and import nothing', async () => {
        for (let n = 0; n < 4; n += 1) {
          await put(store, 'subject', `user${n}`, enrolledSubject(SEALED));
        }
        await exported();
        const whole = readFileSync(file, 'utf8');
        const lines = whole.trimEnd().split('\n');
        const target = await initialized(make);
        const at = (n: number) => lines[n] ?? '';
        const flipped = (line: string, place: number) =>
          line.slice(0, place) + (line[place] === 'A' ? 'B' : 'A') + line.slice(place + 1);
        const damaged: readonly (readonly [string, string])[] = [
          ...[0, 5, 20, 60, at(3).length - 12, at(3).length - 3].map(
            (place) => ['line 4:', lines.with(3, flipped(at(3), place)).join('\n')] as const,
          ),
          ['line 3:', lines.toSpliced(2, 1).join('\n')],
          ['line 2:', [at(0), at(2), at(1), ...lines.slice(3)].join('\n')],
          ['line 3:', [at(0), at(1), at(1), ...lines.slice(2)].join('\n')],
          ['ends after line 5', lines.slice(0, -1).join('\n')],
          ['line 4:', whole.slice(0, whole.indexOf(at(3)) + 30)],
          ['line 1:', 'something else'],
          ['line 1:', lines.slice(1).join('\n')],
          ['line 7:', `${whole}${at(5)}\n`],
          ['ends after line 0', ''],
        ];
        for (const [says, text] of damaged) {
          writeFileSync(file, text);
          const { code, err } = await imported(target);
          assert.equal(code, 1, says);
          assert.ok(err.includes(says), `${says}: ${err}`);
          assert.match(err, /Nothing was imported/);
        }
        writeFileSync(file, whole);
        // Empty still, and whole again.
        assert.match((await imported(target)).out, /^Imported: 4\./);
      });

      it('refuse to export where a record is damaged or gone, and say which', async () => {
        for (const id of ['sound', 'gone']) {
          await put(store, 'subject', id, enrolledSubject(SEALED));
        }
        await lose(source, 'gone');
        const { code, err } = await exported();
        assert.equal(code, 1);
        assert.match(
          err,
          name === 'Redis' ? /subject that cannot be named is gone/ : /subject gone/,
        );
        assert.throws(() => statSync(file), /ENOENT/);
      });

      it('--final: nothing is written any more, all that was acknowledged is in it, and init undoes it', async () => {
        const writers = [store, source.open(), source.open()];
        await Promise.all(writers.map((one) => one.ready()));
        const acknowledged = new Map<string, number>();
        const writing = writers.flatMap((one, n) =>
          Array.from({ length: 10 }, async (_, m) => {
            const id = `user-${n}-${m}`;
            for (;;) {
              const { value, error } = await timed(() => secondFactorStore(one).reset(id));
              if (error !== undefined) return error;
              acknowledged.set(id, (value as { epoch: number }).epoch);
            }
          }),
        );
        await eventually(() => acknowledged.size === 30);
        const { code, err } = await exported('--final');
        assert.equal(code, 0, err);
        for (const error of await Promise.all(writing)) {
          assert.ok(coded('ERR_STORE_NOT_INITIALIZED')(error), String(error));
        }
        const found = new Map(
          contentsOf(file).records.map(({ id, record }) => [
            id,
            (record as { epoch: number }).epoch,
          ]),
        );
        for (const [id, epoch] of acknowledged) {
          assert.ok((found.get(id) ?? 0) >= epoch, `${id}: ${found.get(id)} of ${epoch}`);
        }
        const fresh = source.open();
        await assert.rejects(fresh.ready(), coded('ERR_STORE_NOT_INITIALIZED'));
        assert.match(
          (await sallyport(['export', dumpFile(), ...source.args])).err,
          /NOT_INITIALIZED/,
        );
        assert.equal((await sallyport(['init', ...source.args])).code, 0);
        await fresh.ready();
        assert.ok(((await fresh.read('subject', 'user-0-0'))?.epoch ?? 0) >= 1);
      });
    });
  }
});

/** Takes the record of a subject away, and not what says that there was one. */
async function lose({ args }: Place, id: string): Promise<void> {
  const [kind, url = '', , prefix = ''] = args;
  if (kind === '--redis') {
    await (await openClient(url)).del(`${prefix}{s:${id}}`);
    return;
  }
  const pool = openPool(url);
  await pool.query(`DELETE FROM ${prefix}records WHERE kind = 'subject' AND id = $1`, [id]);
  await closePool(pool);
}
