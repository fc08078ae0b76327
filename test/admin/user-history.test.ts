import assert from 'node:assert/strict';
import type { AuditEvent } from 'sallyport';
import { opened } from '../support/opened-admin.js';

const USER = '/setup/organizations/acme/users/user1%40acme';
const AT = new Date('2026-01-02T03:04:05.000Z');
const BY = {
  subjectId: 'user1@acme',
  tenantId: 'acme',
  actorId: 'user1@acme',
  from: null,
} as const;

describe('the history of a user', () => {
  async function withHistory(events: readonly Partial<AuditEvent>[]) {
    const made = await opened();
    for (const event of events) {
      const whole = { type: 'enrollment.confirmed', at: AT, method: 'totp', detail: null, ...BY };
      await made.store.appendHistory('user1@acme', { ...whole, ...event } as AuditEvent, {
        folds: [],
      });
    }
    const rows = async () =>
      [...(await made.shown()).matchAll(/<tr role="row">\s*<td[\s\S]*?<\/tr>/g)].map(([row]) =>
        row
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim(),
      );
    return { ...made, rows };
  }
  const authenticator = (label: string) => [{ id: 'abcdefghijkl', method: 'totp', label }];

  it('names an authenticator, and its method only where that says more', async () => {
    const { rows, told } = await withHistory([
      { enrollments: authenticator('Authenticator app') },
      { enrollments: authenticator('Old phone') },
    ]);
    const [old, app] = await rows();
    assert.match(old ?? '', /Activated Old phone Authenticator app The user$/);
    assert.match(app ?? '', /Activated Authenticator app The user$/);
    assert.doesNotMatch(app ?? '', /Authenticator app Authenticator app/);
    const [first] = (await told()).history.items;
    assert.deepEqual(
      { ...first, id: null },
      {
        ...{ id: null, what: 'enrolled', at: AT.toISOString(), actorId: 'user1@acme' },
        ...{ authenticators: authenticator('Old phone'), repeats: 0, lastAt: null },
      },
    );
  });

  it('says that a secret was possibly copied', async () => {
    const { rows, told } = await withHistory([
      { type: 'enrollment.copied', enrollments: authenticator('Old phone'), actorId: null },
    ]);
    assert.match((await rows())[0] ?? '', /Possibly copied Old phone Authenticator app/);
    assert.equal((await told()).history.items[0].what, 'copied');
  });

  it('says nothing of authenticators where there was none', async () => {
    const { rows, told } = await withHistory([{ type: 'recovery-codes.made', method: null }]);
    assert.match((await rows())[0] ?? '', /Recovery codes made – The user$/);
    assert.deepEqual((await told()).history.items[0].authenticators, []);
  });

  it('says of each event what it was', async () => {
    const events = [
      ['enrollment.confirmed', null, 'enrolled', 'Activated'],
      ['enrollment.removed', null, 'removed', 'Removed'],
      ['enrollment.removed', 'replaced', 'replaced', 'Replaced'],
      ['enrollment.reset', null, 'reset', 'Reset'],
      ['enrollment.imported', null, 'imported', 'Taken over'],
    ] as const;
    const { rows, told } = await withHistory(
      events.map(([type, detail]) => ({ type, detail, enrollments: authenticator('Phone') })),
    );
    const newest = [...events].reverse();
    assert.deepEqual(
      (await told()).history.items.map(({ what }: { what: string }) => what),
      newest.map(([, , what]) => what),
    );
    for (const [at, row] of (await rows()).entries()) {
      assert.match(row, new RegExp(` ${newest[at]?.[3]} Phone `));
    }
  });

  it('names who did it, where this administrator may know', async () => {
    const { rows, told } = await withHistory([
      { actorId: 'user1@acme', tenantId: 'globex' },
      { actorId: 'admin@globex', tenantId: 'globex' },
      { actorId: null },
      { actorId: null, tenantId: 'globex' },
      { actorId: 'admin@acme' },
    ]);
    const by = (await rows()).map((row) => row.replace(/^.*– /, ''));
    const elsewhere = 'Another organization';
    assert.deepEqual(by, ['admin@acme', elsewhere, 'The application', elsewhere, 'The user']);
    assert.deepEqual(
      (await told()).history.items.map(({ actorId }: { actorId: string | null }) => actorId),
      ['admin@acme', null, null, null, 'user1@acme'],
    );
  });

  it('says how often the like of it happened again, and when last', async () => {
    const { clock, store, shown, told } = await withHistory([]);
    const event = { type: 'enrollment.confirmed', method: 'totp', detail: null, ...BY } as const;
    const folds = [{ key: 'a', each: 1, withinMs: 86_400_000 }];
    const last = new Date(clock.now());
    for (const at of [AT, last]) {
      await store.appendHistory('user1@acme', { ...event, at }, { folds });
    }
    const [one, ...others] = (await told()).history.items;
    assert.deepEqual([one.repeats, one.lastAt, others], [1, last.toISOString(), []]);
    assert.match(await shown(), new RegExp(`<time datetime="${last.toISOString()}"`));
  });

  it('is read twenty at a time, with the way on and back to the newest', async () => {
    const labels = Array.from({ length: 41 }, (_, at) => `Phone ${at}`);
    const { browser, told } = await withHistory(
      labels.map((label) => ({ enrollments: authenticator(label) })),
    );
    const pages: string[][] = [];
    let url = USER;
    for (let page = 0; page < 3; page += 1) {
      const { items, next } = (await told(url)).history;
      pages.push(
        items.map((one: { authenticators: { label: string }[] }) => one.authenticators[0]?.label),
      );
      const { text } = await browser.get(url);
      const links = [...text.matchAll(/href="([^"]*#history)"/g)].map(([, href]) => href);
      const on = next === null ? [] : [`${USER}?history=${next}#history`];
      assert.deepEqual(links, page === 0 ? on : [`${USER}#history`, ...on], `page ${page}`);
      url = `${USER}?history=${next}`;
    }
    assert.deepEqual(
      pages.map(({ length }) => length),
      [20, 20, 1],
    );
    assert.deepEqual(pages.flat(), labels.toReversed());
    const { history } = await told(USER);
    assert.equal(history.items.length, 20);
  });

  it('of twenty is one page', async () => {
    const { told } = await withHistory(Array.from({ length: 20 }, () => ({})));
    const { items, next } = (await told()).history;
    assert.deepEqual([items.length, next], [20, null]);
  });
});
