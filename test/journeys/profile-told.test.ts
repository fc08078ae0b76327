import assert from 'node:assert/strict';
import { recoveryCodes, totp } from 'sallyport';
import type { Response } from 'supertest';
import { Browser, codeAt } from '../support/browser.js';
import { activated, linesOf, linksOf, mainOf, PROFILE, told, USER } from '../support/profile.js';

const AT = '2026-01-01T00:00:15.000Z';
const A_MINUTE_LATER = '2026-01-01T00:01:15.000Z';
const BUTTONS = ['Rename', 'Replace', 'Remove'];
const SESSIONS = [
  'Your other sessions',
  'Did you leave one open somewhere? Each of them has to sign in again then; this one goes on.',
  'Sign out my other sessions',
];

const stored = (one: object) => JSON.parse(JSON.stringify(one));
const datesOf = (page: Response) =>
  [...mainOf(page).matchAll(/<time datetime="([^"]*)"/g)].map(([, at]) => at);

describe('what My Profile tells', () => {
  it('a program: each method with what may be done to it, what may be added, and the devices', async () => {
    const { browser, addMail, first } = await activated({}, { phishingResistant: true });
    const { added, done } = await addMail();
    assert.deepEqual(told(done), [200, { next: 'done', url: `${PROFILE}?done=activated` }]);
    assert.deepEqual(told(await browser.json('get', PROFILE)), [
      200,
      {
        mode: 'optional',
        methods: ['totp', 'email-code'],
        enrollments: [
          { ...stored(first), removable: true, phishingResistant: false, copiedAt: null },
          { ...stored(added), removable: true, phishingResistant: true, copiedAt: null },
        ],
        activatable: ['totp'],
        devices: [],
        recoveryCodesKept: false,
        recoveryCodesLeft: null,
      },
    ]);
  });

  it('a person: when each was activated and used, and what can be done', async () => {
    const { browser, addMail, clock, first } = await activated({}, { phishingResistant: true });
    clock.advance(60_000);
    const { added } = await addMail();
    const page = await browser.get(PROFILE);
    assert.match(page.text, /<title>Two-factor authentication – /);
    const [at, later] = ['1 January 2026, 00:00 UTC', '1 January 2026, 00:01 UTC'];
    assert.deepEqual(linesOf(page), [
      ...['Two-factor authentication', 'Activated'],
      'Signing in takes your password and one of these.',
      ...['Authenticator app', 'Activated', at, 'Last used', at, ...BUTTONS],
      ...['Code by e-mail', 'Activated', later, 'Last used', later],
      'Phishing-resistant: a look-alike page gets nothing from it.',
      ...BUTTONS,
      ...['Activate another method', 'Another authenticator app', ...SESSIONS],
    ]);
    const waysOf = (id: string) =>
      ['rename', 'replace', 'remove'].map((what) => `${PROFILE}/${what}/${id}`);
    assert.deepEqual(linksOf(page), [
      ...waysOf(first.id),
      ...waysOf(added.id),
      `${PROFILE}/activate/totp`,
      `${PROFILE}/sign-out-others`,
    ]);
    assert.deepEqual(datesOf(page), [AT, AT, A_MINUTE_LATER, A_MINUTE_LATER]);
  });

  it('that one was never used', async () => {
    const { browser, store, first } = await activated();
    const read = store.readSubject;
    store.readSubject = async (id) => {
      const record = await read(id);
      const enrollments = record.enrollments.map((one) => ({ ...one, lastUsedAt: null }));
      return { ...record, enrollments };
    };
    const page = await browser.get(PROFILE);
    const lines = linesOf(page);
    assert.equal(lines[lines.indexOf('Last used') + 1], 'Never');
    assert.deepEqual(datesOf(page), [AT]);
    const { enrollments } = (await browser.json('get', PROFILE)).body;
    assert.deepEqual([enrollments[0].id, enrollments[0].lastUsedAt], [first.id, null]);
  });

  it('one more of a method by the method’s name, where it says nothing of it', async () => {
    const { browser, addMail } = await activated({}, { atMost: 2 });
    await addMail();
    assert.ok(linesOf(await browser.get(PROFILE)).includes('Another Code by e-mail'));
    await addMail();
    const lines = linesOf(await browser.get(PROFILE));
    assert.ok(!lines.includes('Another Code by e-mail'));
    assert.ok(lines.includes('Another authenticator app'));
    const labels = (await browser.json('get', PROFILE)).body.enrollments.map(
      ({ label }: { label: string }) => label,
    );
    assert.deepEqual(labels, ['Authenticator app', 'Code by e-mail', 'Code by e-mail 2']);
  });

  it('that a method is accepted no longer, which can be removed and not replaced', async () => {
    const { browser, addMail, current } = await activated();
    const { added } = await addMail();
    current.policy = { mode: 'required', methods: ['totp'] };
    const page = await browser.get(PROFILE);
    const lines = linesOf(page);
    const of = lines.slice(
      lines.indexOf('Code by e-mail'),
      lines.indexOf('Activate another method'),
    );
    assert.deepEqual(of.slice(-3), [
      'Your organization no longer accepts this method.',
      ...['Rename', 'Remove'],
    ]);
    assert.ok(!linksOf(page).includes(`${PROFILE}/replace/${added.id}`));
    const { enrollments, activatable } = (await browser.json('get', PROFILE)).body;
    const removable = enrollments.map((one: { removable: boolean }) => one.removable);
    assert.deepEqual([removable, activatable], [[false, true], ['totp']]);
  });

  it('of a method that this process does not know, its name', async () => {
    const { addMail, elsewhere, current } = await activated();
    const { added } = await addMail();
    current.policy = { mode: 'optional', methods: ['totp'] };
    const browser = await elsewhere([totp(), recoveryCodes()]);
    const page = await browser.get(PROFILE);
    assert.ok(linesOf(page).includes('email-code'));
    const asked = await browser.get(`${PROFILE}/remove/${added.id}`);
    assert.equal(linesOf(asked)[0], 'Remove email-code?');
    const named = await browser.get(`${PROFILE}/rename/${added.id}`);
    assert.equal(linesOf(named)[1], 'email-code');
    const [, unknown] = (await browser.json('get', PROFILE)).body.enrollments;
    assert.deepEqual([unknown.method, unknown.phishingResistant], ['email-code', false]);
  });

  it('who has nothing that it is up to them, or that their organization requires it', async () => {
    const { app, current } = await activated();
    const other = new Browser(app);
    await other.login('user2@acme');
    const page = await other.get(PROFILE);
    assert.deepEqual(linesOf(page), [
      ...['Two-factor authentication', 'Not activated yet. It is up to you.'],
      ...['Activate a method', 'Authenticator app', 'Code by e-mail'],
    ]);
    assert.deepEqual(linksOf(page), [`${PROFILE}/activate/totp`, `${PROFILE}/activate/email-code`]);
    current.policy = { mode: 'off' };
    const off = await other.get(PROFILE);
    assert.deepEqual(linesOf(off), [
      'Two-factor authentication',
      'Your organization has not switched on two-factor authentication.',
    ]);
    assert.deepEqual((await other.json('get', PROFILE)).body.activatable, []);
    assert.equal((await other.get(`${PROFILE}/activate/totp`)).status, 404);
  });

  it('what was done, each in a sentence of its own', async () => {
    const { browser } = await activated();
    const said = {
      activated: 'The new method is activated.',
      replaced:
        'The new one is activated, and the old one is gone. Your other sessions must sign in again.',
      renamed: 'The new name is saved.',
      removed: 'The method is removed. Your other sessions must sign in again.',
      forgotten: 'The device is forgotten: a code is asked for there at the next sign-in.',
      'signed-out': 'Your other sessions are signed out: each must sign in again.',
    };
    for (const [done, sentence] of Object.entries(said)) {
      const { text } = await browser.get(`${PROFILE}?done=${done}`);
      assert.ok(text.includes(`role="status">${sentence}</p>`), done);
    }
    assert.doesNotMatch((await browser.get(PROFILE)).text, /role="status"/);
  });

  it('the devices on which no code is asked for, with when each was used last and until when', async () => {
    const { app, clock, key, store } = await activated({ rememberDeviceSeconds: 7 * 86_400 });
    clock.advance(60_000);
    const browser = new Browser(app);
    await browser.login(USER);
    const answered = await browser
      .post('/two-factor/challenge/totp', {
        ...{ code: codeAt(key, clock.now()), remember: '1', _csrf: await browser.csrf() },
      })
      .set('User-Agent', 'Firefox 140 on Linux');
    assert.equal(answered.status, 303);
    const [device] = await store.readDevices(USER);
    assert.ok(device);
    const page = await browser.get(PROFILE);
    const lines = linesOf(page);
    const until = '8 January 2026, 00:01 UTC';
    assert.deepEqual(
      lines.slice(lines.indexOf('Remembered devices'), lines.indexOf(SESSIONS[0]!)),
      [
        ...['Remembered devices', 'On these no code is asked for until the date given.'],
        ...[
          'Firefox 140 on Linux',
          'Last used',
          '1 January 2026, 00:01 UTC',
          'Until',
          until,
          'Forget',
        ],
      ],
    );
    assert.deepEqual(datesOf(page).slice(-2), [A_MINUTE_LATER, '2026-01-08T00:01:15.000Z']);
    const { devices } = (await browser.json('get', PROFILE)).body;
    assert.deepEqual(devices, [stored(device)]);
    assert.ok(mainOf(page).includes(`action="${PROFILE}/devices/${device.id}/forget"`));
  });
});
