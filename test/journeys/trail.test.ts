import assert from 'node:assert/strict';
import type { AuditEvent } from 'sallyport';
import { AdminBrowser, administration } from '../support/admin.js';
import { Browser, wrongCode } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { set } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const ACME = '/setup/organizations/acme';
const DAY = 24 * 60 * 60 * 1000;
const USER1 = `${ACME}/users/user1%40acme`;

journeys('the trail', (world) => {
  const now = () => world().clock.now();

  /** A host that keeps ten events of each kind, so that washing them away takes no thousands. */
  async function open() {
    const made = await world().host(() => {
      const { options, routes } = administration();
      return { options: { ...options, eventsKept: 10 }, routes };
    });
    await set(world().store, 'acme', { mode: 'required', methods: ['totp'] });
    await set(world().store, 'north', { mode: 'required', methods: ['totp'] });
    const admin = new AdminBrowser(made.app);
    await admin.activate('admin@north', now());
    return { ...made, admin };
  }

  const kept = () => world().store.readEvents('acme', { before: null, limit: 1000 });
  const refused = async () => {
    const locks = (await kept()).filter(({ type }) => type === 'verification.locked');
    return locks.reduce((sum, { repeats }) => sum + 1 + repeats, 0);
  };

  it('cannot be washed away by somebody who has the password and is refused again and again', async () => {
    const { app, admin, events } = await open();
    await new Browser(app).activate('user2@acme', now());
    assert.equal((await admin.call(`${ACME}/users/user2%40acme/reset`)).status, 200);
    await admin.call(`${ACME}/two-factor`, { action: 'enable', users: ['user3@acme'] });
    const key = await new Browser(app).activate('user1@acme', now());

    const thief = new Browser(app);
    await thief.login('user1@acme');
    world().clock.advance(30_000);
    const _csrf = await thief.csrf();
    for (let n = 0; n < 45; n += 1) {
      const code = wrongCode(key, now());
      const { status } = await thief.json('post', '/two-factor/challenge/totp', { code, _csrf });
      assert.equal(status, n < 5 ? 422 : 429);
    }

    await eventually(async () => (await refused()) === 40);
    const all = await kept();
    const of = (type: string) => all.filter((one) => one.type === type);
    assert.deepEqual(
      of('verification.locked').map(({ repeats, subjectId }) => [repeats, subjectId]),
      [[39, 'user1@acme']],
    );
    assert.equal(of('verification.failed').length, 5);
    assert.equal(of('enrollment.reset')[0]?.subjectId, 'user2@acme');
    assert.equal(of('setting.changed')[0]?.subjectId, 'user3@acme');
    assert.equal(of('enrollment.confirmed').length, 2);
    const locked = (await admin.json('get', `${ACME}/events?type=verification.locked`)).body.items;
    assert.deepEqual(
      locked.map(({ repeats, lastAt }: { repeats: number; lastAt: string }) => [repeats, lastAt]),
      [[39, new Date(now()).toISOString()]],
    );
    assert.match(
      (await admin.get(`${ACME}/events`)).text,
      /and 39 more like it, the last at <time/,
    );
    // The host, who may send a message for each, hears of one lock once.
    assert.equal(events.filter(({ type }) => type === 'verification.locked').length, 1);
  });

  it('is read by day, and finds what has gone on into a day', async () => {
    const { app } = await open();
    const append = () =>
      world().store.appendEvent(
        'acme',
        {
          ...({ type: 'verification.locked', tenantId: 'acme', method: 'totp' } as const),
          ...{ subjectId: 'user1@acme', actorId: 'user1@acme', from: null, detail: null },
          at: new Date(now()),
        },
        {
          ...{ trail: 'verification.locked:own', keep: 10 },
          folds: [{ key: 'lock', each: 1, withinMs: DAY }],
        },
      );
    await append();
    world().clock.advance(DAY - 60_000);
    await append();
    assert.equal(new Date(now()).toISOString().slice(0, 10), '2026-01-01');
    world().clock.advance(45_000);
    await append();
    assert.equal(new Date(now()).toISOString().slice(0, 10), '2026-01-02');
    const admin = new AdminBrowser(app);
    await admin.activate('admin@acme', now());
    const found = async (query: string) =>
      (await admin.json('get', `${ACME}/events?type=verification.locked&${query}`)).body.items
        .length;
    assert.equal(await found('from=2026-01-02'), 1);
    assert.equal(await found('from=2026-01-01&to=2026-01-01'), 1);
    assert.equal(await found('from=2026-01-03'), 0);
    assert.equal(await found('to=2025-12-31'), 0);
  });

  it('shows the history on User Details, page by page', async () => {
    const { admin } = await open();
    const { store } = world();
    const event = (n: number, more: Partial<AuditEvent> = {}): AuditEvent => ({
      ...({ type: 'enrollment.confirmed', at: new Date(now() + n), method: 'totp' } as const),
      ...{ subjectId: 'user1@acme', tenantId: 'acme', actorId: 'user1@acme' },
      ...{ from: null, detail: null },
      enrollments: [{ id: `${n}`, method: 'totp', label: `Phone ${n}` }],
      ...more,
    });
    const add = (one: AuditEvent) => store.appendHistory('user1@acme', one, { folds: [] });
    for (let n = 1; n <= 21; n += 1) await add(event(n));
    await add(event(22, { type: 'enrollment.removed', detail: 'replaced' }));
    await add(event(23, { type: 'enrollment.removed' }));
    await add(event(0, { type: 'recovery-codes.made', enrollments: [] }));
    await add(event(24, { type: 'enrollment.reset', actorId: 'admin@north' }));
    await add(event(25, { type: 'enrollment.reset', actorId: 'boss@south', tenantId: 'south' }));
    await add(event(26, { type: 'enrollment.reset', actorId: null }));
    const other = { ...event(27), enrollments: [{ id: 'x', method: 'totp', label: '<b>\u202e' }] };
    await store.appendHistory('user2@acme', other, { folds: [] });

    const page = await admin.get(USER1);
    for (const word of ['Activated', 'Replaced', 'Removed', 'Reset', 'Recovery codes made']) {
      assert.match(page.text, new RegExp(`<span class="sp-cell">${word}<`));
    }
    assert.match(page.text, /<bdi>Phone 23<\/bdi> <span[^>]*>Authenticator app</);
    for (const who of ['The user', 'admin@north', 'Another organization', 'The application']) {
      assert.ok(page.text.includes(`<bdi>${who}</bdi>`), who);
    }
    assert.doesNotMatch(page.text, /boss@south/);
    const { history } = (await admin.json('get', USER1)).body;
    assert.equal(history.items.length, 20);
    assert.deepEqual(
      history.items
        .slice(0, 7)
        .map(({ what, actorId }: { what: string; actorId: string }) => [what, actorId]),
      [
        ['reset', null],
        ['reset', null],
        ['reset', 'admin@north'],
        ['recovery-codes-made', 'user1@acme'],
        ['removed', 'user1@acme'],
        ['replaced', 'user1@acme'],
        ['enrolled', 'user1@acme'],
      ],
    );
    const next = /href="([^"]*)" rel="next"/.exec(page.text)?.[1] ?? '';
    assert.match(next, /#history$/);
    const second = await admin.get(next.split('#')[0] ?? '');
    assert.ok(second.text.includes('<bdi>Phone 1</bdi>') && !second.text.includes('Phone 8<'));
    assert.match(second.text, />First page</);
    assert.doesNotMatch(second.text, /rel="next"/);
    const rest = (await admin.json('get', `${USER1}?history=${history.next}`)).body.history;
    assert.deepEqual([rest.items.length, rest.next], [7, null]);

    // A page that is just full is the last one, and shows what has repeated.
    const fold = { key: 'same', each: 1, withinMs: DAY };
    for (let n = 0; n < 20; n += 1) {
      const folds = n === 19 ? [fold] : [];
      await store.appendHistory('user3@acme', { ...event(n), actorId: 'user3@acme' }, { folds });
    }
    await store.appendHistory('user3@acme', event(30), { folds: [fold] });
    const full = (await admin.json('get', `${ACME}/users/user3%40acme`)).body.history;
    assert.deepEqual([full.items.length, full.next], [20, null]);
    assert.deepEqual(
      [full.items[0].repeats, full.items[0].lastAt],
      [1, new Date(now()).toISOString()],
    );
    const one = await admin.get(`${ACME}/users/user3%40acme`);
    assert.match(one.text, /Activated\s*<span[^>]*>and 1 more like it, the last at <time/);
    assert.doesNotMatch(one.text, /First page|rel="next"|>Unlock</);

    const strange = await admin.get(`${ACME}/users/user2%40acme`);
    assert.match(strange.text, /<bdi>&lt;b&gt;\u202e<\/bdi>/);
    assert.match(
      (await admin.get(`${ACME}/users/admin%40acme`)).text,
      /Nothing was ever activated/,
    );
  });

  it('remembers of each user what was ever bound, by whom, whatever came after', async () => {
    const { app, admin } = await open();
    for (let n = 0; n < 3; n += 1) {
      const user = new AdminBrowser(app);
      await user.activate('user1@acme', now());
      assert.equal((await admin.call(`${USER1}/reset`)).status, 200);
      world().clock.advance(30_000);
    }
    for (let n = 0; n < 12; n += 1) {
      await new Browser(app).activate(`user${n + 4}@acme`, now());
    }
    const history = () => world().store.readHistory('user1@acme', { before: null, limit: 50 });
    await eventually(async () => (await history()).length === 9);
    const told = (await history()).map(({ type, actorId }) => `${type} by ${actorId}`);
    const round = [
      'enrollment.reset by admin@north',
      'recovery-codes.made by user1@acme',
      'enrollment.confirmed by user1@acme',
    ];
    assert.deepEqual(told, [...round, ...round, ...round]);
    for (const { type, enrollments = [] } of await history()) {
      if (type === 'recovery-codes.made') continue;
      assert.deepEqual(
        enrollments.map(({ method, label }) => [method, label]),
        [['totp', 'Authenticator app']],
      );
    }
  });
});
