import assert from 'node:assert/strict';
import { formFields, testDirectory } from '../support/admin.js';
import { allBut, opened } from '../support/opened-admin.js';
import { enroll } from '../support/redis-store.js';
import { set } from '../support/tenancy.js';

const ACME = '/setup/organizations/acme/authentication';
const NORTH = '/setup/organizations/north/authentication';

const NOTHING = {
  ...{ mode: null, methods: null, enrollment: null },
  ...{ graceUntil: null, maxAgeSeconds: null, rememberDays: null, proofs: null },
  phishingResistant: null,
};
const SETTING = { ...NOTHING, clientsMust: null };
const FLOOR = { ...NOTHING, mode: 'off', enrollment: 'self', whenUnavailable: null } as const;

const NO_KEYS = {
  ...{ 'clients.keysVerifyUser': '', 'clients.keysDeviceBound': '', 'clients.keyModels': '' },
};

/** Everything that a partner's form has. */
const FORM = {
  ...{ mode: 'optional', accept: 'these', methods: 'totp', enrollment: 'activation-key' },
  ...{ grace: '2026-03-01', maxAge: '90', remember: '7', proofs: 'okta amr=mfa max-age=12h' },
  ...{ 'clients.mode': 'required', 'clients.accept': 'these', 'clients.methods': 'totp' },
  ...{ 'clients.enrollment': 'activation-key', 'clients.grace': '2026-04-01' },
  ...{ 'clients.maxAge': '0.5', 'clients.remember': '0', 'clients.proofs': 'none' },
  'clients.whenUnavailable': 'deny',
  ...NO_KEYS,
};
const FILLED = { ...FORM, 'clients.maxAge': '30' };
const STORED = {
  ...{ mode: 'optional', methods: ['totp'], enrollment: 'activation-key' },
  ...{ graceUntil: '2026-03-01T00:00:00.000Z', maxAgeSeconds: 5400, rememberDays: 7 },
  proofs: [{ by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 43_200, phishingResistant: false }],
  phishingResistant: null,
  clientsMust: {
    ...{ mode: 'required', methods: ['totp'], enrollment: 'activation-key' },
    ...{ graceUntil: '2026-04-01T00:00:00.000Z', maxAgeSeconds: 1800, rememberDays: 0 },
    proofs: [],
    phishingResistant: null,
    whenUnavailable: 'deny',
  },
};
/** As the form of a partner says it. */
const SAVED = {
  ...STORED,
  clientsMust: {
    ...STORED.clientsMust,
    ...{ keysVerifyUser: null, keysDeviceBound: null, keyModels: null },
  },
};
const CHANGES = [
  ['mode', 'Two-factor', 'not set', 'optional'],
  ['methods', 'Mechanisms', 'any', 'Authenticator app'],
  ['enrollment', 'First activation', 'not set', 'with an activation key'],
  ['graceUntil', 'May be postponed until', 'not postponable', '2026-03-01'],
  ['maxAgeSeconds', 'A proof counts for', 'the usual time', '90 minutes'],
  ['rememberDays', 'A device may be remembered for', 'not set', '7 days'],
  ['proofs', 'Sign-in proofs', 'not set', 'okta amr=mfa max-age=12h'],
].map(([field, label, from, to]) => ({ field, label, from, to }));
const DEMANDED =
  'Two-factor: required; Mechanisms: Authenticator app; First activation: with an activation key; May be postponed until: 2026-04-01; A proof counts for: 30 minutes; A device may be remembered for: 0 days; Sign-in proofs: none';

describe('the form of an organization’s setting', () => {
  it('is empty where nothing is set', async () => {
    const { browser } = await opened();
    const level = (prefix: string) => ({
      [`${prefix}mode`]: '',
      [`${prefix}accept`]: 'any',
      [`${prefix}enrollment`]: '',
      [`${prefix}grace`]: '',
      [`${prefix}maxAge`]: '',
      [`${prefix}remember`]: '',
      [`${prefix}proofs`]: '',
    });
    const { text } = await browser.get(NORTH);
    assert.deepEqual(settingsForm(text, NORTH), {
      ...{ version: '0', ...level(''), ...level('clients.'), 'clients.whenUnavailable': '' },
      ...NO_KEYS,
    });
    assert.deepEqual(settingsForm((await browser.get(ACME)).text, ACME), {
      version: '0',
      ...level(''),
    });
  });

  it('is read, previewed in words, saved and shown again as it was filled in', async () => {
    const { browser, events } = await opened();
    const sent = { version: '0', ...FILLED, override: 'lock me out' };
    const page = await browser.submit(`${NORTH}/preview`, sent);
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /<title>What would change – /);
    assert.match(page.text, /aria-current="page">Account Information</);
    const fields = formFields(page.text, NORTH);
    assert.deepEqual(fields, { version: '0', ...FILLED });
    const rows = [
      ...page.text.matchAll(
        /<th scope="row" role="rowheader">(.*?)<\/th>\s*<td[^>]*data-label="Now">(.*?)<\/td>\s*<td[^>]*data-label="Then">(.*?)<\/td>/g,
      ),
    ].map(([, label, from, to]) => ({ label, from, to }));
    assert.deepEqual(rows, [
      ...CHANGES.map(({ field: _, ...words }) => words),
      { label: 'Clients must', from: 'nothing', to: DEMANDED },
    ]);

    const saved = await browser.submit(NORTH, { ...fields, override: 'lock me out' });
    assert.equal(saved.headers.location, `${NORTH}?done=saved`);
    const { body } = await browser.json('get', NORTH);
    assert.deepEqual(body.setting, SAVED);
    const [event] = events;
    assert.deepEqual(
      [event?.type, event?.subjectId, event?.tenantId, event?.actorId],
      ['setting.changed', null, 'north', 'admin@north'],
    );
    assert.match(event?.from ?? '', /127\.0\.0\.1$/);
    const detail = [...CHANGES, { label: 'Clients must', from: 'nothing', to: DEMANDED }]
      .map(({ label, from, to }) => `${label}: ${from} → ${to}`)
      .join('; ');
    // The line of a log is cut; what it is made of is kept whole, as pages have it.
    assert.equal(event?.detail, detail.slice(0, 500));
    assert.match(JSON.stringify(event?.said), /"admin\.setting\.value\.none"/);

    const again = await browser.get(`${NORTH}?done=saved`);
    assert.match(again.text, /role="status">Saved\. It holds from the next request on\.</);
    assert.deepEqual(settingsForm(again.text, NORTH), { version: '1', ...FILLED });
    const same = await browser.submit(`${NORTH}/preview`, { version: '1', ...FILLED });
    assert.match(same.text, /Nothing: this is what is saved already/);
    const unchanged = await browser.submit(NORTH, { version: '1', ...FILLED });
    assert.equal(unchanged.headers.location, `${NORTH}?done=unchanged`);
  });

  it('takes back what is emptied', async () => {
    const { browser, store } = await opened();
    await set(store, 'north', STORED as Parameters<typeof set>[2]);
    const { body } = await browser.call(`${NORTH}/preview`, { version: 1, setting: SETTING });
    assert.deepEqual(body.changes, [
      ...CHANGES.map(({ field, label, from, to }) => ({ field, label, from: to, to: from })),
      { field: 'clientsMust', label: 'Clients must', from: DEMANDED, to: 'nothing' },
    ]);
    assert.equal(body.version, 1);
  });

  it('names what differs in what clients must, field by field', async () => {
    const { browser, store } = await opened();
    await set(store, 'north', { clientsMust: FLOOR });
    const { body } = await browser.call(`${NORTH}/preview`, {
      version: 1,
      setting: {
        ...SETTING,
        clientsMust: { ...STORED.clientsMust, enrollment: 'self', whenUnavailable: 'deny' },
      },
    });
    assert.deepEqual(
      body.changes.map(({ field, label, from, to }: Record<string, string>) =>
        [field, label, from, to].join(' | '),
      ),
      [
        'clientsMust.mode | Clients: Two-factor | off | required',
        'clientsMust.methods | Clients: Mechanisms | any | Authenticator app',
        'clientsMust.graceUntil | Clients: May be postponed until | not postponable | 2026-04-01',
        'clientsMust.maxAgeSeconds | Clients: A proof counts for | the usual time | 30 minutes',
        'clientsMust.rememberDays | Clients: A device may be remembered for | not set | 0 days',
        'clientsMust.proofs | Clients: Sign-in proofs | not set | none',
        'clientsMust.whenUnavailable | Clients: while Duo cannot be reached, at most | let-in | deny',
      ],
    );
  });

  it('is told to the host in 500 characters at most', async () => {
    const { browser, store, events } = await opened();
    await set(store, 'north', STORED as Parameters<typeof set>[2]);
    const level = { maxAgeSeconds: 600, rememberDays: 1, graceUntil: '2026-12-01T00:00:00.000Z' };
    const setting = {
      ...{ ...SETTING, ...level },
      clientsMust: { ...FLOOR, ...level, whenUnavailable: 'let-in' },
    };
    const { changes } = (await browser.call(`${NORTH}/preview`, { version: 1, setting })).body;
    const detail = changes
      .map(({ label, from, to }: Record<string, string>) => `${label}: ${from} → ${to}`)
      .join('; ');
    assert.ok(detail.length > 500);
    assert.equal((await browser.call(NORTH, { version: 1, setting })).body.saved, true);
    assert.equal(events[0]?.detail, detail.slice(0, 500));
  });

  it('leaves a time of day that a program has set, and a demand on clients that a client’s form has not', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'optional', graceUntil: '2026-03-01T08:30:00.000Z' });
    const form = settingsForm((await browser.get(ACME)).text, ACME);
    assert.equal(form.grace, '2026-03-01');
    const same = await browser.submit(`${ACME}/preview`, form);
    assert.match(same.text, /Nothing: this is what is saved already/);
    const { body } = await browser.call(`${ACME}/preview`, {
      version: 1,
      setting: { ...SETTING, mode: 'optional', graceUntil: '2026-03-01T00:00:00.000Z' },
    });
    assert.deepEqual(
      body.changes.map(({ from, to }: Record<string, string>) => [from, to]),
      [['2026-03-01T08:30:00.000Z', '2026-03-01']],
    );
  });

  it('lets a date stand that has come, and takes no other one that is past', async () => {
    const { browser, store, clock } = await opened();
    await set(store, 'north', {
      graceUntil: '2026-01-02T00:00:00.000Z',
      clientsMust: { ...FLOOR, graceUntil: '2026-01-02T00:00:00.000Z' },
    });
    const form = settingsForm((await browser.get(NORTH)).text, NORTH);
    clock.advance(Date.UTC(2026, 0, 3) - clock.now());
    const fine = await browser.submit(`${NORTH}/preview`, { ...form, mode: 'optional' });
    assert.equal(fine.status, 200);
    const message = 'This date is past: choose one to come, or none.';
    for (const [field, name] of [
      ['grace', 'graceUntil'],
      ['clients.grace', 'clientsMust.graceUntil'],
    ] as const) {
      const id = field.replace('.', '-');
      const past = await browser.submit(`${NORTH}/preview`, { ...form, [field]: '2026-01-03' });
      assert.equal(past.status, 422);
      assert.ok(past.text.includes(message), name);
      assert.match(
        past.text,
        new RegExp(`id="${id}" [^>]*value="2026-01-03"[^>]*aria-invalid="true"`),
      );
      const later = await browser.submit(`${NORTH}/preview`, { ...form, [field]: '2026-01-04' });
      assert.equal(later.status, 200, name);
    }
  });

  it('says beside each field what would be right, and shows what was typed', async () => {
    const { browser } = await opened();
    const words: Readonly<Record<string, string>> = {
      mode: 'Choose off, optional or required.',
      methods: 'Choose at least one mechanism, or accept any.',
      enrollment: 'Choose who may activate: everybody, or whoever has an activation key.',
      grace: 'Enter a date as year-month-day, e.g. 2026-12-31.',
      maxAge: 'Enter a number of minutes from 1 to 43200 (30 days).',
      remember: 'Enter a whole number of days from 0 to 30.',
      whenUnavailable: 'Choose one of the three, or leave it open.',
    };
    for (const [field, value] of [
      ['mode', 'sometimes'],
      ['methods', []],
      ['enrollment', 'nobody'],
      ['grace', 'tomorrow'],
      ['maxAge', '0.5'],
      ['maxAge', '43201'],
      ['maxAge', 'long'],
      ['remember', '31'],
      ['remember', '1.5'],
      ['clients.mode', 'sometimes'],
      ['clients.methods', []],
      ['clients.enrollment', 'nobody'],
      ['clients.grace', 'tomorrow'],
      ['clients.maxAge', '0.5'],
      ['clients.remember', '31'],
      ['clients.whenUnavailable', 'whatever'],
    ] as const) {
      const { [field]: _, ...others } = FILLED;
      const fields = { version: '0', ...others, [field]: value };
      const { status, text } = await browser.submit(`${NORTH}/preview`, fields);
      assert.equal(status, 422, field);
      assert.match(text, /<title>Error: Account Information – /);
      const alerts = [...text.matchAll(/role="alert"><span>(.*?)<\/span>/g)].map(([, one]) => one);
      assert.deepEqual(alerts, [words[field.replace('clients.', '')]], field);
      if (/grace|maxAge|remember/.test(field)) {
        assert.ok(text.includes(`name="${field}"`) && text.includes(`value="${value}"`), field);
      }
    }
    const json = await browser.call(NORTH, { version: 0, setting: { ...SETTING, mode: 'x' } });
    assert.deepEqual(
      [json.status, json.body.error, json.body.message, json.body.fields],
      [
        422,
        'invalid_setting',
        'This setting contradicts itself or is incomplete. Nothing was saved.',
        { mode: words.mode },
      ],
    );
  });

  it('tells a program a point in time that is right, and takes it', async () => {
    const { browser } = await opened();
    const setting = { ...SETTING, mode: 'required', graceUntil: '2026-12-31' };
    const wrong = await browser.call(`${NORTH}/preview`, { version: 0, setting });
    const said = 'This must be a point in time in UTC, e.g. 2026-12-31T00:00:00Z.';
    assert.deepEqual([wrong.status, wrong.body.fields], [422, { graceUntil: said }]);
    const right = { ...setting, graceUntil: '2026-12-31T00:00:00Z' };
    const taken = await browser.call(`${NORTH}/preview`, { version: 0, setting: right });
    assert.equal(taken.status, 200);
  });
});

describe('the page of an organization’s setting', () => {
  it('tells a program what is set and what holds', async () => {
    const { browser, store, clock } = await opened();
    const changedAt = new Date(clock.now()).toISOString();
    await set(store, 'north', { clientsMust: { ...FLOOR, mode: 'required' } });
    await set(store, 'acme', { mode: 'optional' });
    const { csrfToken, duo, ...told } = (await browser.json('get', ACME)).body;
    assert.ok(csrfToken);
    assert.equal(duo, null);
    const { because, ...effective } = told.effective;
    assert.ok(because.length > 0);
    assert.deepEqual(
      { ...told, effective },
      {
        organization: { id: 'acme', name: 'Acme', kind: 'client', partnerId: 'north' },
        'security-key': null,
        ...{ version: 1, lost: false, setting: { ...SETTING, mode: 'optional' } },
        ...{ changedBy: 'admin@acme', changedAt },
        effective: {
          ...{ mode: 'required', from: ['partner'] },
          methods: ['security-key', 'totp', 'recovery-code'],
        },
        ...{ selectable: ['security-key', 'totp', 'duo'], mayChange: true },
      },
    );
  });

  it('says to an administrator what holds, since when, and what the partner demands', async () => {
    const { browser, store, clock } = await opened();
    const before = await browser.get(ACME);
    assert.match(before.text, /<title>Authentication Mechanism – /);
    assert.match(before.text, /aria-current="page">Authentication Mechanism</);
    assert.doesNotMatch(before.text, /Last changed by|demands of its clients/);
    assert.match(before.text, /<p>Two-factor is off\.<\/p>/);
    await set(store, 'north', { clientsMust: { ...FLOOR, mode: 'optional', rememberDays: 3 } });
    await set(store, 'acme', { mode: 'required' });
    const { text } = await browser.get(ACME);
    const at = new Date(clock.now()).toISOString();
    assert.match(text, new RegExp(`by <bdi>admin@acme</bdi> on <time datetime="${at}">`));
    assert.match(
      text,
      /<bdi>North Networks<\/bdi> demands of its clients: Two-factor: optional; First activation: by everybody; A device may be remembered for: 3 days\./,
    );
    assert.match(text, /Client acme: two-factor is required/);
    assert.match((await browser.get(NORTH)).text, /<title>Account Information – /);
  });

  it('switches it on or off with one button, and leaves everything else', async () => {
    const { browser, store } = await opened();
    const button = async () => {
      const { text } = await browser.get(ACME);
      const name = /<button[^>]*>(Enable|Disable)<\/button>/.exec(text)?.[1];
      return { name, fields: formFields(text, `${ACME}/preview`) };
    };
    const level = {
      ...{ accept: 'any', enrollment: '', grace: '', maxAge: '', remember: '', proofs: '' },
    };
    assert.deepEqual(await button(), {
      ...{ name: 'Enable', fields: { version: '0', mode: 'required', ...level } },
    });
    await set(store, 'acme', { mode: 'required', rememberDays: 3 });
    assert.deepEqual(await button(), {
      ...{ name: 'Disable', fields: { version: '1', mode: 'off', ...level, remember: '3' } },
    });
  });

  it('is for reading alone where an administrator may not change it', async () => {
    const { browser } = await opened({ admin: { authorize: allBut('organization:change') } });
    assert.equal((await browser.json('get', ACME)).body.mayChange, false);
    assert.doesNotMatch((await browser.get(ACME)).text, /action="[^"]*\/preview"/);
    const { status, body } = await browser.call(ACME, { version: 0, setting: SETTING });
    assert.deepEqual(
      [status, body],
      [403, { error: 'forbidden', message: 'You are not allowed to do that.' }],
    );
  });

  it('names who was faster, and what that would have changed', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'optional' });
    const { status, body } = await browser.call(ACME, {
      version: 0,
      setting: { ...SETTING, mode: 'off' },
    });
    assert.deepEqual([status, body.error], [409, 'conflict']);
    assert.equal(
      body.message,
      'admin@acme has changed this setting meanwhile. Nothing of yours was saved: look at what holds now, and decide again.',
    );
    assert.deepEqual(body.yours, { ...SETTING, mode: 'off' });
    await set(store, 'acme', null);
    const gone = await browser.call(ACME, { version: 1, setting: { ...SETTING, mode: 'off' } });
    assert.deepEqual([gone.status, gone.body.version], [409, 0]);
    assert.match(gone.body.message, /^Somebody has changed this setting meanwhile\./);
  });

  it('says of a lockout what it is, and how to confirm it', async () => {
    const { browser } = await opened();
    const { status, body } = await browser.call(NORTH, {
      version: 0,
      setting: { ...SETTING, mode: 'required' },
    });
    assert.equal(status, 422);
    assert.deepEqual(
      [body.error, body.message, body.fields, body.locksOut],
      [
        'would_lock_you_out',
        'You have not activated any of the mechanisms that this setting demands of you. Activate one first; otherwise you will be shut out until you have.',
        { override: 'Send "lock me out".' },
        true,
      ],
    );
    const form = { version: '0', mode: 'required', accept: 'any' };
    const asked = await browser.submit(`${NORTH}/preview`, form);
    assert.equal(asked.status, 200);
    assert.doesNotMatch(asked.text, /id="override-error"|<title>Error/);
    const refused = await browser.submit(NORTH, form);
    assert.equal(refused.status, 422);
    assert.match(refused.text, /<title>Error: What would change – /);
    assert.match(
      refused.text,
      /id="override-error" role="alert"><span>Tick this box, or go back\./,
    );
  });
});

describe('whom a setting would concern', () => {
  const run = async (
    made: Awaited<ReturnType<typeof opened>>,
    path: string,
    setting: object,
    version = 0,
  ) =>
    (await made.browser.call(`${path}/preview`, { version, setting: { ...SETTING, ...setting } }))
      .body.dryRun;
  const none = { newlyAsked: 0, mustActivate: 0, noLongerAsked: 0, blocked: 0 };

  it('counts those who are asked no longer', async () => {
    const made = await opened();
    await set(made.store, 'acme', { mode: 'required' });
    assert.deepEqual(await run(made, ACME, { mode: 'off' }, 1), {
      ...{ examined: 4, total: 4, complete: true, ...none, noLongerAsked: 4, users: [] },
    });
  });

  it('counts those who have something apart from those who have not', async () => {
    const made = await opened();
    await enroll(made.store, 'user1@acme');
    const { users, ...counts } = await run(made, ACME, { mode: 'required' });
    assert.deepEqual(counts, {
      ...{ examined: 4, total: 4, complete: true, ...none, newlyAsked: 4, mustActivate: 3 },
    });
    assert.deepEqual(users[1], {
      ...{ id: 'user1@acme', label: 'user1@acme.example', organizationId: 'acme' },
    });
    const optional = await run(made, ACME, { mode: 'optional' });
    assert.deepEqual([optional.newlyAsked, optional.mustActivate], [1, 0]);
  });

  it('counts those who could not get in at all, once', async () => {
    const made = await opened();
    await set(made.store, 'acme', { mode: 'required', methods: ['totp'] });
    const clientsMust = { ...FLOOR, methods: ['duo'] };
    await set(made.store, 'north', { duo: DUO });
    const { users, ...counts } = await run(made, NORTH, { clientsMust }, 1);
    // Four of north, four of acme, four of globex.
    assert.deepEqual(counts, { examined: 12, total: 12, complete: true, ...none, blocked: 4 });
    assert.deepEqual(users, []);
  });

  it('counts the clients’ users where it is they who are concerned', async () => {
    const made = await opened();
    const clientsMust = { ...FLOOR, mode: 'required' };
    const { users, ...counts } = await run(made, NORTH, { clientsMust });
    assert.deepEqual(counts, {
      ...{ examined: 12, total: 12, complete: true, ...none, newlyAsked: 8, mustActivate: 8 },
    });
    assert.deepEqual(
      users.map(({ id }: { id: string }) => id),
      ['acme', 'globex'].flatMap((at) =>
        ['admin', 'user1', 'user2', 'user3'].map((name) => `${name}@${at}`),
      ),
    );
    const own = await run(made, NORTH, { mode: 'optional' });
    assert.deepEqual([own.examined, own.total], [4, 4]);
  });

  it('examines a thousand, and says whether these were all', async () => {
    for (const [size, counts] of [
      [999, { examined: 1000, total: 1000, complete: true }],
      [1000, { examined: 1000, total: 1001, complete: false }],
    ] as const) {
      const made = await opened({ directory: testDirectory({ acme: size }) });
      const { examined, total, complete } = await run(made, ACME, { mode: 'required' });
      assert.deepEqual({ examined, total, complete }, counts);
    }
    const directory = testDirectory({ acme: 1000 });
    const made = await opened({ directory });
    const clientsMust = { ...FLOOR, mode: 'required' };
    const { examined, total, complete } = await run(made, NORTH, { clientsMust });
    assert.deepEqual([examined, total, complete], [1000, null, false]);
    assert.ok(!directory.calls.some((call) => call.startsWith('users globex')));
  });

  it('has no total where the directory does not count', async () => {
    const directory = testDirectory();
    const made = await opened({
      directory: {
        ...directory,
        users: async (id, query) => ({ ...(await directory.users(id, query)), total: null }),
      },
    });
    const { examined, total, complete } = await run(made, ACME, { mode: 'required' });
    assert.deepEqual([examined, total, complete], [4, null, true]);
    const form = { version: '0', mode: 'required', accept: 'any' };
    const page = await made.browser.submit(`${ACME}/preview`, form);
    assert.match(page.text, /All 4 users were examined/);
  });

  it('names twenty at most', async () => {
    const made = await opened({ directory: testDirectory({ acme: 30 }) });
    const { users, newlyAsked } = await run(made, ACME, { mode: 'required' });
    assert.deepEqual([users.length, newlyAsked], [20, 31]);
    const form = { version: '0', mode: 'required', accept: 'any' };
    const { text } = await made.browser.submit(`${ACME}/preview`, form);
    assert.match(text, /The first 20 who are newly asked/);
  });
});

const DUO = {
  keys: { clientId: 'id', apiHost: 'api-1.duosecurity.com', sealedSecret: 'x', version: '1' },
  whenUnavailable: 'deny' as const,
  lendToClients: false,
};

/** The fields of the form below "Settings", which comes after the one button. */
function settingsForm(html: string, path: string) {
  return formFields(html.slice(html.indexOf('<h2>Settings</h2>') - 600), `${path}/preview`);
}
