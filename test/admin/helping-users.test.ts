import assert from 'node:assert/strict';
import { UnavailableError } from '../../src/errors.js';
import { formFields } from '../support/admin.js';
import { codeAt, wrongCode } from '../support/browser.js';
import { fail, opened } from '../support/opened-admin.js';
import { enroll } from '../support/redis-store.js';
import { issueKey, set } from '../support/tenancy.js';

const USERS = '/setup/organizations/acme/users';
const USER1 = `${USERS}/user1%40acme`;
const NORTH = '/setup/organizations/north/users/admin%40north';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ACTIVATED = {
  error: 'already_activated',
  message: 'This user has activated two-factor already. Reset it first if the device is lost.',
};
const OWN = {
  error: 'own_account',
  message: 'This is your own account. Use My Profile, or ask another administrator.',
};

describe('what an administrator does for a user', () => {
  it('is told to the host: who did it, for whom, where and from which address', async () => {
    const { browser, events, store } = await opened();
    await enroll(store, 'user1@acme');
    await fail(store, 5);
    await browser.submit(`${USER1}/unlock`);
    await browser.submit(`${USER1}/reset`);
    await browser.submit(`${USER1}/activation-key`);
    await browser.submit(`${USER1}/activation-key/revoke`);
    await browser.submit(`${USER1}/activate`, { confirm: 'first-login' });
    const told = events.map(({ type, subjectId, tenantId, actorId, from }) => {
      assert.match(from ?? '', /127\.0\.0\.1$/);
      return [type, subjectId, tenantId, actorId].join(' ');
    });
    assert.deepEqual(
      told,
      [
        'subject.unlocked',
        'enrollment.reset',
        'activation-key.issued',
        'activation-key.revoked',
        'enrollment.handed-over',
      ].map((type) => `${type} user1@acme acme admin@north`),
    );
    assert.equal(events.at(-1)?.method, 'totp');
  });

  it('is told on the page that follows', async () => {
    const { browser, store, events } = await opened();
    const notice = async (path: string) => {
      const { status, headers } = await browser.submit(path);
      assert.equal(status, 303);
      const { text } = await browser.get(String(headers.location));
      return /role="status">([^<]*)</.exec(text)?.[1];
    };
    await issueKey(store, 'user1@acme');
    assert.equal(await notice(`${USER1}/activation-key/revoke`), 'The activation key was revoked.');
    assert.equal(await notice(`${USER1}/activation-key/revoke`), 'Nothing was changed.');
    assert.equal(events.filter(({ type }) => type === 'activation-key.revoked').length, 1);
    assert.equal(await notice(`${USER1}/unlock`), 'Unlocked: codes are accepted again.');
    assert.equal(
      await notice(`${USER1}/reset`),
      'The two-factor authentication of this user was reset.',
    );
  });

  it('is told to a program', async () => {
    const { browser, store } = await opened();
    await enroll(store, 'user1@acme');
    const call = async (what: string) => {
      const { status, body } = await browser.call(`${USER1}/${what}`);
      assert.equal(status, 200);
      return body;
    };
    assert.deepEqual(await call('unlock'), { unlocked: true, url: `${USER1}?done=unlocked` });
    const { csrfToken, ...asked } = (await browser.json('get', `${USER1}/reset`)).body;
    assert.deepEqual(asked, { factors: 1, activationKeyDemanded: false });
    assert.deepEqual(await call('reset'), {
      ...{ reset: true, activationKey: null, url: `${USER1}?done=reset` },
    });
    await issueKey(store, 'user1@acme');
    const revoke = 'activation-key/revoke';
    assert.deepEqual(await call(revoke), { revoked: true, url: `${USER1}?done=revoked` });
    assert.deepEqual(await call(revoke), { revoked: false, url: `${USER1}?done=unchanged` });
  });

  it('has a title with the user’s name, below Users', async () => {
    const { browser, store } = await opened();
    const pages = [
      ['Activate', await browser.get(`${USER1}/activate`)],
      ['Activate', await browser.submit(`${USER1}/activate`, { confirm: 'now' })],
      ['Activation key for', await browser.submit(`${USER1}/activation-key`)],
    ] as const;
    await enroll(store, 'user1@acme');
    for (const [what, { text }] of [
      ...pages,
      ['Reset', await browser.get(`${USER1}/reset`)] as const,
    ]) {
      assert.ok(text.includes(`<title>${what} user1@acme.example – `), what);
    }
  });

  it('is refused for their own account, on every page of it', async () => {
    const { browser } = await opened();
    for (const path of ['activate', 'reset']) {
      const { status, body } = await browser.json('get', `${NORTH}/${path}`);
      assert.deepEqual([status, body], [409, OWN], path);
    }
    for (const path of ['reset', 'unlock', 'activation-key']) {
      const { status, body } = await browser.call(`${NORTH}/${path}`);
      assert.deepEqual([status, body], [409, OWN], path);
    }
  });
});

describe('activating for a user', () => {
  it('is refused to whoever has activated', async () => {
    const { browser, store } = await opened();
    await enroll(store, 'user1@acme');
    const { status, body } = await browser.json('get', `${USER1}/activate`);
    assert.deepEqual([status, body], [409, ACTIVATED]);
  });

  it('is refused as well where the settings contradict each other, and nobody can say what counts', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'required', methods: ['duo'] });
    assert.equal((await browser.json('get', `${USER1}/activate`)).status, 200);
    await enroll(store, 'user1@acme');
    const { status, body } = await browser.json('get', `${USER1}/activate`);
    assert.deepEqual([status, body], [409, ACTIVATED]);
  });

  it('is a 503 where the store fails at the code, and the same code is taken afterwards', async () => {
    let broken = false;
    const made = await opened({}, (store) => ({
      ...store,
      async judgeAttempt(...attempt) {
        if (broken) throw new UnavailableError('ERR_STORE_UNAVAILABLE', 'The store is away');
        return store.judgeAttempt(...attempt);
      },
    }));
    const { body: begun } = await made.browser.call(`${USER1}/activate`, { confirm: 'now' });
    const confirm = () =>
      made.browser.call(`${USER1}/activate/confirm`, {
        ...{ code: codeAt(begun.key, made.clock.now()), enrollment: begun.enrollment },
      });
    broken = true;
    assert.equal((await confirm()).status, 503);
    assert.deepEqual((await made.store.readSubject('user1@acme')).enrollments, []);
    broken = false;
    assert.deepEqual((await confirm()).body.activated, true);
  });

  it('has three ways, and says whether a key is demanded', async () => {
    const { browser, store } = await opened();
    const ways = ['now', 'first-login', 'activation-key'];
    const read = async () => {
      const { csrfToken, ...rest } = (await browser.json('get', `${USER1}/activate`)).body;
      assert.ok(csrfToken);
      return rest;
    };
    const app = { method: 'totp', title: 'Authenticator app', ways: ['now', 'first-login'] };
    const mechanisms = [app];
    assert.deepEqual(await read(), { ways, mechanisms, activationKeyDemanded: false });
    assert.match((await browser.get(`${USER1}/activate`)).text, /types it on the activation page/);
    await set(store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    assert.deepEqual(await read(), { ways, mechanisms, activationKeyDemanded: true });
    const page = await browser.get(`${USER1}/activate`);
    assert.match(page.text, /demands one for a first activation/);
    assert.match(page.text, /It works once, within 24 hours/);
    assert.match(page.text, /Show, and confirm now/);
  });

  it('hands no key of an app over where none is accepted', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'required', methods: ['recovery-code'] });
    const { body } = await browser.json('get', `${USER1}/activate`);
    assert.deepEqual(body.ways, ['activation-key']);
    const words =
      'Nothing that you could activate for this user is accepted, so there is nothing to hand over.';
    const page = await browser.get(`${USER1}/activate`);
    assert.ok(page.text.includes(`<p>${words}</p>`));
    assert.doesNotMatch(page.text, /name="confirm"/);
    for (const confirm of ['now', 'first-login']) {
      const begun = await browser.call(`${USER1}/activate`, { confirm });
      assert.equal(begun.status, 422);
      assert.deepEqual(begun.body, { error: 'method_not_accepted', message: words });
    }
    assert.equal((await browser.call(`${USER1}/activation-key`)).status, 200);
  });

  it('says at a wrong code what is wrong, and goes on with the same key', async () => {
    const { browser, clock, begun, confirm } = await begunNow();
    const wrong = await confirm(wrongCode(begun.key, clock.now()));
    assert.deepEqual(
      [wrong.status, wrong.body.error, wrong.body.message, wrong.body.retryAt],
      [422, 'wrong_code', 'That code is not right. Enter the one that the app shows now.', null],
    );
    const page = await browser.submit(`${USER1}/activate/confirm`, {
      code: wrongCode(begun.key, clock.now()),
      enrollment: begun.enrollment,
    });
    assert.match(page.text, /<title>Error: Activate user1@acme\.example – /);
    assert.match(page.text, /the key is not shown again/);
    assert.deepEqual(formFields(page.text, `${USER1}/activate/confirm`), {
      method: 'totp',
      enrollment: begun.enrollment,
      code: '',
    });
    assert.match(page.text, new RegExp(`href="${USER1}/activate">Start again with a new key<`));
    const right = await confirm(codeAt(begun.key, clock.now()));
    assert.deepEqual([right.status, right.body.activated], [200, true]);
    assert.equal(right.body.subject, 'user1@acme');
  });

  it('says that the phone’s clock is wrong', async () => {
    const { clock, begun, confirm } = await begunNow();
    const { body } = await confirm(codeAt(begun.key, clock.now() + 10 * MINUTE));
    assert.match(body.message, /phone’s clock is about 10 minutes ahead\. /);
    assert.deepEqual(body.values, { minutes: 10, direction: 'ahead' });
    const wrong = await confirm(wrongCode(begun.key, clock.now()));
    assert.ok(!('values' in wrong.body));
  });

  it('waits after too many wrong codes, and says until when', async () => {
    const { clock, begun, confirm } = await begunNow();
    const wrong = wrongCode(begun.key, clock.now());
    for (let n = 0; n < 5; n += 1) assert.equal((await confirm(wrong)).status, 422);
    const { status, body } = await confirm(codeAt(begun.key, clock.now()));
    assert.deepEqual(
      [status, body.error, body.message],
      [429, 'locked', 'Too many wrong codes for this user.'],
    );
    assert.equal(body.retryAt, new Date(clock.now() + 30_000).toISOString());
  });

  it('says that somebody has to unlock the user first, where nothing else ends the lock', async () => {
    const { store, clock, begun, confirm } = await begunNow();
    await fail(store, 100, 0);
    const { status, body } = await confirm(codeAt(begun.key, clock.now()));
    assert.deepEqual([status, body.error, body.retryAt], [429, 'locked', null]);
    assert.equal(body.message, 'Too many wrong codes for this user: unlock them first.');
  });

  it('starts again where the key is void', async () => {
    for (const [error, over] of [
      ['superseded', ({ browser }) => browser.call(`${USER1}/activate`, { confirm: 'now' })],
      ['expired', ({ clock }) => clock.advance(HOUR)],
    ] as const satisfies readonly (readonly [string, (made: Made) => unknown])[]) {
      const made = await begunNow();
      const { browser, clock, begun, confirm } = made;
      await over(made);
      const code = codeAt(begun.key, clock.now());
      const { status, body } = await confirm(code);
      assert.deepEqual([status, body.error], [422, error]);
      const { enrollment } = begun;
      const page = await browser.submit(`${USER1}/activate/confirm`, { code, enrollment });
      assert.equal(page.status, 422);
      assert.doesNotMatch(page.text, /name="code"/, error);
      assert.match(page.text, new RegExp(`href="${USER1}/activate">Start again<`), error);
    }
  });
});

type Made = Awaited<ReturnType<typeof begunNow>>;

/** A key is shown, to be confirmed on the spot. */
async function begunNow() {
  const made = await opened();
  const { body: begun } = await made.browser.call(`${USER1}/activate`, { confirm: 'now' });
  const confirm = (code: string) =>
    made.browser.call(`${USER1}/activate/confirm`, { code, enrollment: begun.enrollment });
  return { ...made, begun, confirm };
}
