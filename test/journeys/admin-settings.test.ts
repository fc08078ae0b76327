import assert from 'node:assert/strict';
import {
  AdminBrowser,
  type AdministrationOptions,
  administration,
  formFields,
  testAuthorize,
  testDirectory,
} from '../support/admin.js';
import { codeAt } from '../support/browser.js';
import { journeys, type World } from '../support/worlds.js';

const ACME = '/setup/organizations/acme/authentication';
const NORTH = '/setup/organizations/north/authentication';

const SETTING = {
  mode: null,
  methods: null,
  enrollment: null,
  graceUntil: null,
  maxAgeSeconds: null,
  rememberDays: null,
  clientsMust: null,
};
const { clientsMust: _none, ...LEVEL } = SETTING;
const FLOOR = { ...LEVEL, mode: 'required', enrollment: 'self' };

journeys('switching two-factor on for an organization', (world) => {
  const open = (options: AdministrationOptions = {}) => world().host(() => administration(options));
  const save = (browser: AdminBrowser, path: string, setting: object, version = 0) =>
    browser.call(path, { version, setting: { ...SETTING, ...setting } });

  it('leads from the clients through Enable and the preview to the tick mark', async () => {
    const { app, events } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    assert.equal((await user.get('/')).status, 200);

    const clients = await admin.get('/setup/organizations/north/clients');
    assert.match(clients.text, new RegExp(`href="${ACME}"><bdi>Acme<`));
    assert.doesNotMatch(clients.text, /sp-tick/);
    const before = await admin.get(ACME);
    const enable = formFields(before.text, `${ACME}/preview`);
    assert.equal(enable.mode, 'required');

    const preview = await admin.submit(`${ACME}/preview`, enable);
    assert.equal(preview.status, 200);
    assert.match(preview.text, /All 4 users were examined/);
    assert.match(preview.text, /data-sp="newly-asked">4</);
    assert.match(preview.text, /user3@acme\.example/);
    assert.equal((await user.get('/')).status, 200);

    const saved = await admin.submit(ACME, formFields(preview.text, ACME));
    assert.equal(saved.headers.location, `${ACME}?done=saved`);
    const after = await admin.get(saved.headers.location);
    assert.match(after.text, /role="status">Saved/);
    assert.match(
      after.text,
      /sp-tick">Two-factor is required<\/span> for all users of this client/,
    );
    const list = await admin.get('/setup/organizations/north/clients');
    assert.match(list.text, /sp-tick">Required/);
    assert.match(list.text, /from client/);

    // Existing users at their next request, and a user nobody has heard of before.
    assert.equal((await user.get('/')).headers.location, '/two-factor/activate');
    const later = await AdminBrowser.signedIn({ app }, 'somebody-new@acme');
    assert.equal((await later.get('/')).headers.location, '/two-factor/activate');
    const elsewhere = await AdminBrowser.signedIn({ app }, 'user1@globex');
    assert.equal((await elsewhere.get('/')).status, 200);
    const changed = events.find(({ type }) => type === 'setting.changed');
    assert.deepEqual(
      [changed?.tenantId, changed?.actorId, changed?.subjectId, changed?.detail],
      ['acme', 'admin@north', null, 'Two-factor: not set → required'],
    );
  });

  it('holds at the next request on another process', async () => {
    const one = await open();
    const two = await open();
    const admin = await AdminBrowser.proven(one, 'admin@acme');
    const user = await AdminBrowser.signedIn(two, 'user1@acme');
    assert.equal((await user.get('/')).status, 200);
    assert.equal((await save(admin, ACME, { mode: 'optional' })).body.saved, true);
    const seen = (await admin.copy(two.app).json('get', ACME)).body;
    assert.equal(seen.setting.mode, 'optional');
  });

  it('writes no user record and asks the directory for no user, whatever their number', async () => {
    const directory = testDirectory({ acme: 5000 });
    const { app } = await open({ directory });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    directory.calls.length = 0;
    await save(admin, ACME, { mode: 'required' });
    assert.deepEqual(directory.calls, []);
    assert.equal((await world().store.readSubject('user1@acme')).setting, null);
  });

  it('examines a thousand users in a preview, and says so', async () => {
    const directory = testDirectory({ acme: 5000 });
    const { app } = await open({ directory });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const { body } = await admin.call(`${ACME}/preview`, {
      version: 0,
      setting: { ...SETTING, mode: 'required' },
    });
    const { users, ...counts } = body.dryRun;
    assert.deepEqual(counts, {
      examined: 1000,
      total: 5001,
      complete: false,
      newlyAsked: 1000,
      mustActivate: 1000,
      noLongerAsked: 0,
      blocked: 0,
    });
    assert.equal(users.length, 20);
    assert.equal(directory.calls.filter((call) => call.startsWith('users')).length, 5);
  });

  it('names in a preview only users who may be read, of the clients too', async () => {
    const { app } = await open({
      admin: {
        authorize: (req, action, target) =>
          testAuthorize(req, action, target) &&
          (target.kind === 'organization' || target.user.id === 'user2@globex'),
      },
    });
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const { body } = await admin.call(`${NORTH}/preview`, {
      version: 0,
      setting: { ...SETTING, clientsMust: FLOOR },
    });
    assert.equal(body.dryRun.newlyAsked, 8);
    assert.deepEqual(body.dryRun.users, [
      { id: 'user2@globex', label: 'user2@globex.example', organizationId: 'globex' },
    ]);
  });

  it('counts only who is newly asked: not those switched on alone, nor, where optional, the unenrolled', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    await admin.call('/setup/organizations/acme/two-factor', {
      action: 'enable',
      users: ['user1@acme'],
    });
    const preview = async (mode: string) =>
      (await admin.call(`${ACME}/preview`, { version: 0, setting: { ...SETTING, mode } })).body
        .dryRun;
    assert.equal((await preview('required')).newlyAsked, 3);
    assert.equal((await preview('optional')).newlyAsked, 0);
  });

  it('does not imply the clients of a partner, whose floor does', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    const own = await AdminBrowser.signedIn({ app }, 'user1@north');
    await save(admin, NORTH, { mode: 'optional' });
    assert.equal((await user.get('/')).status, 200);

    const preview = await admin.call(`${NORTH}/preview`, {
      version: 1,
      setting: { ...SETTING, mode: 'optional', clientsMust: FLOOR },
    });
    // Its own four and the eight of its two clients.
    assert.equal(preview.body.dryRun.examined, 12);
    assert.equal(preview.body.dryRun.newlyAsked, 8);
    await save(admin, NORTH, { mode: 'optional', clientsMust: FLOOR }, 1);
    assert.equal((await user.get('/')).headers.location, '/two-factor/activate');
    assert.equal((await own.get('/')).status, 200);

    // The client cannot lower it, and its page says who demands it.
    const client = await AdminBrowser.signedIn({ app }, 'admin@acme');
    assert.equal((await client.get('/setup')).headers.location, '/two-factor/activate');
    await save(admin, ACME, { mode: 'off' });
    const page = await admin.get(ACME);
    assert.match(page.text, /North Networks<\/bdi> demands of its clients: Two-factor: required/);
    assert.match(page.text, /Two-factor is required/);
    assert.equal((await user.get('/')).headers.location, '/two-factor/activate');
  });

  it('shows the second of two administrators what changed, and overwrites nothing', async () => {
    const one = await open();
    const two = await open();
    const first = await AdminBrowser.proven(one, 'admin@north');
    const second = await AdminBrowser.proven(two, 'admin@acme');
    const form = formFields((await second.get(ACME)).text, `${ACME}/preview`);
    await save(first, ACME, { mode: 'optional', methods: ['totp'] });

    for (const path of [`${ACME}/preview`, ACME]) {
      const late = await second.submit(path, { ...form, mode: 'off' });
      assert.equal(late.status, 409);
      assert.match(late.text, /admin@north has changed this setting meanwhile/);
      assert.match(late.text, /data-label="Holds now">optional<[\s\S]*data-label="Yours">off</);
      assert.equal(formFields(late.text, `${ACME}/preview`).version, '1');
    }
    const { status, body } = await save(second, ACME, { mode: 'off' });
    assert.equal(status, 409);
    assert.deepEqual(
      [body.error, body.version, body.setting.mode, body.yours.mode, body.changedBy],
      ['conflict', 1, 'optional', 'off', 'admin@north'],
    );
    const { body: now } = await first.json('get', ACME);
    assert.deepEqual([now.version, now.setting.mode], [1, 'optional']);
  });

  it('lets one of two administrators win who save at the same moment', async () => {
    const hosts = [await open(), await open()];
    const names = ['admin@north', 'admin@acme'];
    const admins = await Promise.all(
      hosts.map((one, at) => AdminBrowser.proven(one, names[at] ?? '')),
    );
    const answers = await Promise.all(
      admins.map((admin, at) => save(admin, ACME, { mode: at === 0 ? 'optional' : 'off' })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  });

  it('names the field that contradicts, beside the field', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    await save(admin, NORTH, { clientsMust: { ...FLOOR, mode: 'off', methods: ['totp'] } });
    const cases: [string, object, string][] = [
      [ACME, { mode: 'required', methods: [] }, 'methods'],
      [ACME, { mode: 'required', methods: ['duo'] }, 'methods'],
      [ACME, { methods: ['carrier-pigeon'] }, 'methods'],
      [ACME, { methods: 'totp' }, 'methods'],
      [ACME, { mode: 'sometimes' }, 'mode'],
      [ACME, { graceUntil: '2025-12-31T00:00:00.000Z' }, 'graceUntil'],
      [ACME, { graceUntil: 'tomorrow' }, 'graceUntil'],
      [ACME, { maxAgeSeconds: 1 }, 'maxAgeSeconds'],
      [ACME, { rememberDays: 31 }, 'rememberDays'],
      [ACME, { clientsMust: FLOOR }, 'clientsMust'],
      [ACME, { duo: null }, 'duo'],
      [NORTH, { clientsMust: { ...FLOOR, methods: [] } }, 'clientsMust.methods'],
    ];
    for (const [path, setting, field] of cases) {
      const version = path === NORTH ? 1 : 0;
      for (const url of [path, `${path}/preview`]) {
        const { status, body } = await save(admin, url, setting, version);
        assert.equal(status, 422, `${JSON.stringify(setting)}: ${JSON.stringify(body)}`);
        assert.deepEqual(Object.keys(body.fields), [field]);
      }
    }
    const form = formFields((await admin.get(ACME)).text, `${ACME}/preview`);
    const wrong = await admin.submit(`${ACME}/preview`, {
      ...form,
      mode: 'required',
      accept: 'these',
    });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /id="methods-error" role="alert"><span>Choose at least one/);
    assert.equal((await admin.json('get', ACME)).body.version, 0);
  });

  it('says of a field that was not sent that it is missing, and not of which type it would be', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@acme');
    const csrfToken = await admin.csrf();
    const fieldsOf = async (body: object) => {
      const answer = await admin.json('post', ACME, { ...body, _csrf: csrfToken });
      assert.ok([400, 422].includes(answer.status), `${answer.status}`);
      return answer.body.fields;
    };
    const missing = 'This is missing.';
    assert.deepEqual(await fieldsOf({}), { version: missing, setting: missing });
    assert.deepEqual(await fieldsOf({ version: 0 }), { setting: missing });
    const { maxAgeSeconds: _left, clientsMust: _out, ...rest } = SETTING;
    assert.deepEqual(await fieldsOf({ version: 0, setting: rest }), {
      maxAgeSeconds: 'Enter a number of minutes from 1 to 43200 (30 days).',
      clientsMust: missing,
    });
    assert.doesNotMatch((await fieldsOf({ version: 'x', setting: {} })).version, /missing/);
  });

  it('refuses what leaves no mechanism between the partner and the client', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    await world().store.writeSetting('north', {
      value: { ...SETTING, duo: null, clientsMust: { ...FLOOR, mode: 'off', methods: ['duo'] } },
      changedBy: 'somebody',
      expectedVersion: null,
    });
    const { status, body } = await save(admin, ACME, { mode: 'optional', methods: ['totp'] });
    assert.equal(status, 422);
    assert.match(body.fields.methods, /No mechanism is left/);
  });

  it('does not lock out the administrator, unless told to in so many words', async () => {
    const { app } = await open({ admin: { secondFactor: 'policy' } });
    const admin = await AdminBrowser.signedIn({ app }, 'admin@acme');
    const form = { ...formFields((await admin.get(ACME)).text, `${ACME}/preview`) };
    const preview = await admin.submit(`${ACME}/preview`, form);
    assert.match(preview.text, /It would lock you out/);
    const refused = await admin.submit(ACME, formFields(preview.text, ACME));
    assert.equal(refused.status, 422);
    assert.match(refused.text, /id="override-error" role="alert"/);

    const { status, body } = await save(admin, ACME, { mode: 'required' });
    assert.deepEqual([status, body.error], [422, 'would_lock_you_out']);
    const loose = await admin.call(ACME, { version: 0, setting: SETTING, override: true });
    assert.equal(loose.status, 400);
    assert.equal((await admin.json('get', ACME)).body.version, 0);

    const meant = await admin.call(ACME, {
      version: 0,
      setting: { ...SETTING, mode: 'required' },
      override: 'lock me out',
    });
    assert.equal(meant.body.saved, true);
    assert.equal((await admin.get(ACME)).headers.location, '/two-factor/activate');
  });

  it('does not take the time from an administrator who has postponed activation, unless told to', async () => {
    const { app } = await open({ admin: { secondFactor: 'policy' } });
    const partner = await AdminBrowser.signedIn({ app }, 'admin@north');
    const clientsMust = { ...FLOOR, graceUntil: '2026-01-05T00:00:00.000Z' };
    await save(partner, NORTH, { clientsMust });
    const admin = await AdminBrowser.signedIn({ app }, 'admin@acme');
    await admin.post('/two-factor/postpone', { _csrf: await admin.csrf() });
    const refused = await save(admin, ACME, { mode: 'required' });
    assert.deepEqual([refused.status, refused.body.error], [422, 'would_lock_you_out']);
    assert.equal(refused.body.dryRun.mustActivate, 4);
    assert.equal((await admin.get(ACME)).status, 200);
    const graceUntil = '2026-01-04T00:00:00.000Z';
    assert.equal((await save(admin, ACME, { mode: 'required', graceUntil })).body.saved, true);
    await admin.post('/two-factor/postpone', { _csrf: await admin.csrf() });
    assert.equal((await save(admin, ACME, { mode: null }, 1)).body.saved, true);
  });

  it('lets an enrolled administrator require it without more ado', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@acme');
    await save(admin, ACME, { mode: 'optional', methods: ['totp'] });
    const { body } = await save(admin, ACME, { mode: 'required', methods: ['totp'] }, 1);
    assert.equal(body.saved, true);
    assert.equal((await admin.get(ACME)).status, 200);
  });

  it('gives users until a date, at the beginning of that day in UTC', async () => {
    const { app } = await open();
    const { clock } = world();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const form = formFields((await admin.get(ACME)).text, `${ACME}/preview`);
    const preview = await admin.submit(`${ACME}/preview`, { ...form, grace: '2026-01-02' });
    const saved = await admin.submit(ACME, formFields(preview.text, ACME));
    assert.equal(saved.status, 303);
    const { body } = await admin.json('get', ACME);
    assert.equal(body.setting.graceUntil, '2026-01-02T00:00:00.000Z');

    const user = await AdminBrowser.signedIn({ app }, 'user1@acme');
    await user.post('/two-factor/postpone', { _csrf: await user.csrf() });
    assert.equal((await user.get('/')).status, 200);
    clock.advance(24 * 3_600_000);
    assert.equal((await user.get('/')).headers.location, '/two-factor/activate');
  });

  it('asks for a fresh proof before a change, and brings back to the form', async () => {
    const { app } = await open();
    const { clock } = world();
    const admin = await AdminBrowser.signedIn({ app }, 'admin@acme');
    await admin.get(ACME);
    const key = await admin.activateHere(clock.now());
    await save(admin, ACME, { mode: 'optional', methods: ['totp'] });
    clock.advance(5 * 60_000 + 1);
    assert.equal((await admin.get(ACME)).status, 200);
    const form = formFields((await admin.get(ACME)).text, `${ACME}/preview`);
    for (const path of [`${ACME}/preview`, ACME]) {
      assert.equal((await admin.submit(path, form)).status, 401);
    }
    const program = await save(admin, ACME, { mode: 'required', methods: ['totp'] }, 1);
    assert.equal(program.status, 401);
    assert.equal(program.body.error, 'second_factor_required');
    assert.equal((await admin.json('get', ACME)).body.version, 1);

    const proven = await admin.answerChallenge(codeAt(key, clock.now()));
    assert.equal(proven.headers.location, ACME);
    const again = await save(admin, ACME, { mode: 'required', methods: ['totp'] }, 1);
    assert.equal(again.body.saved, true);
  });

  it('says so when nothing would change', async () => {
    const { app, events } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    await save(admin, ACME, { mode: 'optional' });
    const { body } = await save(admin, ACME, { mode: 'optional' }, 1);
    assert.deepEqual([body.saved, body.version], [false, 1]);
    assert.equal(events.filter(({ type }) => type === 'setting.changed').length, 1);
  });

  it('shows a setting that contradicts itself to whoever can put it right', async () => {
    const { app } = await open();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const { store }: World = world();
    await store.writeSetting('acme', {
      value: { ...SETTING, duo: null, mode: 'required', methods: ['duo'] },
      changedBy: 'somebody',
      expectedVersion: null,
    });
    const page = await admin.json('get', ACME);
    assert.equal(page.body.effective.mode, 'contradictory');
    const users = await admin.json('get', '/setup/organizations/acme/users');
    assert.equal(users.body.items[0].mode, 'contradictory');
    const user = await admin.get('/setup/organizations/acme/users/user1%40acme');
    assert.match(user.text, /settings contradict each other/);
    const fixed = await save(admin, ACME, { mode: 'required' }, 1);
    assert.equal(fixed.body.saved, true);
  });
});
