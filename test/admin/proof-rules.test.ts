import assert from 'node:assert/strict';
import type { Floor, ProofRule, SignInProof } from '../../src/contracts.js';
import { opened } from '../support/opened-admin.js';
import { set } from '../support/tenancy.js';

const ACME = '/setup/organizations/acme/authentication';
const NORTH = '/setup/organizations/north/authentication';
const USER = '/setup/organizations/acme/users/user1%40acme';
const HOUR = 3_600_000;

const MFA: ProofRule = {
  ...{ by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 8 * 3600, phishingResistant: false },
};

describe('the setting of what a sign-in has proven', () => {
  const form = (proofs: string) => ({
    ...{ version: '0', mode: 'required', accept: 'any', enrollment: '', grace: '' },
    ...{ maxAge: '', remember: '', proofs },
  });

  it('is a rule in each line, saved after a dry run, and told to programs', async () => {
    const { browser, events } = await opened();
    const lines = [
      'okta amr=mfa,hwk max-age=12h phishing-resistant',
      '  entra   acr=urn:a,https://b.example/c?d=e  max-age=90m ',
    ];
    const override = { override: 'lock me out' };
    const page = await browser.submit(`${ACME}/preview`, form(lines.join('\r\n\r\n')));
    assert.equal(page.status, 200, page.text);
    assert.match(page.text, /Sign-in proofs/);
    await browser.submit(ACME, { ...form(lines.join('\r\n')), ...override });
    const { body } = await browser.json('get', ACME);
    assert.deepEqual(body.setting.proofs, [
      { ...MFA, amr: ['mfa', 'hwk'], maxAgeSeconds: 43_200, phishingResistant: true },
      {
        ...{ by: 'entra', amr: [], acr: ['urn:a', 'https://b.example/c?d=e'] },
        ...{ maxAgeSeconds: 5400, phishingResistant: false },
      },
    ]);
    assert.match(
      (await browser.get(ACME)).text,
      />okta amr=mfa,hwk max-age=12h phishing-resistant\nentra acr=urn:a,https:\/\/b\.example\/c\?d=e max-age=90m<\/textarea>/,
    );
    assert.match(String(events[0]?.detail), /Sign-in proofs: not set → okta amr=/);
    const { because } = body.effective;
    assert.ok(
      because.some((one: string) => /of a sign-in elsewhere count: okta amr=mfa,hwk/.test(one)),
    );
  });

  for (const [what, line] of [
    ['without a value', 'okta max-age=12h'],
    ['with an empty value', 'okta amr= max-age=12h'],
    ['without an age', 'okta amr=mfa'],
    ['with an age that is none', 'okta amr=mfa max-age=long'],
    ['with too short an age', 'okta amr=mfa max-age=59s'],
    ['with too long an age', 'okta amr=mfa max-age=31d'],
    ['without a provider', 'amr=mfa max-age=12h'],
    ['with a word that is none', 'okta amr=mfa max-age=12h resistant'],
    ['that says something twice', 'okta amr=mfa amr=hwk max-age=12h'],
    ['with too many values', `okta amr=${Array(11).fill('x').join(',')} max-age=12h`],
    ['that names a field of an object', 'okta amr=mfa max-age=12h __proto__=x'],
  ] as const) {
    it(`refuses a rule ${what}, beside the field, and keeps what was typed`, async () => {
      const { browser } = await opened();
      const typed = `okta amr=mfa max-age=1h\n${line}`;
      const { status, text } = await browser.submit(`${ACME}/preview`, form(typed));
      assert.equal(status, 422);
      assert.match(text, /id="proofs-error" role="alert"><span>Rule 2 is not right\./);
      assert.ok(text.includes(`${typed}</textarea>`), text);
    });
  }

  it('refuses more than twenty, and what a program says wrong', async () => {
    const { browser } = await opened();
    const many = Array(21).fill('okta amr=mfa max-age=1h').join('\n');
    assert.match((await browser.submit(`${ACME}/preview`, form(many))).text, /at most 20 rules/);
    const long = `okta amr=${Array.from({ length: 10 }, (_, n) => String(n).padEnd(200, 'x')).join(',')} max-age=1h`;
    assert.match(
      (await browser.submit(`${ACME}/preview`, form(`${long}\n${long}`))).text,
      /4000 characters in all/,
    );
    const { setting, version } = (await browser.json('get', ACME)).body;
    const wrong = { ...setting, proofs: [MFA, { ...MFA, amr: [] }] };
    const { status, body } = await browser.call(ACME, { version, setting: wrong });
    assert.deepEqual([status, Object.keys(body.fields)], [422, ['proofs']]);
  });

  it('stays as it is where a page of the host’s own does not have the field', async () => {
    const { browser, store } = await opened();
    await set(store, 'acme', { mode: 'optional', proofs: [MFA] });
    const { proofs: _, ...without } = { ...form(''), version: '1' };
    await browser.submit(ACME, { ...without, override: 'lock me out' });
    assert.deepEqual((await browser.json('get', ACME)).body.setting.proofs, [MFA]);
    await browser.submit(ACME, { ...form(''), version: '2', override: 'lock me out' });
    assert.equal((await browser.json('get', ACME)).body.setting.proofs, null);
  });

  it('says in the dry run who would have to activate something without the rule', async () => {
    const { browser, store, clock } = await opened();
    await set(store, 'acme', { mode: 'required', proofs: [MFA] });
    const signIn = { by: 'okta', at: clock.now() - HOUR, amr: ['mfa', 'pwd'], acr: null };
    await store.noteSignIn('user1@acme', signIn);
    await store.noteSignIn('user2@acme', { ...signIn, at: clock.now() - 9 * HOUR });
    const { setting, version } = (await browser.json('get', ACME)).body;
    const preview = async (proofs: readonly ProofRule[] | null) => {
      const asked = { version, setting: { ...setting, proofs } };
      const { body } = await browser.call(`${ACME}/preview`, asked);
      return body.dryRun.mustActivate;
    };
    assert.equal(await preview([MFA]), 0);
    assert.equal(await preview(null), 1);
    assert.equal(await preview([{ ...MFA, amr: ['hwk'] }]), 1);
    assert.equal(await preview([{ ...MFA, maxAgeSeconds: 1800 }]), 1);
  });

  it('is shown with whom it covers: in the list of users, and in User Details with why', async () => {
    const { browser, store, clock } = await opened();
    await set(store, 'acme', { mode: 'required', proofs: [MFA] });
    const at = clock.now();
    await store.noteSignIn('user1@acme', { by: 'okta', at, amr: ['mfa'], acr: null });
    clock.advance(3 * HOUR);
    const list = await browser.get('/setup/organizations/acme/users');
    assert.match(list.text, /<span class="sp-tick">by okta, 3 hours ago<\/span>/);
    const { body } = await browser.json('get', USER);
    assert.deepEqual(body.signIn, {
      ...{ by: 'okta', at: new Date(at).toISOString(), amr: ['mfa'], acr: null, counts: true },
    });
    assert.ok(
      body.explanation.includes('Their sign-in opened the door last by okta, 3 hours ago.'),
    );
    assert.match((await browser.get(USER)).text, /Proven at the sign-in: by okta, 3 hours ago\./);
    await store.raiseEpoch('user1@acme');
    assert.equal((await browser.json('get', USER)).body.signIn.counts, false);
    assert.match((await browser.get(USER)).text, /and no longer: by okta, 3 hours ago\./);
    assert.doesNotMatch((await browser.get('/setup/organizations/acme/users')).text, /by okta/);
  });

  for (const secondFactor of ['required', 'policy'] as const)
    it(`lets an administrator who has proven it look, and change nothing (${secondFactor})`, async () => {
      let given: SignInProof[] = [];
      const { browser, store, clock } = await opened({
        admin: { secondFactor },
        host: { options: { proofs: () => given } },
      });
      await set(store, 'north', { mode: 'required', proofs: [MFA] });
      assert.equal((await browser.json('get', ACME)).status, 401);
      given = [{ by: 'okta', at: clock.now(), amr: ['mfa'] }];
      clock.advance(6 * 60_000);
      const shown = await browser.json('get', ACME);
      assert.equal(shown.status, 200);
      const { setting, version } = shown.body;
      const changed = await browser.call(ACME, { version, setting: { ...setting, mode: 'off' } });
      assert.deepEqual([changed.status, changed.body.error], [401, 'second_factor_required']);
      assert.equal((await browser.json('get', ACME)).body.version, 0);
    });

  describe('of a partner’s clients', () => {
    const floor: Floor = {
      ...{ mode: 'required', methods: null, enrollment: 'self' },
      ...{ graceUntil: null, maxAgeSeconds: null, rememberDays: null, whenUnavailable: null },
    };

    it('may be that none counts, by the form', async () => {
      const { browser, store } = await opened();
      await set(store, 'acme', { proofs: [MFA] });
      const fields = {
        ...form(''),
        mode: '',
        'clients.mode': 'required',
        'clients.proofs': 'none',
      };
      const saved = await browser.submit(NORTH, { ...fields, override: 'lock me out' });
      assert.equal(saved.status, 303, saved.text);
      const { body } = await browser.json('get', NORTH);
      assert.deepEqual(body.setting.clientsMust.proofs, []);
      assert.match(
        (await browser.get(ACME)).text,
        /demands of its clients: .*Sign-in proofs: none\./,
      );
      const explained = (await browser.json('get', USER)).body.explanation.join('\n');
      assert.match(explained, /partner north: no proof of a sign-in elsewhere counts/);
    });

    it('and says why none does where it names the mechanisms', async () => {
      const { browser, store } = await opened();
      await set(store, 'north', { clientsMust: { ...floor, methods: ['totp'] } });
      await set(store, 'acme', { proofs: [MFA] });
      const explained = (await browser.json('get', USER)).body.explanation.join('\n');
      assert.match(explained, /names the mechanisms, and no proof of a sign-in elsewhere/);
    });
  });
});
