import assert from 'node:assert/strict';
import { recoveryCodes, totp } from 'sallyport';
import { Browser, codeAt, wrongCode } from '../support/browser.js';
import { activated, linesOf, linksOf, mainOf, told, USER } from '../support/profile.js';

const CHALLENGE = '/two-factor/challenge';
const TOTP = `${CHALLENGE}/totp`;
const MAIL = `${CHALLENGE}/email-code`;
const DAYS = 7 * 86_400;

/** Somebody with an app and codes by e-mail, in front of the challenge. */
async function challenged(policy: Parameters<typeof activated>[0] = {}, email: object = {}) {
  const made = await activated(policy, email);
  await made.addMail();
  const inside = made.browser;
  const browser = new Browser(made.app);
  await browser.login(USER);
  made.clock.advance(30_000);
  const send = async (url: string, fields: object = {}) =>
    browser.json('post', url, { ...fields, _csrf: await browser.csrf() });
  const right = () => codeAt(made.key, made.clock.now());
  const wrong = () => wrongCode(made.key, made.clock.now());
  return { ...made, inside, browser, send, right, wrong };
}

describe('what the challenge tells', () => {
  it('a program: what is asked for, where, and what else there is', async () => {
    const { browser } = await challenged();
    assert.deepEqual(told(await browser.json('get', CHALLENGE)), [
      200,
      { next: 'challenge', methods: ['totp', 'email-code'], url: TOTP },
    ]);
    const asked = { next: 'challenge', methods: ['totp', 'email-code'], rememberDays: null };
    assert.deepEqual(told(await browser.json('get', TOTP)), [
      200,
      { ...asked, method: 'totp', url: TOTP, digits: 6 },
    ]);
    assert.deepEqual(told(await browser.json('get', MAIL)), [
      200,
      { ...asked, method: 'email-code', url: MAIL, sentTo: 'u…@acme.example' },
    ]);
  });

  it('a person: the form of the first method, with the ways to the others', async () => {
    const { browser } = await challenged();
    const page = await browser.get(CHALLENGE);
    const lines = linesOf(page);
    const end = lines.slice(lines.indexOf('Continue'), lines.indexOf('Code by e-mail') + 1);
    assert.deepEqual(end, ['Continue', 'Use another way', 'Code by e-mail']);
    assert.deepEqual(linksOf(page), [MAIL]);
    assert.ok(mainOf(page).includes(`<form class="sp-stack" method="post" action="${TOTP}">`));
    assert.doesNotMatch(mainOf(page), /name="remember"/);
    const mail = await browser.get(MAIL);
    assert.deepEqual(linesOf(mail), [
      ...['Look into your mail', 'A code was sent to u…@acme.example.'],
      ...['Code from the mail', '8 digits', 'Continue', 'Nothing has come?', 'Start again'],
      ...['Use another way', 'Authenticator app'],
    ]);
    assert.deepEqual(linksOf(mail), [TOTP]);
    assert.match(mainOf(mail), /inputmode="numeric"/);
    assert.match(mainOf(mail), /maxlength="40"/);
    assert.ok(mainOf(mail).includes(`action="${MAIL}/restart"`));
  });

  it('the fields of a method that says nothing of them', async () => {
    const email = {
      answer: { code: { maxLength: 40 } },
      prompt: () => ({ kind: 'form', title: 'Mail' }),
    };
    const { browser } = await challenged({}, email);
    const page = await browser.get(MAIL);
    assert.match(page.text, /<title>Mail – /);
    assert.deepEqual(linesOf(page).slice(0, 4), [
      'Code by e-mail',
      'We send a code to your address, and ask for it at each sign-in from then on.',
      ...['Code', 'Continue'],
    ]);
    assert.match(mainOf(page), /inputmode="text"/);
    assert.doesNotMatch(mainOf(page), /aria-describedby|sp-hint/);
    const asked = { next: 'challenge', methods: ['totp', 'email-code'], rememberDays: null };
    assert.deepEqual(told(await browser.json('get', MAIL)), [
      200,
      { ...asked, method: 'email-code', url: MAIL },
    ]);
  });

  it('for how many days a device may be remembered, at a login alone', async () => {
    const { app, browser, clock, inside, send, right } = await challenged({
      rememberDeviceSeconds: DAYS + 3600,
    });
    const page = await browser.get(TOTP);
    assert.ok(linesOf(page).includes('Do not ask again on this device for 7 days'));
    assert.equal((await browser.json('get', TOTP)).body.rememberDays, 7);
    const refused = await send(TOTP, { code: 'x', remember: '1' });
    assert.deepEqual([refused.status, refused.body.rememberDays], [422, 7]);
    assert.equal((await send(TOTP, { code: right(), remember: 'x'.repeat(21) })).status, 400);
    assert.equal((await send(TOTP, { code: right(), remember: '1' })).body.next, 'done');

    const later = browser.copy();
    later.cookies.delete('connect.sid');
    await later.login(USER);
    assert.deepEqual(told(await later.json('get', TOTP)), [200, { next: 'done', url: '/' }]);
    // It stands for the login alone: where a fresh proof is wanted the same device is asked.
    const change = await later.get('/two-factor/profile/sign-out-others');
    assert.equal(change.headers.location, CHALLENGE);
    for (const url of [CHALLENGE, TOTP]) {
      const asked = await later.get(url);
      assert.deepEqual([asked.status, linesOf(asked)[0]], [200, 'Confirm that it is you'], url);
    }
    const another = new Browser(app);
    await another.login(USER);
    assert.equal((await another.json('get', TOTP)).body.next, 'challenge');

    clock.advance(6 * 60_000);
    await inside.get('/two-factor/profile/sign-out-others');
    const fresh = await inside.get(TOTP);
    assert.equal(linesOf(fresh)[0], 'Confirm that it is you');
    assert.doesNotMatch(mainOf(fresh), /name="remember"/);
  });

  it('what was wrong with an answer, and what goes on', async () => {
    const { browser, send, wrong, clock } = await challenged();
    const asked = { next: 'challenge', methods: ['totp', 'email-code'], rememberDays: null };
    const refused = await send(TOTP, { code: wrong() });
    const { message, ...rest } = told(refused)[1] as { message: string };
    assert.equal(refused.status, 422);
    assert.match(message, /code/);
    assert.deepEqual(rest, {
      ...{ ...asked, method: 'totp', url: TOTP, digits: 6 },
      ...{ error: 'wrong_code', values: {}, retryAt: null },
    });
    const page = await browser.post(TOTP, { code: wrong(), _csrf: await browser.csrf() });
    assert.equal(page.status, 422);
    assert.match(mainOf(page), /role="alert"/);
    assert.ok(linesOf(page).includes(message));
    for (let n = 0; n < 3; n += 1) await send(TOTP, { code: wrong() });
    const locked = await send(TOTP, { code: wrong() });
    const retryAt = new Date(clock.now() + 30_000).toISOString();
    assert.deepEqual(
      [locked.status, locked.body.error, locked.body.values, locked.body.retryAt],
      [429, 'locked', { wait: '30 seconds' }, retryAt],
    );
    const waiting = await browser.post(TOTP, { code: wrong(), _csrf: await browser.csrf() });
    assert.ok(mainOf(waiting).includes(`<time datetime="${retryAt}"`));
  });

  it('that a method is not theirs, or sends nothing', async () => {
    const { browser, send } = await challenged();
    const notTheirs = { error: 'not_found', message: 'This method is not yours to use here.' };
    for (const name of ['recovery-code', 'nothing', '__proto__']) {
      const url = `${CHALLENGE}/${name}`;
      assert.deepEqual(told(await browser.json('get', url)), [404, notTheirs], name);
      assert.deepEqual(told(await send(url, {})), [404, notTheirs], name);
      assert.deepEqual(told(await send(`${url}/restart`)), [404, notTheirs], name);
    }
    assert.deepEqual(told(await send(`${TOTP}/restart`)), [
      404,
      { error: 'not_found', message: 'This method sends nothing.' },
    ]);
    assert.equal((await send(`${MAIL}/restart`, { all: 'x' })).status, 400);
    assert.deepEqual(told(await send(`${MAIL}/restart`)), [200, { next: 'challenge', url: MAIL }]);
    assert.equal((await send(TOTP, { enrollment: 'x' })).status, 400);
  });

  it('whoever has nothing to prove where to go on', async () => {
    const { app, browser: inside, send, right } = await challenged({ mode: 'required' });
    assert.equal((await send(TOTP, { code: right() })).body.url, '/');
    for (const path of [CHALLENGE, TOTP]) {
      assert.deepEqual(told(await inside.json('get', path)), [200, { next: 'done', url: '/' }]);
      assert.equal((await inside.get(path)).headers.location, '/');
    }
    const nobody = new Browser(app);
    await nobody.login('user2@acme');
    for (const path of [CHALLENGE, TOTP]) {
      assert.deepEqual(told(await nobody.json('get', path)), [
        200,
        { next: 'enroll', url: '/two-factor/activate' },
      ]);
      assert.equal((await nobody.get(path)).headers.location, '/two-factor/activate');
    }
    const _csrf = await nobody.csrf();
    for (const path of [TOTP, `${MAIL}/restart`]) {
      assert.equal((await nobody.json('post', path, { _csrf })).body.next, 'enroll');
    }
  });

  it('that the old method is asked for before another one is activated', async () => {
    const { app, clock, key, current } = await activated();
    current.policy = { mode: 'required', methods: ['email-code'] };
    const browser = new Browser(app);
    await browser.login(USER);
    const page = await browser.get(TOTP);
    assert.equal(linesOf(page)[0], 'Confirm with the method you have');
    clock.advance(30_000);
    const answered = await browser.answerChallenge(codeAt(key, clock.now()));
    assert.equal(answered.status, 303);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    assert.equal((await browser.json('get', TOTP)).body.next, 'enroll');
  });

  it('of a method that only this process does not know, that none is accepted', async () => {
    const { store, open, first, current } = await challenged();
    await store.unenroll(USER, first.id, (await store.readSubject(USER)).epoch);
    current.policy = { mode: 'required', methods: ['totp'] };
    const { app } = await open([totp(), recoveryCodes()]);
    const browser = new Browser(app);
    await browser.login(USER);
    const [status, body] = told(await browser.json('get', CHALLENGE));
    assert.deepEqual(
      [status, body],
      [403, { error: 'no_method', message: 'None of your methods is accepted here.' }],
    );
  });

  it('that a method which leads away has no page to come back to, to the host', async () => {
    const { browser, errors } = await challenged(
      {},
      { prompt: () => ({ kind: 'leave', url: 'https://codes.example' }) },
    );
    assert.equal((await browser.get(MAIL)).status, 503);
    const [{ code, message }] = errors as [Error & { code: string }];
    assert.deepEqual(
      [code, message],
      [
        'ERR_METHOD',
        'email-code leads away and brings no pages(web).challenge and .activation for it',
      ],
    );
  });

  it('nobody to be remembered by an answer that counts at login alone, which is no fresh proof either', async () => {
    const email = {
      verify: ({ enrollments: [own] }: { enrollments: readonly { id: string }[] }) => ({
        ...{ kind: 'accepted', enrollmentId: own?.id, loginOnly: true },
      }),
    };
    const { browser, send, store } = await challenged({ rememberDeviceSeconds: DAYS }, email);
    await browser.get(MAIL);
    const answered = await send(MAIL, { code: '12345678', remember: '1' });
    assert.deepEqual(told(answered), [200, { next: 'done', url: '/' }]);
    assert.deepEqual(await store.readDevices(USER), []);
    assert.equal((await browser.get('/reports')).status, 200);
    const change = await browser.get('/two-factor/profile/sign-out-others');
    assert.equal(change.headers.location, CHALLENGE);
  });
});
