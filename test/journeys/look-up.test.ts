import assert from 'node:assert/strict';
import { type Method, securityKey, totp } from 'sallyport';
import { type SoftwareKey, softwareKey } from 'sallyport/testing';
import { AdminBrowser, administration, ORGANIZATIONS, testDirectory } from '../support/admin.js';
import { ORIGIN, subjectOf } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const ACTIVATE = '/two-factor/profile/activate/security-key';
const MINUTE = 60_000;
const at = (organization: string) => `/setup/organizations/${organization}/look-up`;
const byKey = (organization: string) => `${at(organization)}/security-key`;

const keyOf = () => softwareKey({ origin: ORIGIN });

/** A badge that shows its number: a method of a host's own, that a found badge leads back by. */
const badge: Method = {
  name: 'badge',
  title: 'Badge',
  throttle: 'lockout',
  answer: { code: { maxLength: 20, label: 'Number of the badge' } },
  words: {
    refused: {
      ...{ 'wrong-code': 'Wrong badge.', replayed: 'Used.', expired: 'Too late.' },
      ...{ superseded: 'Begun elsewhere.', denied: 'No.', 'not-accepted': 'Not here.' },
      malformed: 'A badge has five digits.',
    },
    ...{ locked: 'Wait {wait}.', stopped: 'Ask for help.' },
  },
  wellFormed: ({ code }) => /^\d{5}$/.test(String(code)),
  prompt: () => ({ kind: 'form', title: 'Show your badge' }),
  verify({ enrollments }, { code }) {
    const own = enrollments.find((one) => Buffer.from(one.secret()).toString() === code);
    return own
      ? { kind: 'accepted', enrollmentId: own.id }
      : { kind: 'rejected', reason: 'wrong-code' };
  },
  enrollment: {
    begin: () => ({}),
    prompt: () => ({ kind: 'form', title: 'Show your badge' }),
    confirm: (_context, { code }) => ({
      ...{ kind: 'accepted', keep: { secret: Buffer.from(String(code)) } },
    }),
  },
  lookup: {
    tokens: ({ secret }) => [Buffer.from(secret).toString()],
    prompt: () => ({
      ...{ kind: 'form', title: 'Hold the badge to the reader' },
      locals: { text: 'The number is on its back.' },
    }),
    read: (_context, { code }) => ({ kind: 'shown', token: String(code) }),
  },
};

/** Whose a found key is, asked by administrators. */
journeys('looking up a found key', (world) => {
  async function ready({ directory = testDirectory(), authorize = null as null | object } = {}) {
    const made = await world().host(() => {
      const own = administration({
        directory,
        admin: { secondFactor: 'policy', ...authorize },
      });
      const methods = [securityKey(), totp(), badge];
      return { ...own, options: { ...own.options, methods } };
    });
    for (const { id } of ORGANIZATIONS) {
      const value = {
        ...{ mode: 'optional', methods: ['security-key', 'totp', 'badge'], enrollment: null },
        ...{ graceUntil: null, maxAgeSeconds: null, clientsMust: null },
      };
      await world().store.writeSetting(id, { value, changedBy: 'test', expectedVersion: null });
    }
    return { ...made, directory, clock: world().clock, store: world().store };
  }
  type Ready = Awaited<ReturnType<typeof ready>>;

  const adminOf = (host: Ready, name: string) => AdminBrowser.signedIn(host, name);

  async function activated({ app }: Ready, key: SoftwareKey, user: string) {
    const browser = new Browser(app);
    await browser.login(user);
    const { publicKey, enrollment, csrfToken: _csrf } = (await browser.jsonForm(ACTIVATE)).body;
    const done = await browser.post(ACTIVATE, {
      ...{ credential: key.create(publicKey), enrollment, _csrf },
    });
    assert.equal(done.status, 303, done.text);
    return browser;
  }

  async function asked(admin: AdminBrowser, path: string) {
    const form = await admin.json('get', path);
    assert.equal(form.status, 200, form.text);
    return form.body.publicKey;
  }

  async function look(admin: AdminBrowser, key: SoftwareKey, path: string, fault = {}) {
    const credential = key.get(await asked(admin, path), fault);
    return admin.call(path, { credential });
  }

  it('names its owner to whoever may read them, on the page and as JSON, with an event', async () => {
    const host = await ready();
    const key = keyOf();
    await activated(host, key, 'user1@acme');
    const admin = await adminOf(host, 'admin@acme');
    const users = await admin.get('/setup/organizations/acme/users');
    assert.match(users.text, new RegExp(`<a href="${at('acme')}">Look up a key</a>`));

    const page = await admin.get(at('acme'));
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /data-sp-key="get"/);
    assert.match(page.text, /<noscript><p [^>]*>This needs JavaScript/);
    assert.match(page.text, /<script type="module" src="[^"]*security-key\.[0-9a-f]{12}\.js">/);
    assert.doesNotMatch(page.text, /<script(?![^>]* src=)|\son\w+=|\sstyle=/);
    const options = await asked(admin, byKey('acme'));
    assert.deepEqual([options.allowCredentials, options.userVerification], [[], 'discouraged']);

    const found = await look(admin, key, byKey('acme'));
    assert.equal(found.status, 200, found.text);
    const { organization, user, authenticator } = found.body.found;
    assert.deepEqual(
      [organization.id, user.id, authenticator.method, authenticator.label],
      ['acme', 'user1@acme', 'security-key', 'Security key'],
    );
    const event = host.events.findLast(({ type }) => type === 'enrollment.looked-up');
    assert.deepEqual(
      [event?.subjectId, event?.tenantId, event?.actorId, event?.method],
      ['user1@acme', 'acme', 'admin@acme', 'security-key'],
    );
    assert.deepEqual(
      event?.enrollments?.map(({ id }) => id),
      [authenticator.id],
    );

    const credential = key.get(await asked(admin, byKey('acme')));
    const shown = await admin.submit(byKey('acme'), { credential });
    assert.match(shown.text, /This key belongs to <bdi><strong>user1@acme\.example<\/strong>/);
    assert.match(shown.text, /href="\/setup\/organizations\/acme\/users\/user1%40acme"/);
    const trail = await admin.get('/setup/organizations/acme/events');
    assert.match(trail.text, /Found key looked up/);
  });

  it('finds a client’s user for the partner, and for nobody else', async () => {
    const host = await ready();
    const [key, strange] = [keyOf(), keyOf()];
    await activated(host, key, 'user2@acme');
    await activated(host, strange, 'user1@initech');
    const partner = await adminOf(host, 'admin@north');
    const found = await look(partner, key, byKey('north'));
    assert.equal(found.body.found?.user.id, 'user2@acme', found.text);
    assert.equal(found.body.found.organization.id, 'acme');
    assert.equal((await look(partner, strange, byKey('north'))).body.found, null);
    const sibling = await adminOf(host, 'admin@globex');
    assert.equal((await look(sibling, key, byKey('globex'))).body.found, null);
    assert.equal((await look(sibling, key, byKey('acme')).catch(() => null))?.body, undefined);
    assert.equal((await sibling.json('get', byKey('acme'))).status, 404);
    const nobody = await AdminBrowser.signedIn(host, 'user1@acme');
    assert.equal((await nobody.json('get', byKey('acme'))).status, 404);
  });

  it('answers alike of a key that nobody has and of one of somebody who may not be read', async () => {
    const secretive = {
      authorize: (req: never, action: string, target: { user?: { id: string } }) =>
        subjectOf(req)?.id === 'admin@acme' &&
        !(action === 'user:read' && target.user?.id === 'user3@acme'),
    };
    const host = await ready({ authorize: secretive });
    const [hidden, elsewhere, unknown] = [keyOf(), keyOf(), keyOf()];
    await activated(host, hidden, 'user3@acme');
    await activated(host, elsewhere, 'user1@initech');
    // Of this website, but of nobody any more.
    const gone = await activated(host, unknown, 'user2@acme');
    await host.door.subjects.reset({ id: 'user2@acme', tenantId: 'acme' });
    assert.ok(gone);
    const admin = await adminOf(host, 'admin@acme');
    const answers: string[] = [];
    const calls: string[][] = [];
    for (const key of [hidden, elsewhere, unknown]) {
      const credential = key.get(await asked(admin, byKey('acme')));
      host.directory.calls.length = 0;
      const { body } = await admin.call(byKey('acme'), { credential });
      answers.push(JSON.stringify({ ...body, publicKey: null }));
      calls.push(host.directory.calls.map((one) => one.replace(/^user acme .*/, 'user acme …')));
      const page = await admin.submit(byKey('acme'), {
        credential: key.get(await asked(admin, byKey('acme'))),
      });
      assert.match(page.text, /Nobody whom you may see has this key\./);
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    assert.deepEqual(calls[1], calls[2]);
    assert.deepEqual(calls[0], calls[2]);
    const events = host.events.filter(({ type }) => type === 'enrollment.looked-up');
    assert.deepEqual(
      [...new Set(events.map(({ subjectId, tenantId }) => `${subjectId} ${tenantId}`))],
      ['null acme'],
    );
  });

  it('wants the key itself: an id, a signature by another key, or over something else find nobody', async () => {
    const host = await ready();
    const key = keyOf();
    await activated(host, key, 'user1@acme');
    const admin = await adminOf(host, 'admin@acme');
    for (const fault of [
      { signature: true },
      { challenge: 'AAAA' },
      { origin: 'https://console.evil' },
      { rpId: 'evil' },
      { type: 'webauthn.create' },
      { crossOrigin: true },
      { flags: 0 },
    ]) {
      const { status, body } = await look(admin, key, byKey('acme'), fault);
      assert.deepEqual([status, body.found], [200, null], JSON.stringify(fault));
    }
    for (const credential of ['', '{}', 'x'.repeat(12_001), '{"id":"a"}']) {
      const { status } = await admin.call(byKey('acme'), { credential });
      assert.ok(status === 422 || status === 400, `${status} ${credential.slice(0, 20)}`);
    }
    const without = await admin.json('post', byKey('acme'), { credential: 'x' });
    assert.equal(without.status, 403, 'the token of our form');
    assert.equal((await look(admin, key, byKey('acme'))).body.found?.user.id, 'user1@acme');
  });

  it('takes an answer once, in the session that was asked, within five minutes', async () => {
    const host = await ready();
    const key = keyOf();
    const owner = await activated(host, key, 'user1@acme');
    const [admin, other] = [await adminOf(host, 'admin@acme'), await adminOf(host, 'admin@acme')];
    const credential = key.get(await asked(admin, byKey('acme')));
    await asked(other, byKey('acme'));
    assert.equal((await other.call(byKey('acme'), { credential })).body.found, null);
    assert.equal(
      (await admin.call(byKey('acme'), { credential })).body.found?.user.id,
      'user1@acme',
    );
    const again = await admin.call(byKey('acme'), { credential });
    assert.equal(again.body.found ?? null, null);
    const late = key.get(await asked(admin, byKey('acme')));
    world().clock.advance(5 * MINUTE);
    const tooLate = await admin.call(byKey('acme'), { credential: late });
    assert.deepEqual([tooLate.status, tooLate.body.error], [422, 'expired']);
    // What the finder has signed is no proof of its owner’s.
    await owner.post('/logout');
    await owner.login('user1@acme');
    const challenge = '/two-factor/challenge/security-key';
    await owner.json('get', challenge);
    const used = await owner.post(challenge, { credential, _csrf: await owner.csrf() });
    assert.notEqual(used.status, 303);
  });

  it('is bounded for each administrator, and said so', async () => {
    const host = await ready();
    const key = keyOf();
    await activated(host, key, 'user1@acme');
    const admin = await adminOf(host, 'admin@acme');
    for (let n = 0; n < 30; n += 1) {
      assert.equal((await admin.call(byKey('acme'), { credential: 'x' })).status, 422);
    }
    const other = await adminOf(host, 'admin@acme');
    const refused = await look(other, key, byKey('acme'));
    assert.deepEqual([refused.status, refused.body.error], [429, 'too_many_lookups']);
    assert.equal(refused.headers['retry-after'], '900');
    world().clock.advance(15 * MINUTE);
    assert.equal((await look(other, key, byKey('acme'))).body.found?.user.id, 'user1@acme');
  });

  it('forgets a key with its removal, reset and deletion, on every process', async () => {
    const [host, second] = [await ready(), await ready()];
    const keys = [keyOf(), keyOf()];
    const [first, spare] = keys as [SoftwareKey, SoftwareKey];
    const browser = await activated(host, first, 'user1@acme');
    const profile = '/two-factor/profile';
    const { publicKey, enrollment, csrfToken: _csrf } = (await browser.jsonForm(ACTIVATE)).body;
    await browser.post(ACTIVATE, { credential: spare.create(publicKey), enrollment, _csrf });
    const admin = await adminOf(second, 'admin@acme');
    const owner = async (key: SoftwareKey) =>
      (await look(admin, key, byKey('acme'))).body.found?.authenticator.id ?? null;
    const ids = [await owner(first), await owner(spare)];
    assert.equal(new Set([...ids, null]).size, 3);
    const removed = await browser.post(`${profile}/remove/${ids[0]}`, {
      _csrf: await browser.csrf(),
    });
    assert.equal(removed.status, 303, removed.text);
    assert.deepEqual([await owner(first), await owner(spare)], [null, ids[1]]);
    await host.door.subjects.reset({ id: 'user1@acme', tenantId: 'acme' });
    assert.deepEqual([await owner(first), await owner(spare)], [null, null]);
    await activated(second, first, 'user1@acme');
    assert.notEqual(await owner(first), null);
    await second.door.subjects.delete({ id: 'user1@acme', tenantId: 'acme' });
    assert.equal(await owner(first), null);
  });

  it('believes the record and not the hint', async () => {
    const host = await ready();
    const key = keyOf();
    await activated(host, key, 'user1@acme');
    const admin = await adminOf(host, 'admin@acme');
    const { authenticators } = await kept('user1@acme');
    const foundBy = authenticators[0]?.foundBy?.[0] ?? '';
    assert.deepEqual(
      (await host.store.readHolders(foundBy)).map(({ subjectId }) => subjectId),
      ['user1@acme'],
    );
    // Somebody whose record says nothing of it, and somebody who has its id and another key.
    const sealed = authenticators[0]?.sealed ?? Uint8Array.of();
    const hint = { ids: ['f'], id: 'f', method: 'security-key', label: 'Forged', sealed };
    const given = { ...hint, parameters: '', createdAt: undefined, atMost: 5, tenantId: 'acme' };
    await host.store.importEnrollments('user3@acme', [{ ...given, foundBy: [foundBy] }]);
    await host.store.reset('user3@acme');
    await host.store.importEnrollments('user2@acme', [{ ...given, foundBy: ['AAAAAAAAAAA'] }]);
    assert.equal((await look(admin, key, byKey('acme'))).body.found?.user.id, 'user1@acme');
    await host.store.reset('user1@acme');
    assert.equal((await look(admin, key, byKey('acme'))).body.found, null);

    async function kept(id: string) {
      const step = await host.store.reserveAttempt(
        id,
        { free: 0, waits: [], stop: 0 },
        { method: 'security-key', stoppable: false, counted: false },
      );
      assert.equal(step.kind, 'reserved');
      return step as Extract<typeof step, { kind: 'reserved' }>;
    }
  });

  it('works for a host’s own method, on a form of ours', async () => {
    const host = await ready();
    const browser = new Browser(host.app);
    await browser.login('user1@acme');
    const activate = '/two-factor/profile/activate/badge';
    const { enrollment, csrfToken: _csrf } = (await browser.jsonForm(activate)).body;
    const done = await browser.post(activate, { code: '12345', enrollment, _csrf });
    assert.equal(done.status, 303, done.text);
    const admin = await adminOf(host, 'admin@acme');
    const path = `${at('acme')}/badge`;
    const page = await admin.get(path);
    assert.match(page.text, /Number of the badge/);
    assert.match(page.text, /The number is on its back\./);
    assert.match(page.text, new RegExp(`<a href="${path}" aria-current="page">Badge</a>`));
    const wrong = await admin.submit(path, { code: 'abc' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /A badge has five digits\./);
    assert.match((await admin.submit(path, { code: '12346' })).text, /Nobody whom you may see/);
    assert.match((await admin.submit(path, { code: '12345' })).text, /user1@acme\.example/);
    assert.equal((await admin.json('get', `${at('acme')}/totp`)).status, 404);
  });
});
