import assert from 'node:assert/strict';
import { eventually } from './eventually.js';
import { START, type Stage } from './stage.js';

export function settings({ describe, it, store, other }: Stage): void {
  for (const [whose, write, read] of [
    ['an organization', 'writeSetting', async (id: string, at = store) => at.readSetting(id)],
    [
      'a user',
      'writeUserSetting',
      async (id: string, at = store) => (await at.readSubject(id)).setting,
    ],
  ] as const) {
    describe(`the setting of ${whose}`, () => {
      const save = (value: Record<string, unknown> | null, expectedVersion: number | null) =>
        store[write]('acme', { value, changedBy: 'admin-1', expectedVersion });

      it('is kept as it was given, with who changed it and when', async () => {
        assert.equal(await read('acme'), null);
        const value = {
          mode: 'required',
          list: [1, null, { 'é "☎"': true }],
          long: 'x'.repeat(500),
        };
        assert.deepEqual(await save(value, 0), { kind: 'saved', version: 1 });
        const stored = await read('acme');
        assert.deepEqual(stored, { version: 1, value, changedBy: 'admin-1', changedAt: START });
        const inner = (stored?.value as typeof value | undefined)?.list;
        assert.ok(Object.isFrozen(stored?.value) && Object.isFrozen(inner));
        assert.ok(inner?.every(Object.isFrozen) && !Object.isFrozen(value));
        assert.deepEqual(await save({ mode: 'off' }, 1), { kind: 'saved', version: 2 });
        assert.deepEqual((await read('acme'))?.value, { mode: 'off' });
      });

      it('is not overwritten by who has seen an older one', async () => {
        await save({ a: 1 }, 0);
        const current = { version: 1, value: { a: 1 }, changedBy: 'admin-1', changedAt: START };
        assert.deepEqual(await save({ a: 2 }, 0), { kind: 'conflict', current });
        assert.deepEqual(await save({ a: 2 }, 7), { kind: 'conflict', current });
        assert.deepEqual(await save({ a: 2 }, null), { kind: 'saved', version: 2 });
      });

      it('goes on counting versions after it was removed', async () => {
        await save({ a: 1 }, 0);
        assert.deepEqual(await save(null, 1), { kind: 'saved', version: 2 });
        assert.equal(await read('acme'), null);
        assert.deepEqual(await save({ a: 3 }, 2), { kind: 'conflict', current: null });
        assert.deepEqual(await save({ a: 3 }, 0), { kind: 'saved', version: 3 });
      });

      it('is changed by one of many who change it from the same version', async () => {
        const all = await Promise.all(Array.from({ length: 10 }, (_, n) => save({ n }, 0)));
        assert.equal(all.filter(({ kind }) => kind === 'saved').length, 1);
      });

      it('calls subscribers back when it changes elsewhere', async () => {
        let calls = 0;
        store.subscribe(() => {
          calls += 1;
        });
        await read('acme');
        await other[write]('acme', { value: { a: 1 }, changedBy: 'x', expectedVersion: 0 });
        await eventually(() => calls > 0);
      });

      it('is seen by other processes', async () => {
        assert.equal(await read('acme', other), null);
        await save({ a: 1 }, 0);
        await eventually(async () => (await read('acme', other))?.version === 1);
      });
    });
  }
}
