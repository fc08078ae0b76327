import assert from 'node:assert/strict';
import { recoveryCodes, totp } from 'sallyport';
import { Browser, codeAt } from '../support/browser.js';
import { activated, linesOf, linksOf, mainOf, PROFILE, told, USER } from '../support/profile.js';

const FROM = '127.0.0.1';
/** The address of a socket that takes both families. */
const ip = (from: string | null | undefined) => from?.replace('::ffff:', '');
const CHANGED = 'Your methods have changed meanwhile. Nothing was done: look at them again.';

describe('a change in My Profile', () => {
  it('that removes is asked about, and says what follows from it', async () => {
    const { browser, first, send, events, store } = await activated();
    const at = `${PROFILE}/remove/${first.id}`;
    const page = await browser.get(at);
    assert.match(page.text, /<title>Remove a method – /);
    assert.deepEqual(linesOf(page), [
      'Remove Authenticator app?',
      'It will no longer be accepted, and your other sessions must sign in again.',
      ...['Remove', 'Cancel'],
    ]);
    assert.deepEqual(linksOf(page), [PROFILE]);
    assert.ok(mainOf(page).includes(`<form class="sp-actions" method="post" action="${at}">`));
    assert.match(mainOf(page), /sp-button-danger/);
    assert.deepEqual(told(await browser.json('get', at)), [
      200,
      { next: 'confirm', enrollment: first.id },
    ]);
    assert.equal((await send(`remove/${first.id}`, { sure: 'yes' })).status, 400);
    assert.equal((await store.readSubject(USER)).enrollments.length, 1);
    events.length = 0;
    const done = await send(`remove/${first.id}`);
    assert.deepEqual(told(done), [200, { next: 'done', url: `${PROFILE}?done=removed` }]);
    const [{ type, method, from, actorId, enrollments }] = events as [(typeof events)[number]];
    assert.deepEqual(
      [type, method, ip(from), actorId, enrollments],
      [
        ...['enrollment.removed', 'totp', FROM, USER],
        [{ id: first.id, method: 'totp', label: 'Authenticator app' }],
      ],
    );
    assert.equal((await browser.get('/reports')).status, 200, 'this session goes on');
  });

  it('that would leave nobody anything is refused where two-factor is required, also in JSON', async () => {
    const { browser, first, send, addMail, current } = await activated();
    current.policy = { mode: 'required', methods: ['totp', 'email-code'] };
    const refusal = {
      error: 'required',
      message: 'Your organization requires two-factor authentication: replace this method instead.',
    };
    assert.deepEqual(told(await browser.json('get', `${PROFILE}/remove/${first.id}`)), [
      409,
      refusal,
    ]);
    assert.deepEqual(told(await send(`remove/${first.id}`)), [409, refusal]);
    assert.ok(!linksOf(await browser.get(PROFILE)).includes(`${PROFILE}/remove/${first.id}`));
    await addMail();
    assert.ok(linksOf(await browser.get(PROFILE)).includes(`${PROFILE}/remove/${first.id}`));
    assert.equal((await browser.get(`${PROFILE}/remove/${first.id}`)).status, 200);
    // What is accepted no longer is nothing to fall back on.
    current.policy = { mode: 'required', methods: ['totp'] };
    assert.deepEqual(told(await send(`remove/${first.id}`)), [409, refusal]);
  });

  it('of a name is a form, which says what is wrong and keeps what was typed', async () => {
    const { browser, first, send, store } = await activated();
    const at = `${PROFILE}/rename/${first.id}`;
    const page = await browser.get(at);
    assert.match(page.text, /<title>Rename – /);
    assert.deepEqual(linesOf(page), [
      ...['Rename', 'Authenticator app', 'Name', 'At most 40 characters', 'Save', 'Cancel'],
    ]);
    assert.deepEqual(linksOf(page), [PROFILE]);
    assert.ok(mainOf(page).includes(`method="post" action="${at}"`));
    assert.doesNotMatch(mainOf(page), /aria-invalid|role="alert"/);
    const form = { next: 'rename', url: at, name: 'Authenticator app' };
    assert.deepEqual(told(await browser.json('get', at)), [200, form]);

    const typed = 'x'.repeat(41);
    const _csrf = await browser.csrf();
    const again = await browser.post(at, { name: typed, _csrf });
    assert.equal(again.status, 422);
    assert.ok(mainOf(again).includes(`value="${typed}"`));
    const wrong = 'Give it a name of 1 to 40 characters.';
    assert.ok(mainOf(again).includes(`role="alert"><span>${wrong}</span>`));
    assert.match(mainOf(again), /aria-invalid="true"/);
    for (const fields of [{}, { name: typed }]) {
      assert.deepEqual(told(await send(`rename/${first.id}`, fields)), [
        422,
        { ...form, error: 'invalid_name', message: wrong, values: { count: 40 } },
      ]);
    }
    for (const fields of [{ name: 'x'.repeat(201) }, { name: 'x', label: 'y' }]) {
      assert.equal((await send(`rename/${first.id}`, fields)).status, 400);
    }
    assert.equal((await store.readSubject(USER)).enrollments[0]?.label, 'Authenticator app');
    assert.deepEqual(told(await send(`rename/${first.id}`, { name: 'Mine' })), [
      ...[200, { next: 'done', url: `${PROFILE}?done=renamed` }],
    ]);
    assert.equal((await store.readSubject(USER)).enrollments[0]?.label, 'Mine');
  });

  it('of the sessions is asked about, and is told to the trail', async () => {
    const { browser, send, events } = await activated();
    const page = await browser.get(`${PROFILE}/sign-out-others`);
    assert.match(page.text, /<title>Sign out my other sessions – /);
    assert.deepEqual(linesOf(page), [
      'Sign out your other sessions?',
      'Every other device and browser has to sign in again. This session goes on.',
      ...['Sign out the others', 'Cancel'],
    ]);
    assert.deepEqual(linksOf(page), [PROFILE]);
    assert.ok(mainOf(page).includes(`method="post" action="${PROFILE}/sign-out-others"`));
    assert.doesNotMatch(mainOf(page), /sp-button-danger/);
    const asked = await browser.json('get', `${PROFILE}/sign-out-others`);
    assert.deepEqual(told(asked), [200, { next: 'confirm' }]);
    events.length = 0;
    assert.equal((await send('sign-out-others', { all: 'yes' })).status, 400);
    assert.deepEqual(events, []);
    assert.deepEqual(told(await send('sign-out-others')), [
      ...[200, { next: 'done', url: `${PROFILE}?done=signed-out` }],
    ]);
    assert.deepEqual(
      events.map(({ type, subjectId, from, method }) => [type, subjectId, ip(from), method]),
      [['sessions.ended', USER, FROM, null]],
    );
  });

  it('that forgets a device is told to the trail; one that is not there is a 404', async () => {
    const { app, clock, key, store, events } = await activated({ rememberDeviceSeconds: 86_400 });
    clock.advance(6 * 60_000);
    const browser = new Browser(app);
    await browser.login(USER);
    const fields = { code: codeAt(key, clock.now()), remember: '1', _csrf: await browser.csrf() };
    await browser.post('/two-factor/challenge/totp', fields);
    const [device] = await store.readDevices(USER);
    const forget = async (id: string, more: object = {}) =>
      browser.json('post', `${PROFILE}/devices/${id}/forget`, {
        ...{ _csrf: await browser.csrf(), ...more },
      });
    assert.equal((await forget(device?.id ?? '', { all: 'yes' })).status, 400);
    assert.deepEqual(told(await forget('nothing')), [
      404,
      { error: 'not_found', message: 'There is no such device of yours.' },
    ]);
    events.length = 0;
    // Forgetting only ever asks for more: no fresh proof is wanted.
    clock.advance(6 * 60_000);
    assert.deepEqual(told(await forget(device?.id ?? '')), [
      200,
      { next: 'done', url: `${PROFILE}?done=forgotten` },
    ]);
    assert.deepEqual(
      events.map(({ type, subjectId, from, detail }) => [type, subjectId, ip(from), detail]),
      [['device.forgotten', USER, FROM, device?.id]],
    );
    assert.deepEqual(await store.readDevices(USER), []);
  });

  it('of what another tab or administrator has changed is refused with the way back', async () => {
    const { browser, first, send, store } = await activated();
    store.renameEnrollment = async () => false;
    store.unenroll = async () => null;
    store.raiseEpoch = async () => null;
    for (const path of [`remove/${first.id}`, 'sign-out-others']) {
      assert.deepEqual(
        told(await send(path)),
        [409, { error: 'superseded', message: CHANGED }],
        path,
      );
    }
    const renamed = await send(`rename/${first.id}`, { name: 'x' });
    assert.deepEqual(told(renamed), [409, { error: 'superseded', message: CHANGED }]);
    const page = await browser.post(`${PROFILE}/sign-out-others`, { _csrf: await browser.csrf() });
    assert.deepEqual(linksOf(page), [PROFILE]);
  });

  it('of a method that is not theirs, not offered or had already is refused with the reason', async () => {
    const { browser, addMail, current } = await activated();
    const asked = async (path: string) => told(await browser.json('get', `${PROFILE}/${path}`));
    const notTheirs = { error: 'not_found', message: 'There is no such method of yours.' };
    assert.deepEqual(await asked('rename/nothing'), [404, notTheirs]);
    assert.deepEqual(await asked('remove/nothing'), [404, notTheirs]);
    const notOffered = { error: 'not_found', message: 'This method is not offered to you.' };
    for (const path of ['replace/nothing', 'activate/recovery-code', 'activate/nothing']) {
      assert.deepEqual(await asked(path), [404, notOffered], path);
    }
    const { added } = await addMail();
    assert.deepEqual(await asked('activate/email-code'), [
      409,
      {
        error: 'too_many',
        message: 'You have activated Code by e-mail already: replace it instead.',
        values: { method: 'Code by e-mail' },
      },
    ]);
    const page = await browser.get(`${PROFILE}/activate/email-code`);
    assert.deepEqual(linksOf(page), [PROFILE]);
    current.policy = { mode: 'required', methods: ['totp'] };
    assert.deepEqual(await asked(`replace/${added.id}`), [404, notOffered]);
  });

  it('that replaces tells a program what it begins, and the trail what is gone', async () => {
    const { browser, first, send, events, store, clock } = await activated();
    const at = `${PROFILE}/replace/${first.id}`;
    const asked = {
      next: 'enroll',
      method: 'totp',
      url: at,
      begin: `${at}/begin`,
      graceEndsAt: null,
    };
    assert.deepEqual(told(await browser.json('get', at)), [200, asked]);
    const page = await browser.get(at);
    assert.ok(
      linesOf(page).includes('The one that you have is accepted until the new one is confirmed.'),
    );
    for (const path of ['begin', 'restart']) {
      const begun = await send(`replace/${first.id}/${path}`);
      assert.deepEqual(told(begun), [200, { next: 'enroll', url: at }]);
    }
    const { key, enrollment, ...form } = (await browser.json('get', at)).body;
    assert.deepEqual([form.next, form.url], ['enroll', at]);
    const shown = await browser.get(at);
    assert.ok(mainOf(shown).includes(`action="${at}"`));
    events.length = 0;
    const code = codeAt(key, clock.now());
    const done = await send(`replace/${first.id}`, { code, enrollment });
    assert.deepEqual(told(done), [200, { next: 'done', url: `${PROFILE}?done=replaced` }]);
    const gone = events.find(({ type }) => type === 'enrollment.removed');
    assert.deepEqual(
      [gone?.method, ip(gone?.from), gone?.detail, gone?.subjectId, gone?.enrollments],
      [
        ...['totp', FROM, 'replaced', USER],
        [{ id: first.id, method: 'totp', label: 'Authenticator app' }],
      ],
    );
    const [now, ...others] = (await store.readSubject(USER)).enrollments;
    assert.deepEqual([now?.label, others], ['Authenticator app', []]);
  });

  it('with an activation key is refused to whoever has a method', async () => {
    const { send } = await activated();
    assert.deepEqual(told(await send('activate/totp/key', { activationKey: 'x' })), [
      409,
      { error: 'already_activated', message: 'You have a method already.' },
    ]);
  });

  it('of a door without the method they have is refused as one that is not offered', async () => {
    const { first, addMail, elsewhere, current } = await activated();
    const { added } = await addMail();
    current.policy = { mode: 'optional', methods: ['totp'] };
    const browser = await elsewhere([totp(), recoveryCodes()]);
    assert.equal((await browser.get(`${PROFILE}/replace/${added.id}`)).status, 404);
    assert.equal((await browser.get(`${PROFILE}/replace/${first.id}`)).status, 200);
  });
});
