import assert from 'node:assert/strict';
import { type Method, OutageError, recoveryCodes, totp } from 'sallyport';
import { emailCode } from '../journeys/email-code.js';
import { opened } from '../support/opened-admin.js';
import { linesOf, mainOf, told } from '../support/profile.js';
import { set } from '../support/tenancy.js';

const USER = 'user1@acme';
const DETAILS = '/setup/organizations/acme/users/user1%40acme';
const ACTIVATE = `${DETAILS}/activate`;
const CONFIRM = `${ACTIVATE}/confirm`;

const CODE = '12345678';
type Enrolling = NonNullable<Method['enrollment']>;

/** A door with a mechanism that an administrator answers on the spot, and cannot leave for later. */
async function onTheSpot(failing?: OutageError) {
  const { start, enrollment, ...email } = emailCode({
    addressOf: () => null,
    send: async () => {},
  });
  assert.ok(start && enrollment);
  const ownEnrollment: Enrolling = {
    begin: () => ({}),
    prompt: () => ({ kind: 'form', title: 'Activate two-factor' }),
    confirm(_context, { code }) {
      if (failing) throw failing;
      return code === CODE ? { kind: 'accepted' } : { kind: 'rejected', reason: 'wrong-code' };
    },
    handOver: { field: () => ({ label: 'Code that was read out', hint: '8 digits' }) },
  };
  const own: Method = {
    ...{ name: email.name, title: email.title, answer: email.answer, words: email.words! },
    ...{ throttle: 'lockout', enrollment: ownEnrollment },
    prompt: () => ({ kind: 'form', title: 'Enter the code' }),
    verify: () => ({ kind: 'rejected', reason: 'wrong-code' }),
  };
  const made = await opened({ host: { options: { methods: [own, totp(), recoveryCodes()] } } });
  await set(made.store, 'acme', { mode: 'required', methods: ['email-code', 'totp'] });
  const begin = async (fields: object = {}) =>
    made.browser.call(ACTIVATE, { confirm: 'now', method: 'email-code', ...fields });
  return { ...made, begin };
}

describe('activating a mechanism of the host’s own for a user', () => {
  it('is offered beside the others, with the ways that it has', async () => {
    const { browser } = await onTheSpot();
    assert.deepEqual(told(await browser.json('get', ACTIVATE)), [
      200,
      {
        ways: ['now', 'first-login', 'activation-key'],
        mechanisms: [
          { method: 'email-code', title: 'Code by e-mail', ways: ['now'] },
          { method: 'totp', title: 'Authenticator app', ways: ['now', 'first-login'] },
        ],
        activationKeyDemanded: false,
      },
    ]);
    const page = await browser.get(ACTIVATE);
    const lines = linesOf(page);
    const own = lines.indexOf('Code by e-mail');
    assert.equal(lines[own + 1], 'Activate', 'of which it says nothing itself');
    assert.ok(lines.includes('Show, and confirm now'));
    const ways = [...mainOf(page).matchAll(/name="(method|confirm)" value="([^"]*)"/g)];
    assert.deepEqual(
      ways.map(([, , value]) => value),
      ['email-code', 'now', 'totp', 'now', 'totp', 'first-login'],
    );
  });

  it('takes the answer at once, tells what was wrong with one, and elevates nobody', async () => {
    const { begin, browser, store } = await onTheSpot();
    const begun = await begin();
    const { enrollment, expiresAt, ...rest } = told(begun)[1] as Record<string, unknown>;
    assert.deepEqual([begun.status, rest], [200, { method: 'email-code', confirm: 'now' }]);
    assert.equal(expiresAt, new Date(store.now() + 600_000).toISOString());
    const fields = { method: 'email-code', enrollment };
    const wrong = await browser.call(CONFIRM, { ...fields, code: '1' });
    const message = 'That is not the code that we have sent. Compare it with the mail.';
    assert.deepEqual(told(wrong), [422, { error: 'wrong_code', message, retryAt: null }]);
    const page = await browser.submit(CONFIRM, { ...fields, code: '1' } as Record<string, string>);
    assert.equal(page.status, 422);
    assert.ok(mainOf(page).includes(`<form class="sp-stack" method="post" action="${CONFIRM}">`));
    assert.ok(mainOf(page).includes(`name="enrollment" value="${enrollment}"`));
    const lines = linesOf(page);
    for (const line of ['Code that was read out', '8 digits', message, 'Start again']) {
      assert.ok(lines.includes(line), `${line} in ${lines}`);
    }
    const done = await browser.call(CONFIRM, { ...fields, code: CODE });
    assert.deepEqual(told(done), [
      200,
      { activated: true, subject: USER, url: `${DETAILS}?done=activated` },
    ]);
    const [one] = (await store.readSubject(USER)).enrollments;
    assert.deepEqual([one?.method, one?.label], ['email-code', 'Code by e-mail']);
  });

  it('is shown without anything to hand over, and with a way to begin again', async () => {
    const { browser } = await onTheSpot();
    const page = await browser.submit(ACTIVATE, { confirm: 'now', method: 'email-code' });
    assert.deepEqual(linesOf(page), [
      ...['Acme', 'Activate', 'user1@acme.example', 'Code that was read out', '8 digits'],
      ...['Activate', 'Start again', 'Back to the user'],
    ]);
    assert.match(mainOf(page), /inputmode="numeric"/);
    const handed = await browser.submit(ACTIVATE, { confirm: 'now', method: 'totp' });
    assert.ok(
      linesOf(handed).some((line) => line.startsWith('QR code and key are shown this once.')),
    );
  });

  it('is refused where it is none, or not in this way', async () => {
    const { begin, store } = await onTheSpot();
    const nothing = {
      error: 'method_not_accepted',
      message:
        'Nothing that you could activate for this user is accepted, so there is nothing to hand over.',
    };
    for (const fields of [
      { confirm: 'first-login' },
      { method: 'recovery-code' },
      { method: 'nothing' },
    ]) {
      assert.deepEqual(told(await begin(fields)), [422, nothing]);
    }
    for (const fields of [{ method: '' }, { method: 'x'.repeat(41) }, { confirm: 'later' }]) {
      assert.equal((await begin(fields)).status, 400);
    }
    store.beginEnrollment = async () => null;
    assert.deepEqual(told(await begin()), [
      409,
      { error: 'not_begun', message: 'This user cannot be activated now.' },
    ]);
  });

  it('says that it cannot be asked now, to the host as well', async () => {
    const silent = new OutageError('the gateway is silent');
    const { begin, browser, errors, events } = await onTheSpot(silent);
    const { enrollment } = (await begin()).body;
    const fields = { method: 'email-code', enrollment, code: '12345678' };
    const failed = await browser.call(CONFIRM, fields);
    const { message, ...rest } = told(failed)[1] as { message: string };
    assert.deepEqual([failed.status, rest], [503, { error: 'unavailable', retryAt: null }]);
    assert.equal(failed.headers['retry-after'], '30');
    assert.deepEqual(errors, [silent]);
    const { type, subjectId, method } = events.at(-1) ?? {};
    assert.deepEqual([type, subjectId, method], ['unavailable', USER, 'email-code']);
    const page = await browser.submit(CONFIRM, fields);
    assert.equal(page.status, 503);
    assert.ok(linesOf(page).includes(message));
    assert.ok(mainOf(page).includes(`name="enrollment" value="${enrollment}"`));
  });
});

describe('activating a mechanism that sends something first for a user', () => {
  async function sending() {
    const mails: string[] = [];
    const { enrollment, ...email } = emailCode({
      addressOf: ({ label }) => label,
      send: async (address, code) => void mails.push(`${address} ${code}`),
    });
    assert.ok(enrollment);
    const handOver = {
      field: ({ challenge }: { challenge: unknown }) => ({
        ...{ label: 'Code that was read out', hint: challenge ? 'It was sent' : 'Not sent' },
      }),
    };
    const method = { ...email, enrollment: { ...enrollment, handOver } };
    const made = await opened({ host: { options: { methods: [method, totp()] } } });
    await set(made.store, 'acme', { mode: 'required', methods: ['email-code', 'totp'] });
    const begin = async () =>
      (await made.browser.call(ACTIVATE, { confirm: 'now', method: 'email-code' })).body.enrollment;
    const answer = (enrollment: string, code: string) =>
      made.browser.call(CONFIRM, { method: 'email-code', enrollment, code });
    const sent = () => mails.at(-1)?.split(' ') ?? [];
    return { ...made, mails, begin, answer, sent };
  }

  it('sends it once, to the user, and takes the answer after a wrong one', async () => {
    const { begin, answer, sent, mails, browser, store } = await sending();
    const enrollment = await begin();
    const [address, code = ''] = sent();
    assert.equal(address, 'user1@acme.example');
    const page = await browser.submit(CONFIRM, {
      ...{ method: 'email-code', enrollment, code: code === '00000000' ? '00000001' : '00000000' },
    });
    assert.equal(page.status, 422);
    assert.ok(linesOf(page).includes('It was sent'));
    assert.equal(mails.length, 1);
    assert.equal((await answer(enrollment, code)).status, 200);
    assert.deepEqual(
      (await store.readSubject(USER)).enrollments.map(({ method }) => method),
      ['email-code'],
    );
    assert.notEqual((await answer(enrollment, code)).status, 200, 'once');
  });

  it('sends another one for one that is begun again, and takes that alone', async () => {
    const { begin, answer, sent, mails } = await sending();
    const first = { enrollment: await begin(), code: String(sent()[1]) };
    const second = { enrollment: await begin(), code: String(sent()[1]) };
    assert.equal(mails.length, 2);
    const late = await answer(first.enrollment, first.code);
    assert.deepEqual([late.status, late.body.error], [422, 'superseded']);
    assert.equal((await answer(second.enrollment, second.code)).status, 200);
  });

  it('is asked for at most ten times in a quarter of an hour', async () => {
    const { browser, mails } = await sending();
    const begin = () => browser.call(ACTIVATE, { confirm: 'now', method: 'email-code' });
    for (let n = 0; n < 10; n += 1) assert.equal((await begin()).status, 200);
    const { status, body } = await begin();
    assert.deepEqual([status, body.error], [429, 'too_many_challenges']);
    assert.equal(mails.length, 10);
  });
});
