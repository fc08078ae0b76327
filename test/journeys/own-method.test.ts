import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  explain,
  OutageError,
  type Policy,
  recoveryCodes,
  type SallyportOptions,
  totp,
} from 'sallyport';
import { AdminBrowser, administration, formFields } from '../support/admin.js';
import { Browser, codeAt } from '../support/browser.js';
import { journeys } from '../support/worlds.js';
import { emailCode } from './email-code.js';

const USER = 'user1@acme';
const CHALLENGE = '/two-factor/challenge/email-code';
const ACTIVATE = '/two-factor/activate/email-code';
const PROFILE = '/two-factor/profile';
const MINUTE = 60_000;

/** The acid test of the contract: a host's own method, of which no file of ours knows. */
journeys('a method of a host’s own', (world) => {
  let mails: { readonly address: string; readonly code: string }[];
  let mailer: () => Promise<void>;
  const last = () => mails.at(-1)?.code ?? '';
  const wrong = () => String((Number(last()) + 1) % 10 ** 8).padStart(8, '0');

  beforeEach(() => {
    mails = [];
    mailer = async () => {};
  });

  const email = emailCode({
    addressOf: ({ id }) => `${id}.example`,
    async send(address, code) {
      await mailer();
      mails.push({ address, code });
    },
  });
  const options = (more: Partial<SallyportOptions> = {}): Partial<SallyportOptions> => ({
    methods: [email, totp(), recoveryCodes()],
    ...more,
  });
  const alone = { mode: 'required', methods: ['email-code'] } as const;
  const hostOf = (more: Partial<SallyportOptions> = {}) =>
    world().host({ policy: () => alone, options: options(more) });

  async function signedIn(target: Browser['target'], user = USER): Promise<Browser> {
    const browser = new Browser(target);
    await browser.login(user);
    return browser;
  }

  /** Signs in for the first time, and confirms with the code of the mail. */
  async function activated(target: Browser['target'], user = USER): Promise<Browser> {
    const browser = await signedIn(target, user);
    const { body } = await browser.json('get', ACTIVATE);
    const { enrollment, csrfToken: _csrf } = body;
    const done = await browser.post(ACTIVATE, { code: last(), enrollment, _csrf });
    assert.ok([200, 303].includes(done.status), done.text);
    return browser;
  }
  const answer = async (browser: Browser, code: string, at = CHALLENGE) =>
    browser.post(at, { code, _csrf: await browser.csrf() });
  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;

  it('is activated at login on a form that we make for it', async () => {
    const { app, events } = await hostOf();
    const browser = await signedIn(app);
    assert.equal((await browser.get('/reports')).headers.location, '/two-factor/activate');
    assert.equal((await browser.get('/two-factor/activate')).headers.location, ACTIVATE);
    const page = await browser.get(ACTIVATE);
    assert.equal(page.status, 200);
    assert.match(page.text, /A code was sent to u…@acme\.example\./);
    assert.match(page.text, /<label class="sp-label" for="code">Code from the mail<\/label>/);
    assert.match(page.text, /autocomplete="one-time-code"/);
    assert.deepEqual(mails, [{ address: 'user1@acme.example', code: last() }]);
    const fields = { ...formFields(page.text, ACTIVATE), _csrf: await browser.csrf() };
    const refused = await browser.post(ACTIVATE, { ...fields, code: wrong() });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /role="alert"><span>That is not the code that we have sent\./);
    assert.equal(mails.length, 1, 'nothing is sent again for a typo');
    assert.equal((await browser.post(ACTIVATE, { ...fields, code: last() })).status, 303);
    assert.equal(await isInside(browser), true);
    const { enrollments } = await world().store.readSubject(USER);
    assert.deepEqual(
      enrollments.map(({ method, label }) => [method, label]),
      [['email-code', 'Code by e-mail']],
    );
    const confirmed = events.filter(({ method }) => method === 'email-code');
    assert.deepEqual(
      confirmed.map(({ type, detail }) => [type, detail]),
      [
        ['enrollment.failed', 'wrong-code'],
        ['enrollment.confirmed', null],
      ],
    );
  });

  it('is challenged with a new code, sent once for all looks and tabs, and taken once', async () => {
    const { app } = await hostOf();
    await activated(app);
    mails = [];
    const browser = await signedIn(app);
    const looks = await Promise.all([1, 2, 3].map(() => browser.copy().get(CHALLENGE)));
    assert.deepEqual(
      looks.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal(mails.length, 1);
    assert.equal((await answer(browser, wrong())).status, 422);
    await browser.get(CHALLENGE);
    assert.equal(mails.length, 1);
    const second = browser.copy();
    assert.equal((await answer(browser, last())).status, 303);
    assert.equal(await isInside(browser), true);
    assert.equal(await isInside(second), false);
    const other = await signedIn(app);
    const used = last();
    await other.get(CHALLENGE);
    assert.equal((await answer(other, used)).status, 422, 'the code of another session');
  });

  it('lets one of two right answers in, whatever session data somebody keeps', async () => {
    const { app } = await hostOf();
    await activated(app);
    const browser = await signedIn(app);
    await browser.get(CHALLENGE);
    const _csrf = await browser.csrf();
    const answers = await Promise.all(
      [browser.copy(), browser.copy()].map(async (one) => {
        await one.post(CHALLENGE, { code: `${last().slice(0, 4)} ${last().slice(4)}`, _csrf });
        return isInside(one);
      }),
    );
    assert.equal(answers.filter(Boolean).length, 1, String(answers));
  });

  it('is over after ten minutes, and is sent anew when it is asked for, within bounds', async () => {
    const { app } = await hostOf({ pendingMaxAge: '1h' });
    await activated(app);
    const browser = await signedIn(app);
    await browser.get(CHALLENGE);
    const old = last();
    world().clock.advance(10 * MINUTE);
    const late = await answer(browser, old);
    assert.equal(late.status, 422);
    assert.match(late.text, /That code is too old\./);
    assert.notEqual(last(), old, 'the page has sent a new one');
    const before = mails.length;
    const again = async () => browser.post(`${CHALLENGE}/restart`, { _csrf: await browser.csrf() });
    assert.equal((await again()).headers.location, CHALLENGE);
    assert.equal(mails.length, before + 1);
    let statuses: number[] = [];
    for (let n = 0; n < 10; n += 1) statuses = [...statuses, (await again()).status];
    assert.ok(statuses.includes(429), String(statuses));
    assert.ok(mails.length <= 11, `${mails.length} mails`);
    assert.equal((await answer(browser, last())).status, 303);
  });

  it('waits after five wrong answers', async () => {
    const { app, events } = await hostOf();
    await activated(app);
    const browser = await signedIn(app);
    await browser.get(CHALLENGE);
    for (let n = 0; n < 5; n += 1) assert.equal((await answer(browser, wrong())).status, 422);
    const waiting = await answer(browser, last());
    assert.equal(waiting.status, 429);
    assert.match(waiting.text, /Too many wrong codes\. Try again in 30 seconds\./);
    assert.equal(events.at(-1)?.type, 'verification.locked');
    world().clock.advance(MINUTE);
    assert.equal((await answer(browser, last())).status, 303);
  });

  it('is a fresh proof where a route wants one', async () => {
    const { app } = await world().host({
      policy: () => alone,
      options: options(),
      routes: (app, door) =>
        app.get('/vault', door.require({ maxAge: '5m', methods: ['email-code'] }), (_req, res) => {
          res.send('open');
        }),
    });
    const browser = await activated(app);
    assert.equal((await browser.get('/vault')).text, 'open');
    world().clock.advance(6 * MINUTE);
    assert.equal((await browser.get('/vault')).headers.location, '/two-factor/challenge');
    const page = await browser.get(CHALLENGE);
    assert.match(page.text, /<h1>Confirm that it is you<\/h1>/);
    assert.equal((await answer(browser, last())).headers.location, '/vault');
    assert.equal((await browser.get('/vault')).text, 'open');
  });

  it('is looked after in My Profile: activated beside another one, renamed, replaced and removed', async () => {
    const policy = { mode: 'optional', methods: ['totp', 'email-code'] } as const;
    const { app } = await world().host({ policy: () => policy, options: options() });
    const browser = await signedIn(app);
    const at = `${PROFILE}/activate/email-code`;
    const begun = await browser.post(`${at}/begin`, { _csrf: await browser.csrf() });
    assert.equal(begun.headers.location, at);
    const { body } = await browser.json('get', at);
    const done = await browser.post(at, {
      ...{ code: last(), enrollment: body.enrollment, _csrf: await browser.csrf() },
    });
    assert.equal(done.headers.location, `${PROFILE}?done=activated`);
    const { body: profile } = await browser.json('get', PROFILE);
    assert.deepEqual(profile.activatable, ['totp'], 'one address is enough');
    const [own] = profile.enrollments;
    const named = await browser.post(`${PROFILE}/rename/${own.id}`, {
      ...{ name: 'Work mail', _csrf: await browser.csrf() },
    });
    assert.equal(named.status, 303);
    assert.match((await browser.get(PROFILE)).text, /<bdi>Work mail<\/bdi>/);
    const removed = await browser.post(`${PROFILE}/remove/${own.id}`, {
      _csrf: await browser.csrf(),
    });
    assert.equal(removed.headers.location, `${PROFILE}?done=removed`);
    assert.deepEqual((await world().store.readSubject(USER)).enrollments, []);
  });

  it('is set, seen and reset by administrators, and explained', async () => {
    const made = await world().host(() => {
      const own = administration({ admin: { secondFactor: 'policy' } });
      return { ...own, options: { ...own.options, ...options() } };
    });
    const host = { ...made, clock: world().clock, store: world().store };
    const admin = await AdminBrowser.signedIn(host, 'admin@north');
    const setup = '/setup/organizations/acme';
    const page = await admin.get(`${setup}/authentication`);
    assert.match(page.text, /value="email-code"/);
    assert.doesNotMatch(page.text, /Duo/, 'of which this door has none');
    assert.match(page.text, /Code by e-mail/);
    const setting = { mode: 'required', methods: ['email-code'], enrollment: 'self' };
    const saved = await admin.call(`${setup}/authentication`, {
      version: 0,
      setting: { ...setting, graceUntil: null, maxAgeSeconds: null, clientsMust: null },
    });
    assert.equal(saved.status, 200, saved.text);
    await activated(made.app);
    const user = `${setup}/users/user1%40acme`;
    assert.match((await admin.get(user)).text, /Code by e-mail/);
    assert.match((await admin.get(`${setup}/users`)).text, /Code by e-mail/);
    const events = await admin.get(`${setup}/events`);
    assert.match(events.text, /Code by e-mail|email-code/);
    const another = `${setup}/users/user2%40acme/activate`;
    assert.deepEqual((await admin.json('get', another)).body.ways, ['activation-key']);
    const reset = await admin.submit(`${user}/reset`, {});
    assert.equal(reset.status, 303, reset.text);
    const record = await world().store.readSubject(USER);
    assert.deepEqual(record.enrollments, []);
    const subject = { id: USER, tenantId: 'acme', label: `${USER}.example` };
    const policy = { ...alone, methods: ['email-code'] };
    const { sentences } = explain(subject, { ...defaults, ...policy }, record);
    assert.match(sentences[0] ?? '', /two-factor is required, with email-code/);
  });

  it('is driven by a program', async () => {
    const { app } = await hostOf();
    await activated(app);
    const browser = await signedIn(app);
    const asked = (await browser.json('get', CHALLENGE)).body;
    assert.deepEqual(
      [asked.next, asked.method, asked.methods, asked.sentTo, asked.url],
      ['challenge', 'email-code', ['email-code'], 'u…@acme.example', CHALLENGE],
    );
    const { csrfToken: _csrf } = asked;
    const refused = await browser.json('post', CHALLENGE, { code: wrong(), _csrf });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.error, 'wrong_code');
    const malformed = await browser.json('post', CHALLENGE, { code: 'x'.repeat(41), _csrf });
    assert.equal(malformed.status, 400);
    const done = await browser.json('post', CHALLENGE, { code: last(), _csrf });
    assert.deepEqual([done.status, done.body.next], [200, 'done']);
  });

  it('brings a script of its own, under a name with its hash, and is given as much as it asks for', async () => {
    const script = new URL('./own-method.test.ts', import.meta.url);
    const answer = { code: { maxLength: 15_000 } };
    const { app } = await hostOf({ methods: [{ ...email, script, answer }, recoveryCodes()] });
    const browser = await signedIn(app);
    const page = await browser.get(ACTIVATE);
    const [, src = ''] =
      /<script type="module" src="([^"]*email-code\.[0-9a-f]{12}\.js)">/.exec(page.text) ?? [];
    assert.match(String(page.headers['content-security-policy']), /script-src 'self'(;|$)/);
    const served = await browser.get(src);
    assert.equal(served.headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(served.text, readFileSync(script, 'utf8'));
    assert.match(String(served.headers['cache-control']), /immutable/);
    const { enrollment, csrfToken: _csrf } = (await browser.json('get', ACTIVATE)).body;
    const send = async (code: string) =>
      (await browser.post(ACTIVATE, { code, enrollment, _csrf })).status;
    assert.equal(await send('0'.repeat(15_000)), 422);
    assert.equal(await send('0'.repeat(15_001)), 400);
    assert.equal(await send('0'.repeat(30_000)), 413);
    const none = await hostOf();
    const plain = await signedIn(none.app);
    assert.doesNotMatch((await plain.get(ACTIVATE)).text, /email-code\.[0-9a-f]{12}\.js/);
  });

  it('that cannot send is a 503 that says so to the host, and tries again at the next look', async () => {
    const { app, errors, events } = await hostOf();
    await activated(app);
    const browser = await signedIn(app);
    mailer = () => Promise.reject(new Error('no mail today'));
    const page = await browser.get(CHALLENGE);
    assert.equal(page.status, 503);
    assert.doesNotMatch(page.text, /no mail today/);
    const [error] = errors as { code: string; message: string }[];
    assert.deepEqual(
      [error?.code, error?.message],
      ['ERR_METHOD', 'email-code.start() threw an error'],
    );
    assert.equal(events.at(-1)?.type, 'unavailable');
    assert.equal(await isInside(browser), false);
    mailer = async () => {};
    assert.equal((await browser.get(CHALLENGE)).status, 200);
    assert.equal((await answer(browser, last())).status, 303);
  });

  it('that cannot ask whom it has to ask says so on its form, with an event, and offers the others', async () => {
    const policy = { mode: 'required', methods: ['email-code', 'totp'] } as const;
    let outage: OutageError | null = null;
    const asking: typeof email = {
      ...email,
      words: { ...email.words, unavailable: 'No answer.', because: { refused: 'Not for us.' } },
      verify(context, given) {
        if (outage) throw outage;
        return email.verify(context, given);
      },
    };
    const { app, errors, events } = await world().host({
      policy: () => policy,
      options: options({ methods: [asking, totp(), recoveryCodes()] }),
    });
    const first = await activated(app);
    const totpUrl = `${PROFILE}/activate/totp`;
    const { body } = await first.jsonForm(totpUrl);
    const fields = { enrollment: body.enrollment, _csrf: body.csrfToken };
    await first.post(totpUrl, { ...fields, code: codeAt(body.key, world().clock.now()) });

    const browser = await signedIn(app);
    await browser.get(CHALLENGE);
    outage = new OutageError('the gateway is silent', { detail: 'timeout' });
    const page = await answer(browser, last());
    assert.equal(page.status, 503);
    assert.equal(page.headers['retry-after'], '30');
    assert.match(page.text, /role="alert"><span>No answer\./);
    assert.match(page.text, /href="\/two-factor\/challenge\/totp"/);
    assert.doesNotMatch(page.text, /silent/);
    assert.deepEqual(errors, [outage]);
    const { type, detail, method, subjectId } = events.at(-1) ?? {};
    assert.deepEqual(
      [type, detail, method, subjectId],
      ['unavailable', 'ERR_METHOD timeout', 'email-code', USER],
    );
    assert.equal(await isInside(browser), false);

    outage = new OutageError('our key is refused', { because: 'refused' });
    const { status, body: json } = await browser.json('post', CHALLENGE, {
      ...{ code: `${last()} `, _csrf: await browser.csrf() },
    });
    assert.deepEqual(
      [status, json.error, json.message, json.method],
      [503, 'unavailable', 'Not for us.', 'email-code'],
    );
    outage = null;
    assert.equal((await answer(browser, last())).status, 303, 'the code is not used up');
  });
});

const defaults: Policy = {
  ...{ mode: 'required', methods: [], duo: null, enrollment: 'self', graceUntil: null },
  ...{ maxAgeSeconds: null, rememberDeviceSeconds: null, proofs: [], because: [] },
};
