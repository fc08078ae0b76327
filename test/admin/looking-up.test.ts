import assert from 'node:assert/strict';
import { type Method, OutageError, totp } from 'sallyport';
import type { MethodLookup } from '../../src/contracts.js';
import { emailCode } from '../journeys/email-code.js';
import { testDirectory } from '../support/admin.js';
import { Browser } from '../support/browser.js';
import { opened } from '../support/opened-admin.js';
import { linesOf, mainOf, told } from '../support/profile.js';
import { set } from '../support/tenancy.js';

const AT = '/setup/organizations/acme/look-up';
const USER = 'user1@acme';

/** A door with one method by which administrators find somebody: a tag with a number. */
async function withTags(lookup: Partial<MethodLookup> = {}, label?: string) {
  const { words } = emailCode({ addressOf: () => null, send: async () => {} });
  const because = { torn: 'The tag is torn.' };
  const tag: Method = {
    ...{ name: 'tag', title: 'Tag', throttle: 'lockout', answer: { code: { maxLength: 20 } } },
    words: { ...words!, because },
    prompt: () => ({ kind: 'form', title: 'Show your tag' }),
    verify: () => ({ kind: 'rejected', reason: 'wrong-code' }),
    enrollment: {
      begin: () => ({}),
      prompt: () => ({ kind: 'form', title: 'Show your tag' }),
      confirm: (_context, { code }) => ({
        ...{ kind: 'accepted', keep: { secret: Buffer.from(String(code)) } },
        ...(label !== undefined && { suggestedLabel: label }),
      }),
    },
    lookup: {
      tokens: ({ secret }) => [Buffer.from(secret).toString()],
      prompt: () => ({ kind: 'form', title: 'Hold the tag to the reader', json: { reader: 7 } }),
      read: (_context, { code }) => ({ kind: 'shown', token: String(code) }),
      ...lookup,
    },
  };
  const plain = testDirectory();
  const directory = {
    ...plain,
    async user(organization: string, id: string) {
      const found = await plain.user(organization, id);
      return found && { ...found, name: 'A Person' };
    },
  };
  const made = await opened({ directory, host: { options: { methods: [tag, totp()] } } });
  await set(made.store, 'acme', { mode: 'optional', methods: ['tag', 'totp'] });
  const owner = new Browser(made.app);
  await owner.login(USER);
  const activate = '/two-factor/profile/activate/tag';
  const { enrollment, csrfToken: _csrf } = (await owner.jsonForm(activate)).body;
  const done = await owner.post(activate, { code: '12345', enrollment, _csrf });
  assert.equal(done.status, 303, done.text);
  made.events.length = 0;
  const look = (code: string) => made.browser.call(`${AT}/tag`, { code });
  return { ...made, look };
}

describe('what looking up a found authenticator tells', () => {
  it('a program: what it can look up, and whose it is', async () => {
    const { browser, clock, look, store } = await withTags();
    const form = { method: 'tag', methods: [{ name: 'tag', title: 'Tag' }], reader: 7 };
    assert.deepEqual(told(await browser.json('get', AT)), [200, form]);
    assert.deepEqual(told(await look('54321')), [200, { ...form, found: null }]);
    const [one] = (await store.readSubject(USER)).enrollments;
    const at = new Date(clock.now()).toISOString();
    assert.deepEqual(told(await look('12345')), [
      200,
      {
        ...form,
        found: {
          organization: { id: 'acme', name: 'Acme', kind: 'client', partnerId: 'north' },
          user: { id: USER, label: 'user1@acme.example', name: 'A Person' },
          authenticator: {
            id: one?.id,
            method: 'tag',
            label: 'Tag',
            createdAt: at,
            lastUsedAt: at,
          },
        },
      },
    ]);
  });

  it('a person: the form below Users, and the owner with what is known of the key', async () => {
    const { browser } = await withTags();
    const page = await browser.get(AT);
    assert.match(page.text, /<title>Look up a key: Acme – /);
    assert.match(page.text, /aria-current="page">Users</);
    assert.doesNotMatch(mainOf(page), /data-sp="look-up-result"/, 'nothing was looked up');
    assert.ok(mainOf(page).includes(`method="post" action="${AT}/tag"`));
    const found = await browser.submit(`${AT}/tag`, { code: '12345' });
    const lines = linesOf(found);
    const from = lines.indexOf('This key belongs to');
    const when = '1 January 2026, 00:00 UTC';
    assert.deepEqual(lines.slice(from, lines.indexOf('User Details') + 1), [
      ...['This key belongs to', 'user1@acme.example', '.', 'User', 'A Person'],
      ...['Organization', 'Acme', 'Key', 'Tag', 'Activated', when, 'Last used', when],
      'User Details',
    ]);
  });

  it('that one was never used', async () => {
    const { browser, look, store } = await withTags();
    const { readSubject } = store;
    store.readSubject = async (id) => {
      const record = await readSubject(id);
      const enrollments = record.enrollments.map((one) => ({
        ...one,
        lastUsedAt: null,
        label: '',
      }));
      return { ...record, enrollments };
    };
    const { authenticator } = (await look('12345')).body.found;
    assert.equal(authenticator.lastUsedAt, null);
    const lines = linesOf(await browser.submit(`${AT}/tag`, { code: '12345' }));
    assert.equal(lines[lines.indexOf('Last used') + 1], 'never');
    assert.equal(lines[lines.indexOf('Key') + 1], 'Tag', 'which has no name of its own');
  });

  it('what was wrong with what was shown, in the words of the method', async () => {
    for (const [rejected, error, message] of [
      [{ reason: 'wrong-code' }, 'wrong_code', /not the code that we have sent/],
      [{ reason: 'denied', because: 'torn' }, 'denied', /^The tag is torn\.$/],
      [{ reason: 'ended' }, 'expired', /too old/],
    ] as const) {
      const { browser, events, look } = await withTags({
        read: () => ({ kind: 'rejected', ...rejected }),
      });
      const { status, body } = await look('12345');
      assert.deepEqual([status, body.error, 'found' in body], [422, error, false]);
      assert.match(body.message, message);
      const page = await browser.submit(`${AT}/tag`, { code: '12345' });
      assert.ok(linesOf(page).includes(body.message));
      assert.doesNotMatch(mainOf(page), /data-sp="look-up-result"/);
      assert.deepEqual(events, []);
    }
  });

  it('that it cannot be asked now, to the host as well', async () => {
    const silent = new OutageError('the gateway is silent');
    const { errors, events, look } = await withTags({
      read: () => {
        throw silent;
      },
    });
    const failed = await look('12345');
    assert.deepEqual(
      [failed.status, failed.body.error, failed.headers['retry-after']],
      [503, 'unavailable', '30'],
    );
    assert.deepEqual(errors, [silent]);
    const [event] = events;
    assert.deepEqual(
      [event?.type, event?.subjectId, event?.method],
      ['unavailable', 'admin@north', 'tag'],
    );
  });

  it('the trail: who was looked for, by whom and from where, and that nobody was found', async () => {
    const { events, look } = await withTags();
    await look('12345');
    await look('54321');
    assert.deepEqual(
      events.map(({ type, subjectId, tenantId, actorId, method }) => [
        ...[type, subjectId, tenantId, actorId, method],
      ]),
      [
        ['enrollment.looked-up', USER, 'acme', 'admin@north', 'tag'],
        ['enrollment.looked-up', null, 'acme', 'admin@north', 'tag'],
      ],
    );
    assert.match(events[0]?.from ?? '', /127\.0\.0\.1$/);
  });
});
