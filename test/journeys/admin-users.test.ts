import assert from 'node:assert/strict';
import {
  AdminBrowser,
  type AdministrationOptions,
  administration,
  formFields,
  testAuthorize,
  testDirectory,
} from '../support/admin.js';
import { codeAt, wrongCode } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const ACME = '/setup/organizations/acme';
const USERS = `${ACME}/users`;
const BULK = `${ACME}/two-factor`;
const USER1 = `${USERS}/user1%40acme`;
const HOUR = 3_600_000;

const SETTING = {
  mode: null,
  methods: ['totp'],
  enrollment: null,
  graceUntil: null,
  maxAgeSeconds: null,
  clientsMust: null,
};

journeys('switching single users on and off', (world) => {
  const open = (options: AdministrationOptions = {}) => world().host(() => administration(options));
  const outcomes = (results: readonly { id: string; outcome: string }[]) =>
    results.map(({ id, outcome }) => `${id} ${outcome}`);

  it('leads from the selection through the question to the result of each', async () => {
    const { app, events } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@acme');
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    const list = await admin.get(USERS);
    assert.match(list.text, /name="users" value="user2@acme"/);
    assert.match(list.text, /name="action" value="enable"[^>]*>Enable Two-Factor</);

    const question = await admin.submit(`${BULK}/preview`, {
      action: 'enable',
      search: '',
      users: ['user1@acme', 'user2@acme'],
    });
    assert.match(question.text, /Enable two-factor for <span data-sp="count">2<\/span> users\?/);
    assert.match(question.text, />Yes</);
    assert.equal((await user.get('/')).status, 200);

    const done = await admin.submit(BULK, formFields(question.text, BULK));
    assert.match(done.text, /enabled for <span data-sp="count">2</);
    assert.match(
      done.text,
      /user2@acme\.example<\/bdi><\/a><\/th>\s*<td[^>]*><span class="sp-tick">Enabled/,
    );
    assert.equal((await user.get('/')).headers.location, '/two-factor/activate');
    const other = await AdminBrowser.signedIn({ app }, 'user3@acme');
    assert.equal((await other.get('/')).status, 200);

    const after = await admin.get(USERS);
    const row = /user1@acme\.example<\/bdi><\/a>[\s\S]*?<\/tr>/.exec(after.text)?.[0] ?? '';
    assert.match(row, /sp-tick">Required/);
    assert.match(row, /from user/);
    assert.match(row, /Nothing yet/);
    const changed = events.filter(({ type }) => type === 'setting.changed');
    // Both are switched on at the same moment: which of them is first is nobody's decision.
    assert.deepEqual(
      changed.map(({ actorId, subjectId, tenantId }) => [actorId, subjectId, tenantId]).sort(),
      [
        ['admin@acme', 'user1@acme', 'acme'],
        ['admin@acme', 'user2@acme', 'acme'],
      ],
    );
  });

  it('switches off the same way, and says of each what was so already', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    await admin.call(BULK, { action: 'enable', users: ['user1@acme'] });
    const on = await admin.call(BULK, { action: 'enable', users: ['user1@acme', 'user2@acme'] });
    assert.deepEqual(outcomes(on.body.results), [
      'user1@acme already-enabled',
      'user2@acme enabled',
    ]);
    const off = await admin.call(BULK, { action: 'disable', users: ['user1@acme', 'user3@acme'] });
    assert.deepEqual(outcomes(off.body.results), [
      'user1@acme disabled',
      'user3@acme already-disabled',
    ]);
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    assert.equal((await user.get('/')).status, 200);
  });

  it('does not switch off a user whose client requires it, and says why', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    await admin.call(BULK, { action: 'enable', users: ['user1@acme'] });
    await admin.call(`${ACME}/authentication`, {
      version: 0,
      setting: { ...SETTING, mode: 'required' },
    });
    const { body } = await admin.call(BULK, { action: 'disable', users: ['user1@acme'] });
    assert.deepEqual([body.done, body.refused], [0, 1]);
    assert.equal(body.results[0].outcome, 'required-by-organization');
    assert.match(
      body.results[0].reason,
      /Client acme: two-factor is required \(set by admin@north/,
    );
    assert.notEqual((await world().store.readSubject('user1@acme')).setting, null);
    const page = await admin.submit(BULK, { action: 'disable', users: ['user2@acme'] });
    assert.match(page.text, /Not disabled\. Client acme: two-factor is required/);
    const details = await admin.get(`${USERS}/user2%40acme`);
    assert.match(details.text, /required by the client, so it cannot be switched off/);
  });

  it('takes a whole filtered list, and asks again when it is another one meanwhile', async () => {
    const { app } = await open({ directory: testDirectory({ acme: 450 }) });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const question = await admin.submit(`${BULK}/preview`, {
      action: 'enable',
      everybody: 'yes',
      search: 'user4',
    });
    // user4, user40 to user49, user400 to user450.
    assert.match(question.text, /data-sp="count">62</);
    const fields = formFields(question.text, BULK);
    const changed = await admin.submit(BULK, { ...fields, count: '61' });
    assert.equal(changed.status, 409);
    assert.match(changed.text, /were 61 users when you were asked, and are 62 now/);
    assert.equal((await world().store.readSubject('user4@acme')).setting, null);

    const done = await admin.call(BULK, { action: 'enable', everybody: true, search: 'user4' });
    assert.deepEqual([done.body.done, done.body.results.length], [62, 62]);
    assert.notEqual((await world().store.readSubject('user450@acme')).setting, null);
    assert.equal((await world().store.readSubject('user5@acme')).setting, null);
  });

  it('takes of everybody those who may be read, and names no others', async () => {
    const { app } = await open({
      admin: {
        authorize: (req, action, target) =>
          testAuthorize(req, action, target) &&
          !(target.kind === 'user' && target.user.id === 'user2@acme'),
      },
    });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const everybody = { action: 'enable', everybody: true };
    assert.equal((await admin.call(`${BULK}/preview`, everybody)).body.count, 3);
    const done = await admin.call(BULK, { ...everybody, count: 3 });
    assert.deepEqual(outcomes(done.body.results), [
      'admin@acme enabled',
      'user1@acme enabled',
      'user3@acme enabled',
    ]);
    assert.doesNotMatch(done.text, /user2/);
  });

  it('points to the organization where the list is too long', async () => {
    const { app } = await open({ directory: testDirectory({ acme: 10_001 }) });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const { status, body } = await admin.call(BULK, { action: 'enable', everybody: true });
    assert.equal(status, 422);
    assert.match(body.message, /whole organization instead/);
    const users = Array.from({ length: 1001 }, (_, at) => `user${at}@acme`);
    assert.equal((await admin.call(BULK, { action: 'enable', users })).status, 400);
    const thousand = await admin.call(BULK, { action: 'enable', users: users.slice(1) });
    assert.equal(thousand.body.done, 1000);
    const form = await admin.submit(`${BULK}/preview`, {
      action: 'disable',
      users: users.slice(1),
    });
    assert.match(form.text, /data-sp="count">1000</);
    assert.equal((await admin.submit(BULK, formFields(form.text, BULK))).status, 200);
    assert.equal((await world().store.readSubject('user1000@acme')).setting, null);
  });

  it('gives those switched on until a date', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const selection = { action: 'enable', users: ['user1@acme'] };
    const past = await admin.call(BULK, { ...selection, grace: '2025-12-31' });
    assert.deepEqual([past.status, Object.keys(past.body.fields)], [422, ['grace']]);
    assert.equal((await admin.call(BULK, { ...selection, grace: '31/12/2026' })).status, 400);
    await admin.call(BULK, { ...selection, grace: '2026-01-02' });
    const { body } = await (await AdminBrowser.signedIn({ app }, 'user1@acme')).json('get', '/');
    assert.equal(body.graceEndsAt, '2026-01-02T00:00:00.000Z');
  });

  it('leaves out an administrator whom it would lock out, unless told to in so many words', async () => {
    const { app } = await open({ admin: { secondFactor: 'policy' } });
    const admin = await AdminBrowser.signedIn({ app }, 'admin@acme');
    const users = ['admin@acme', 'user1@acme'];
    const first = await admin.call(BULK, { action: 'enable', users });
    assert.deepEqual(outcomes(first.body.results), [
      'admin@acme would-lock-you-out',
      'user1@acme enabled',
    ]);
    const question = await admin.submit(`${BULK}/preview`, { action: 'enable', users });
    assert.match(question.text, /You are among them/);
    const meant = await admin.call(BULK, { action: 'enable', users, override: 'lock me out' });
    assert.deepEqual(outcomes(meant.body.results), [
      'admin@acme enabled',
      'user1@acme already-enabled',
    ]);
    assert.equal((await admin.get('/setup')).headers.location, '/two-factor/activate');
  });

  it('leaves out an administrator whose time to activate it would take', async () => {
    const { app } = await open({ admin: { secondFactor: 'policy' } });
    const admin = await AdminBrowser.signedIn({ app }, 'admin@acme');
    const mine = { action: 'enable', users: ['admin@acme'] };
    await admin.call(BULK, { ...mine, grace: '2026-01-05', override: 'lock me out' });
    await admin.post('/two-factor/postpone', { _csrf: await admin.csrf() });
    const question = await admin.submit(`${BULK}/preview`, mine);
    assert.match(question.text, /You are among them/);
    const { body } = await admin.call(BULK, mine);
    assert.deepEqual(outcomes(body.results), ['admin@acme would-lock-you-out']);
    const later = await admin.call(BULK, { ...mine, grace: '2026-01-06' });
    assert.deepEqual(outcomes(later.body.results), ['admin@acme enabled']);
  });

  it('lists users page by page, by search, and never all of them', async () => {
    const directory = testDirectory({ acme: 10_000 });
    const { app } = await open({ directory });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    directory.calls.length = 0;
    const first = await admin.get(USERS);
    assert.equal(first.text.match(/name="users"/g)?.length, 50);
    assert.match(first.text, /10001 users/);
    assert.deepEqual(directory.calls, ['users acme cursor=null']);
    const next = /href="([^"]*)" rel="next"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = await admin.get(next);
    assert.match(second.text, /value="user50@acme"/);
    assert.match(second.text, />First page</);
    const found = await admin.get(`${USERS}?search=user77%40`);
    assert.equal(found.text.match(/name="users"/g)?.length, 1);
    const none = await admin.get(`${USERS}?search=${encodeURIComponent('"><script>')}`);
    assert.match(none.text, /No user matches/);
    assert.ok(!none.text.includes('"><script>'));
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'search=a&search=b']) {
      assert.equal((await admin.json('get', `${USERS}?${query}`)).status, 400, query);
    }
  });

  it('shows rows only of users who may be read, and then no total', async () => {
    const { app } = await open({
      admin: {
        authorize: (_req, action, target) =>
          action !== 'user:read' || (target.kind === 'user' && target.user.id !== 'user2@acme'),
      },
    });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const { body } = await admin.json('get', USERS);
    assert.deepEqual(
      [body.total, body.items.map(({ id }: { id: string }) => id)],
      [null, ['admin@acme', 'user1@acme', 'user3@acme']],
    );
    const bulk = await admin.call(BULK, { action: 'enable', users: ['user2@acme', 'nobody'] });
    assert.deepEqual(
      bulk.body.results.map(({ outcome }: { outcome: string }) => outcome),
      ['not-found', 'not-found'],
    );
    const question = await admin.call(`${BULK}/preview`, { action: 'enable', everybody: true });
    assert.equal(question.body.count, 3);
  });
});

journeys('activating and resetting a user', (world) => {
  const open = (options: AdministrationOptions = {}) => world().host(() => administration(options));
  const now = () => world().clock.now();

  async function required(options: AdministrationOptions = {}, setting: object = {}) {
    const host = await open(options);
    const admin = await AdminBrowser.proven(host, 'admin@north');
    await admin.call(`${ACME}/authentication`, {
      version: 0,
      setting: { ...SETTING, mode: 'required', ...setting },
    });
    return { ...host, admin };
  }

  it('by QR code and key, shown once, confirmed on the spot; nobody is elevated by it', async () => {
    const { app, admin, events } = await required();
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    const choose = await admin.get(`${USER1}/activate`);
    assert.match(choose.text, /Hand over QR code and key/);
    assert.doesNotMatch(choose.text, /data-sp="totp-key"/);
    const shown = await admin.submit(`${USER1}/activate`, { confirm: 'now' });
    const key = /data-sp="totp-key">([^<]*)</.exec(shown.text)?.[1] ?? '';
    assert.match(key, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    assert.match(shown.text, /<svg[^>]*role="img"/);
    assert.equal(shown.headers['cache-control'], 'no-store');
    const fields = formFields(shown.text, `${USER1}/activate/confirm`);

    const wrong = await admin.submit(`${USER1}/activate/confirm`, {
      ...fields,
      code: wrongCode(key, now()),
    });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /role="alert"[\s\S]*not right/);
    assert.ok(!wrong.text.includes(key) && !wrong.text.includes('<svg'));

    const stranger = await AdminBrowser.proven({ app }, 'admin@acme');
    assert.equal(stranger.cookies.has('connect.sid'), true);
    const right = await admin.submit(`${USER1}/activate/confirm`, {
      ...fields,
      code: codeAt(key, now()),
    });
    assert.equal(right.headers.location, `${USER1}?done=activated`);
    assert.equal((await user.get('/')).headers.location, '/two-factor/challenge');
    const enrolled = events.findLast(({ type }) => type === 'enrollment.confirmed');
    assert.deepEqual([enrolled?.actorId, enrolled?.subjectId], ['admin@north', 'user1@acme']);
    assert.ok(!JSON.stringify(events).includes(key.replaceAll(' ', '')));

    world().clock.advance(30_000);
    await user.answerChallenge(codeAt(key, now()));
    assert.equal((await user.get('/')).status, 200);
    const details = await admin.get(USER1);
    assert.match(details.text, /sp-tick">Authenticator app/);
    assert.doesNotMatch(details.text, new RegExp(`href="${USER1}/activate"`));
  });

  it('on the spot also where the organization demands an activation key, which nobody has to type then', async () => {
    const { admin } = await required({}, { enrollment: 'activation-key' });
    const { body } = await admin.call(`${USER1}/activate`, { confirm: 'now' });
    const { status } = await admin.call(`${USER1}/activate/confirm`, {
      code: codeAt(body.key, now()),
      enrollment: body.enrollment,
    });
    assert.equal(status, 200);
    assert.equal((await world().store.readSubject('user1@acme')).enrollments.length, 1);
  });

  it('by another administrator’s session it cannot be confirmed', async () => {
    const { app, admin } = await required();
    const other = await AdminBrowser.proven({ app }, 'admin@north');
    const { body } = await admin.call(`${USER1}/activate`, { confirm: 'now' });
    const { status, body: answer } = await other.call(`${USER1}/activate/confirm`, {
      code: codeAt(body.key, now()),
      enrollment: body.enrollment,
    });
    assert.deepEqual([status, answer.error], [422, 'superseded']);
    assert.equal((await world().store.readSubject('user1@acme')).enrollments.length, 0);
  });

  it('or left to the first login', async () => {
    const { app, admin, events } = await required({ admin: { handoverMaxAge: '2h' } });
    const { body } = await admin.call(`${USER1}/activate`, { confirm: 'first-login' });
    assert.equal(body.expiresAt, new Date(now() + 2 * HOUR).toISOString());
    assert.equal(events.at(-1)?.type, 'enrollment.handed-over');
    world().clock.advance(HOUR);
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    const form = await user.get('/two-factor/activate/totp');
    assert.ok(!form.text.includes(body.key));
    const enrollment = /name="enrollment"[^>]*value="([^"]*)"/.exec(form.text)?.[1] ?? '';
    await user.post('/two-factor/activate/totp', {
      code: codeAt(body.key, now()),
      enrollment,
      _csrf: await user.csrf(),
    });
    assert.equal((await user.get('/')).status, 200);
  });

  it('or by an activation key: shown once, for a day, and revocable', async () => {
    const { app, admin, events } = await required({}, { enrollment: 'activation-key' });
    const issued = await admin.submit(`${USER1}/activation-key`);
    const key = /data-sp="activation-key">([^<]*)</.exec(issued.text)?.[1] ?? '';
    assert.match(key, /^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    const { body } = await admin.json('get', USER1);
    assert.equal(body.activationKeyEndsAt, new Date(now() + 24 * HOUR).toISOString());
    assert.ok(!JSON.stringify(body).includes(key) && !JSON.stringify(events).includes(key));

    const revoked = await admin.call(`${USER1}/activation-key/revoke`);
    assert.equal(revoked.body.revoked, true);
    assert.equal((await admin.call(`${USER1}/activation-key/revoke`)).body.revoked, false);
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    const type = async (activationKey: string) =>
      user.post('/two-factor/activate/totp/key', { activationKey, _csrf: await user.csrf() });
    assert.equal((await type(key)).status, 422);

    const second = (await admin.call(`${USER1}/activation-key`)).body.activationKey;
    assert.match((await user.get('/two-factor/activate/totp')).text, /Enter your activation key/);
    const typed = await type(second.toLowerCase().replaceAll('-', ' '));
    assert.equal(typed.status, 303);
    const { key: own, ...form } = await user.totpForm();
    await user.post('/two-factor/activate/totp', { ...form, code: codeAt(own, now()) });
    assert.equal((await world().store.readSubject('user1@acme')).enrollments.length, 1);
    assert.equal((await world().store.readSubject('user1@acme')).activationKeyEndsAt, null);
    assert.deepEqual(
      events
        .filter(({ type: one }) => one.startsWith('activation-key'))
        .map(({ type: one }) => one),
      ['activation-key.issued', 'activation-key.revoked', 'activation-key.issued'],
    );
  });

  it('resets: the factors go, sessions end at their next request, and the host hears of it', async () => {
    const { app, admin, events } = await required();
    const user = new AdminBrowser(app);
    await user.activate('user1@acme', now());
    assert.equal((await user.get('/')).status, 200);
    const question = await admin.get(`${USER1}/reset`);
    assert.match(question.text, /Reset <bdi>user1@acme\.example<\/bdi>\?/);
    assert.equal((await user.get('/')).status, 200);
    const done = await admin.submit(`${USER1}/reset`);
    assert.equal(done.headers.location, `${USER1}?done=reset`);
    assert.equal((await user.get('/')).headers.location, '/two-factor/expired');
    const reset = events.find(({ type }) => type === 'enrollment.reset');
    assert.deepEqual([reset?.actorId, reset?.subjectId], ['admin@north', 'user1@acme']);
    assert.equal((await admin.get('/setup')).status, 200);
  });

  it('issues an activation key with a reset, if asked or if the organization demands one', async () => {
    const { app, admin } = await required();
    await new AdminBrowser(app).activate('user1@acme', now());
    const asked = await admin.submit(`${USER1}/reset`, { issueKey: 'yes' });
    assert.match(asked.text, /data-sp="activation-key"/);
    assert.match(asked.text, /was reset/);
    await admin.call(`${ACME}/authentication`, {
      version: 1,
      setting: { ...SETTING, mode: 'required', enrollment: 'activation-key' },
    });
    const { body } = await admin.call(`${USER1}/reset`);
    assert.match(body.activationKey, /-/);
  });

  it('unlocks a user after too many failures', async () => {
    const { app, admin, events } = await required();
    const user = new AdminBrowser(app);
    const key = await user.activate('user1@acme', now());
    const again = await AdminBrowser.signedIn({ app }, 'user1@acme');
    world().clock.advance(30_000);
    for (let at = 0; at < 5; at++) await again.answerChallenge(wrongCode(key, now()));
    assert.equal((await again.answerChallenge(codeAt(key, now()))).status, 429);
    const details = await admin.get(USER1);
    assert.match(details.text, /5 wrong answers in a row/);
    const unlocked = await admin.submit(`${USER1}/unlock`);
    assert.equal(unlocked.headers.location, `${USER1}?done=unlocked`);
    assert.equal((await again.answerChallenge(codeAt(key, now()))).status, 303);
    assert.equal(
      events.some(({ type }) => type === 'subject.unlocked'),
      true,
    );
  });

  it('refuses to activate whoever is activated, and the administrator’s own account', async () => {
    const { app, admin } = await required();
    await new AdminBrowser(app).activate('user1@acme', now());
    for (const path of ['activate', 'activation-key']) {
      const { status, body } = await admin.call(`${USER1}/${path}`, {
        ...(path === 'activate' ? { confirm: 'now' } : {}),
      });
      assert.deepEqual([status, body.error], [409, 'already_activated'], path);
    }
    const own = '/setup/organizations/north/users/admin%40north';
    for (const [path, fields] of [
      ['activate', { confirm: 'now' }],
      ['activation-key', {}],
      ['reset', {}],
      ['unlock', {}],
    ] as const) {
      const { status, body } = await admin.call(`${own}/${path}`, fields);
      assert.deepEqual([status, body.error], [409, 'own_account'], path);
    }
  });

  it('keeps a trail per organization, with filters and pages', async () => {
    const { app } = await required();
    await new AdminBrowser(app).activate('user1@acme', now());
    world().clock.advance(48 * HOUR);
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    await admin.call(`${USER1}/reset`);
    const events = async (query: string) =>
      (await admin.json('get', `${ACME}/events${query}`)).body.items.map(
        ({ type }: { type: string }) => type,
      );
    await settled(async () => (await events('')).includes('enrollment.reset'));
    assert.equal((await events(''))[0], 'enrollment.reset');
    assert.deepEqual(await events('?type=enrollment.reset'), ['enrollment.reset']);
    assert.deepEqual(await events('?user=admin%40north'), ['enrollment.reset', 'setting.changed']);
    assert.deepEqual(await events('?from=2026-01-03'), ['enrollment.reset']);
    assert.ok(!(await events('?to=2026-01-01')).includes('enrollment.reset'));
    assert.deepEqual(await events('?user=nobody'), []);
    const page = await admin.get(`${ACME}/events?type=enrollment.reset`);
    assert.match(page.text, />Reset</);
    assert.match(page.text, /admin@north/);
    for (const query of ['?type=x', '?from=yesterday', '?to=2026-13-01']) {
      assert.equal((await admin.json('get', `${ACME}/events${query}`)).status, 400, query);
    }
    // Globex knows nothing of it.
    const globex = await admin.json('get', '/setup/organizations/globex/events');
    assert.deepEqual(globex.body.items, []);
  });
});

/** Events are written beside the answer, so they may come a moment later. */
async function settled(done: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    if (await done()) return;
  }
  assert.fail('it did not come to that');
}
