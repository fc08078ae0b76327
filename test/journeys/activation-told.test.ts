import assert from 'node:assert/strict';
import { OutageError, UnavailableError } from 'sallyport';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { activated, linesOf, linksOf, mainOf, PROFILE, told, USER } from '../support/profile.js';
import { handOver, issueKey } from '../support/tenancy.js';
import { emailCode } from './email-code.js';

const OTHER = 'user2@acme';
const ACTIVATE = '/two-factor/activate';
const TOTP = `${ACTIVATE}/totp`;
const MAIL = `${ACTIVATE}/email-code`;

/** Somebody who has activated nothing, at a door with an app and codes by e-mail. */
async function newcomer(policy: Parameters<typeof activated>[0] = {}, email: object = {}) {
  const made = await activated({}, email);
  made.current.policy = { mode: 'required', methods: ['totp', 'email-code'], ...policy };
  const browser = new Browser(made.app);
  await browser.login(OTHER);
  const send = async (url: string, fields: object = {}) =>
    browser.json('post', url, { ...fields, _csrf: await browser.csrf() });
  const form = async (url = TOTP) => (await browser.json('get', url)).body;
  const { clock, store } = made;
  const enrollments = async () => (await store.readSubject(OTHER)).enrollments;
  return { ...made, browser, send, form, enrollments, now: () => clock.now() };
}

describe('what an activation tells', () => {
  it('a program: what to confirm, and what was wrong', async () => {
    const { send, form, now, enrollments } = await newcomer();
    const { key, uri, csrfToken, ...shown } = await form();
    const { enrollment } = shown;
    const place = { next: 'enroll', method: 'totp', url: TOTP, graceEndsAt: null };
    assert.deepEqual(shown, {
      ...{ ...place, enrollment, basis: 'first', expiresAt: '2026-01-01T00:10:15.000Z' },
      ...{ issuer: 'Test Console', account: OTHER, digits: 6, algorithm: 'sha1', period: 30 },
    });
    assert.match(String(uri), /^otpauth:\/\/totp\//);

    const refused = await send(TOTP, { code: wrongCode(key, now()), enrollment });
    const { message, key: again, ...rest } = refused.body;
    assert.equal(refused.status, 422);
    assert.match(message, /not right/);
    assert.equal(again, key, 'what was begun goes on');
    assert.deepEqual(
      pick(rest, [...Object.keys(place), 'enrollment', 'error', 'values', 'retryAt']),
      {
        ...{ ...place, enrollment, error: 'wrong_code', values: {}, retryAt: null },
      },
    );
    assert.ok(!('clockOffSeconds' in rest));
    const late = await send(TOTP, { code: codeAt(key, now() - 300_000), enrollment });
    assert.deepEqual([late.status, late.body.clockOffSeconds], [422, -300]);

    const without = await send(TOTP, { code: codeAt(key, now()) });
    assert.deepEqual(told(without), [
      400,
      {
        error: 'invalid_request',
        message: 'A code is sent together with `enrollment`, as the page or its JSON names it.',
      },
    ]);
    for (const fields of [
      { code: '1'.repeat(1000), enrollment },
      { enrollment, secret: 'x' },
    ]) {
      assert.equal((await send(TOTP, fields)).status, 400);
    }
    assert.deepEqual(await enrollments(), []);
    assert.deepEqual(told(await send(TOTP, { code: codeAt(key, now()), enrollment })), [
      ...[200, { next: 'done', url: '/' }],
    ]);
  });

  it('a person: the form, what was wrong beside its field, how to begin again, and other ways', async () => {
    const { browser, send, form } = await newcomer();
    const page = await browser.get(MAIL);
    assert.match(page.text, /<title>Activate two-factor – /);
    assert.deepEqual(linesOf(page), [
      ...['Look into your mail', 'A code was sent to u…@acme.example.'],
      ...['Code from the mail', '8 digits', 'Activate', 'Nothing has come?', 'Start again'],
      ...['Use another way', 'Authenticator app'],
    ]);
    assert.deepEqual(linksOf(page), [TOTP]);
    const { enrollment, csrfToken: _csrf } = await form(MAIL);
    assert.ok(mainOf(page).includes(`<form class="sp-stack" method="post" action="${MAIL}">`));
    assert.ok(mainOf(page).includes(`name="enrollment" value="${enrollment}"`));
    assert.ok(mainOf(page).includes(`action="${MAIL}/restart"`));
    assert.doesNotMatch(mainOf(page), /name="name"|role="alert"/);
    const refused = await browser.post(MAIL, { code: '1', enrollment, _csrf });
    assert.equal(refused.status, 422);
    assert.match(mainOf(refused), /role="alert"><span>That is not the code that we have sent\./);
    assert.equal((await send(`${MAIL}/restart`, { all: 'x' })).status, 400);
    assert.deepEqual(told(await send(`${MAIL}/restart`)), [200, { next: 'enroll', url: MAIL }]);
    assert.notEqual((await form(MAIL)).enrollment, enrollment);
    assert.deepEqual(told(await send(`${MAIL}/begin`)), [200, { next: 'enroll', url: MAIL }]);
  });

  it('what a button begins, in the words of the method or in ours', async () => {
    const { begin, ...words } = emailCode({ addressOf: () => null, send: async () => {} }).words!;
    assert.ok(begin);
    for (const [said, lines] of [
      [
        {},
        [
          'Activate codes by e-mail',
          'We send a code to your address, and ask for it at each sign-in from then on.',
          'Send me a code',
        ],
      ],
      [{ words }, ['Code by e-mail', 'The next page says what to do.', 'Activate']],
    ] as const) {
      const { app, form } = await newcomer({}, said);
      await form(MAIL);
      const elsewhere = new Browser(app);
      await elsewhere.login(OTHER);
      const page = await elsewhere.get(MAIL);
      const [heading, text, button] = lines;
      const voids = 'If you have begun to activate something elsewhere, it is void from then on.';
      assert.deepEqual(linesOf(page).slice(0, 4), [heading, text, voids, button]);
      assert.ok(mainOf(page).includes(`action="${MAIL}/begin"`));
      assert.deepEqual(linksOf(page), [TOTP]);
    }
  });

  it('until when it may be postponed, on every page of it', async () => {
    const graceUntil = new Date(Date.UTC(2026, 0, 4));
    const { app, browser, send, form } = await newcomer({ graceUntil });
    const until = graceUntil.toISOString();
    assert.equal((await form(MAIL)).graceEndsAt, until);
    assert.match(mainOf(await browser.get(MAIL)), /action="\/two-factor\/postpone"/);
    const elsewhere = new Browser(app);
    await elsewhere.login(OTHER);
    const begin = await elsewhere.get(MAIL);
    assert.ok(linesOf(begin).includes('You have 2 days left for this'), String(linesOf(begin)));
    assert.match(mainOf(begin), new RegExp(`<time datetime="${until}"`));
    assert.match(mainOf(begin), /action="\/two-factor\/postpone"/);
    assert.equal((await elsewhere.json('get', MAIL)).body.graceEndsAt, until);
    assert.equal((await send('/two-factor/postpone', { until: 'x' })).status, 400);
    assert.deepEqual(told(await send('/two-factor/postpone')), [200, { next: 'done', url: '/' }]);
    assert.equal((await browser.get('/reports')).status, 200);
    assert.equal((await elsewhere.get('/reports')).headers.location, ACTIVATE, 'in this session');
  });

  it('what is wrong with an activation key, and when one is asked for anew', async () => {
    const { browser, enrollments, form, now, send, store } = await newcomer({
      enrollment: 'activation-key',
    });
    const url = `${TOTP}/key`;
    const place = { next: 'activation-key', method: 'totp', url, graceEndsAt: null };
    assert.deepEqual(told(await browser.json('get', TOTP)), [200, place]);
    const page = await browser.get(TOTP);
    assert.deepEqual(linesOf(page).slice(0, 1), ['Enter your activation key']);
    assert.ok(mainOf(page).includes(`action="${url}"`));
    assert.deepEqual(linksOf(page), [MAIL]);
    for (const fields of [{ activationKey: 'x'.repeat(201) }, { key: 'x' }]) {
      assert.equal((await send(url, fields)).status, 400);
    }
    const badly = await send(url, {});
    assert.deepEqual(
      [badly.status, badly.body.error, badly.body.next],
      [422, 'malformed', 'activation-key'],
    );
    const right = await issueKey(store, OTHER);
    const another = await issueKey(store, 'user3@acme');
    const wrong = await send(url, { activationKey: another });
    const { message, ...rest } = wrong.body;
    assert.deepEqual([wrong.status, rest.error], [422, 'wrong_code']);
    assert.deepEqual(pick(rest, Object.keys(place)), place);
    const again = await browser.post(url, { activationKey: another, _csrf: await browser.csrf() });
    assert.equal(again.status, 422);
    assert.ok(mainOf(again).includes(`role="alert"><span>${message}</span>`));

    // Without a key nothing is begun, by whatever address.
    for (const path of ['begin', 'restart']) await send(`${TOTP}/${path}`);
    assert.equal((await form()).next, 'activation-key');
    assert.deepEqual(told(await send(url, { activationKey: right })), [
      ...[200, { next: 'enroll', url: TOTP }],
    ]);
    const { key, enrollment } = await form();
    assert.ok(key);
    const newer = await issueKey(store, OTHER);
    const late = await send(TOTP, { code: codeAt(key, now()), enrollment });
    assert.deepEqual(
      [late.status, late.body.error, late.body.next],
      [422, 'superseded', 'activation-key'],
    );
    assert.match(late.body.message, /activation key/);
    assert.deepEqual(await enrollments(), []);
    for (let n = 0; n < 4; n += 1) await send(url, { activationKey: another });
    // Too many are too many, also with a code for what is void.
    for (const [at, fields] of [
      [url, { activationKey: newer }],
      [TOTP, { code: codeAt(key, now()), enrollment }],
    ] as const) {
      const locked = await send(at, fields);
      assert.deepEqual(
        [locked.status, locked.body.error, locked.body.next],
        [429, 'locked', 'activation-key'],
      );
      assert.match(locked.body.message, /Try again in 30 seconds/);
    }
  });

  it('that an administrator has begun it, and whether one may do without', async () => {
    for (const enrollment of ['self', 'activation-key'] as const) {
      const { browser, enrollments, form, now, send, store } = await newcomer({ enrollment });
      const key = await handOver(store, OTHER);
      const { csrfToken, ...shown } = await form();
      assert.deepEqual([shown.next, shown.handedOver, shown.url], ['enroll', true, TOTP]);
      assert.ok(!('graceEndsAt' in shown) && !('key' in shown));
      const restart = mainOf(await browser.get(TOTP)).includes(`action="${TOTP}/restart"`);
      assert.equal(restart, enrollment === 'self');
      const begun = await send(`${TOTP}/begin`);
      assert.deepEqual(told(begun), [200, { next: 'enroll', url: TOTP }]);
      assert.equal((await form()).enrollment, shown.enrollment, 'begins nothing in its place');
      const code = codeAt(key, now());
      const done = await send(TOTP, { code, enrollment: shown.enrollment });
      assert.equal(done.status, 200);
      assert.equal((await enrollments()).length, 1);
    }
  });

  it('that one method more has a name, which stays as it was typed', async () => {
    const { browser: inside, clock, first, store } = await activated();
    const at = `${PROFILE}/activate/totp`;
    const begun = await inside.jsonForm(at);
    const { key, enrollment, csrfToken: _csrf } = begun.body;
    assert.match(
      mainOf(await inside.get(at)),
      /name="name" type="text" value="Authenticator app 2"/,
    );
    const code = wrongCode(key, clock.now());
    const refused = await inside.post(at, { code, enrollment, name: 'My tablet', _csrf });
    assert.equal(refused.status, 422);
    assert.match(mainOf(refused), /name="name" type="text" value="My tablet"/);
    const blank = await inside.post(at, { code, enrollment, name: '  ', _csrf });
    assert.match(mainOf(blank), /name="name" type="text" value="Authenticator app 2"/);
    assert.equal(
      (await inside.post(at, { code, enrollment, name: 'x'.repeat(201), _csrf })).status,
      400,
    );
    const right = { code: codeAt(key, clock.now()), enrollment, name: '   ', _csrf };
    assert.equal((await inside.post(at, right)).status, 303);
    const labels = (await store.readSubject(USER)).enrollments.map(({ label }) => label);
    assert.deepEqual(labels, [first.label, 'Authenticator app 2']);
  });

  it('whoever may activate and need not, and whoever has done so', async () => {
    const { app, browser, form, now, send } = await newcomer({ mode: 'optional' });
    assert.equal((await browser.get('/reports')).status, 200);
    const { key, enrollment, graceEndsAt } = await form();
    assert.equal(graceEndsAt, null);
    assert.equal((await browser.get(ACTIVATE)).status, 200);
    const done = await send(TOTP, { code: codeAt(key, now()), enrollment });
    assert.deepEqual(told(done), [200, { next: 'done', url: '/' }]);
    for (const url of [ACTIVATE, TOTP]) {
      assert.deepEqual(told(await browser.json('get', url)), [200, { next: 'done', url: '/' }]);
    }
    const later = new Browser(app);
    await later.login(OTHER);
    for (const url of [ACTIVATE, TOTP]) {
      assert.deepEqual(told(await later.json('get', url)), [
        ...[200, { next: 'challenge', url: '/two-factor/challenge' }],
      ]);
    }
  });

  it('that it cannot go on: who cannot be asked, a store that fails, and what was begun elsewhere', async () => {
    const silent = new OutageError('the gateway is silent');
    const plain = emailCode({ addressOf: () => USER, send: async () => {} });
    const enrollment = {
      ...plain.enrollment,
      confirm: () => {
        throw silent;
      },
    };
    const { browser, current, errors, form, send, store } = await newcomer({}, { enrollment });
    const { enrollment: id } = await form(MAIL);
    const asked = await send(MAIL, { code: '12345678', enrollment: id });
    assert.deepEqual(
      [asked.status, asked.body.error, asked.body.next, asked.body.enrollment],
      [503, 'unavailable', 'enroll', id],
    );
    assert.deepEqual(errors, [silent]);
    const page = await browser.post(MAIL, {
      ...{ code: '12345678', enrollment: id, _csrf: await browser.csrf() },
    });
    assert.equal(page.status, 503);
    assert.match(mainOf(page), /role="alert"/);

    const { beginEnrollment } = store;
    store.beginEnrollment = async () => null;
    assert.deepEqual(told(await send(`${MAIL}/restart`)), [
      409,
      { error: 'not_begun', message: 'This method cannot be activated now.' },
    ]);
    store.beginEnrollment = beginEnrollment;

    current.policy = { mode: 'required', methods: ['totp'], enrollment: 'activation-key' };
    const activationKey = await issueKey(store, OTHER);
    store.judgeAttempt = async () => {
      throw new UnavailableError('ERR_STORE_UNAVAILABLE', 'no store');
    };
    const failed = await send(`${TOTP}/key`, { activationKey });
    assert.deepEqual([failed.status, failed.body.code], [503, 'ERR_STORE_UNAVAILABLE']);
  });

  it('that a method which leads away has no page to come back to, to the host', async () => {
    const leaving = { begin: () => ({}), confirm: () => ({ kind: 'accepted' }) };
    const prompt = () => ({ kind: 'leave', url: 'https://codes.example' });
    const { browser, errors } = await newcomer({}, { enrollment: { ...leaving, prompt } });
    assert.equal((await browser.get(MAIL)).status, 503);
    const [{ code, message }] = errors as [Error & { code: string }];
    assert.deepEqual([code, message.slice(0, 22)], ['ERR_METHOD', 'email-code leads away ']);
  });
});

function pick(from: object, names: readonly string[]) {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
