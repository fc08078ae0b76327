import assert from 'node:assert/strict';
import { AdminBrowser, administration } from '../support/admin.js';
import { Browser, wrongCode } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { set } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const ACME = '/setup/organizations/acme';
const USER1 = `${ACME}/users/user1%40acme`;

journeys('the trail', (world) => {
  const now = () => world().clock.now();

  /** A host that keeps ten events of each kind, so that washing them away takes no thousands. */
  async function open() {
    const made = await world().host((store) => {
      const { options, routes } = administration(store);
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
    // The host, who may send a message for each, hears of one lock once.
    assert.equal(events.filter(({ type }) => type === 'verification.locked').length, 1);
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
