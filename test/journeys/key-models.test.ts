import assert from 'node:assert/strict';
import { recoveryCodes, securityKey, totp } from 'sallyport';
import {
  fidoMetadata,
  keyMaker,
  type SoftwareKey,
  type SoftwareKeyOptions,
  softwareKey,
} from 'sallyport/testing';
import { AdminBrowser, administration } from '../support/admin.js';
import { ORIGIN } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { journeys } from '../support/worlds.js';

const [MODEL, UNSAFE, UNKNOWN] = [
  '2fc0579f-8113-47ea-b116-bb5a8db9202a',
  'ee882879-721c-4913-9775-3dfcce97072a',
  'f8a011f3-8c0a-4d15-8006-17111f9edc7d',
];
const ACTIVATE = '/two-factor/activate/security-key';
const CHALLENGE = '/two-factor/challenge/security-key';
const SETUP = '/setup/organizations/acme';
const TAKEN = {
  methods: ['security-key'],
  'security-key': { models: [MODEL, UNSAFE, UNKNOWN] },
} as const;

journeys('models of keys whose makers have to vouch for them', (world) => {
  const maker = keyMaker();
  const { blob, root } = fidoMetadata({
    models: [
      { aaguid: MODEL, maker, name: 'A fine key' },
      { aaguid: UNSAFE, maker, name: 'A weak key', statuses: ['REVOKED'] },
    ],
    nextUpdate: '2026-01-20',
  });
  const checking = () => securityKey({ metadata: blob, metadataRoots: [root] });
  const keyOf = (more: Partial<SoftwareKeyOptions> = {}) =>
    softwareKey({ origin: ORIGIN, aaguid: MODEL, maker, ...more });

  const hostOf = (method = checking(), policy: object = TAKEN) =>
    world().host({
      policy: () => ({ mode: 'required', ...policy }),
      options: { methods: [method, totp(), recoveryCodes()] },
    });

  async function signedIn(target: Browser['target'], user = 'user1@acme'): Promise<Browser> {
    const browser = new Browser(target);
    await browser.login(user);
    return browser;
  }

  async function activate(browser: Browser, key: SoftwareKey) {
    const { publicKey, enrollment, csrfToken: _csrf } = (await browser.jsonForm(ACTIVATE)).body;
    return browser.post(ACTIVATE, { credential: key.create(publicKey), enrollment, _csrf });
  }

  async function prove(browser: Browser, key: SoftwareKey) {
    const { publicKey } = (await browser.json('get', CHALLENGE)).body;
    return browser.post(CHALLENGE, {
      ...{ credential: key.get(publicKey), _csrf: await browser.csrf() },
    });
  }

  const isInside = async (browser: Browser) => (await browser.get('/reports')).status === 200;

  it('are activated where they do, and refused in a sentence where they do not', async () => {
    const { app, events } = await hostOf();
    const browser = await signedIn(app);
    for (const [key, sentence, detail] of [
      [{ maker: 'self' }, /did not show which it is/, 'attested: packed'],
      [
        { maker: 'self', aaguid: '00000000-0000-0000-0000-000000000000' },
        /did not show which it is/,
        'attested: packed',
      ],
      [{ maker: keyMaker() }, /is not the maker of the model/, `not of the maker of ${MODEL}`],
      [{ aaguid: UNSAFE }, /known to be unsafe/, 'REVOKED'],
      [{ aaguid: UNKNOWN }, /in no list of the makers/, `not in metadata: ${UNKNOWN}`],
      [
        { aaguid: 'b92c3f9a-c014-4056-887f-140a2501163b' },
        /does not take this model/,
        'model b92c3f9a-c014-4056-887f-140a2501163b',
      ],
    ] as const) {
      const refused = await activate(browser, keyOf(key));
      assert.equal(refused.status, 422);
      assert.match(refused.text, sentence);
      assert.equal(events.at(-1)?.detail, `not-accepted: ${detail}`);
    }
    assert.equal((await activate(browser, keyOf())).status, 303);
    assert.equal(await isInside(browser), true);
  });

  it('are proven from then on as others are, also after what is kept of a key has changed', async () => {
    const { app } = await hostOf();
    const key = keyOf({ userVerified: false });
    await activate(await signedIn(app), key);
    for (const flags of [1, 5, 1]) {
      const browser = await signedIn(app);
      const { publicKey } = (await browser.json('get', CHALLENGE)).body;
      const credential = key.get(publicKey, { flags });
      await browser.post(CHALLENGE, { credential, _csrf: await browser.csrf() });
      assert.equal(await isInside(browser), true, String(flags));
    }
  });

  it('count no longer where nobody had vouched for them, and are activated anew', async () => {
    const before = await hostOf(securityKey());
    const old = keyOf();
    await activate(await signedIn(before.app), old);
    const { app, events } = await hostOf();
    const browser = await signedIn(app);
    assert.equal((await prove(browser, old)).status, 303);
    assert.equal(await isInside(browser), false);
    assert.equal((await activate(browser, old)).status, 303);
    assert.equal(await isInside(browser), true);
    const later = await signedIn(app);
    assert.equal((await prove(later, old)).status, 303, 'the newer one of its credentials');
    assert.equal(await isInside(later), true);
    assert.ok(!events.some(({ type }) => type === 'unavailable'));
  });

  it('are taken at their word by a door beside that has no metadata', async () => {
    const [with_, without] = [await hostOf(), await hostOf(securityKey())];
    const unvouched = keyOf({ maker: 'self' });
    assert.equal((await activate(await signedIn(with_.app), unvouched)).status, 422);
    assert.equal(
      (await activate(await signedIn(without.app, 'user2@acme'), unvouched)).status,
      303,
    );
    assert.equal((await activate(await signedIn(with_.app), unvouched)).status, 422);
  });

  it('are told of on the administrators’ page, which shows first whose keys count no longer', async () => {
    const made = await world().host(() => {
      const own = administration({ admin: { secondFactor: 'policy' } });
      return { ...own, options: { ...own.options, methods: [checking(), totp()] } };
    });
    const host = { ...made, clock: world().clock, store: world().store };
    const admin = await AdminBrowser.signedIn(host, 'admin@north');
    const setting = {
      ...{ mode: 'required', methods: ['security-key'], enrollment: 'self', graceUntil: null },
      ...{ maxAgeSeconds: null, clientsMust: null },
    };
    await admin.call(`${SETUP}/authentication`, { version: 0, setting });
    const free = await activate(await signedIn(made.app), keyOf());
    assert.equal(free.status, 303, 'nobody has to vouch for it where any model is taken');

    const at = `${SETUP}/security-key`;
    const asked = await admin.call(at, { version: 1, models: MODEL });
    assert.equal(asked.body.next, 'confirm', asked.text);
    assert.equal(asked.body.dryRun.mustActivate, 1, asked.text);
    const { pending, version, url } = asked.body;
    assert.equal((await admin.call(url, { version, pending })).body.saved, true);
    const browser = await signedIn(made.app);
    assert.equal(await isInside(browser), false);
    assert.equal((await activate(await signedIn(made.app, 'user2@acme'), keyOf())).status, 303);
    const stricter = await admin.call(at, { version: 2, models: MODEL, deviceBound: true });
    assert.equal(stricter.body.dryRun.mustActivate, 0, 'one that its maker vouches for counts on');

    const next = await admin.call(at, { version: 2, models: `${MODEL}\n${UNSAFE}\n${UNKNOWN}` });
    const { pending: again, version: then, url: to } = next.body;
    if (next.body.next === 'confirm') await admin.call(to, { version: then, pending: again });
    const page = (await admin.get(`${SETUP}/authentication`)).text;
    assert.match(page, /checked by FIDO’s metadata, no\. 1, which knows 2 models/);
    assert.match(page, new RegExp(`<code>${MODEL}</code>: A fine key<`));
    assert.match(page, new RegExp(`<code>${UNSAFE}</code>: A weak key: unsafe \\(REVOKED\\)`));
    assert.match(page, new RegExp(`<code>${UNKNOWN}</code>: not in FIDO’s metadata`));
    assert.match(
      page,
      /2 models of keys alone|3 models of keys alone, which their makers vouch for/,
    );
    assert.doesNotMatch(page, /metadata is old/);
    world().clock.advance(30 * 24 * 60 * 60 * 1000);
    const later = await AdminBrowser.signedIn(host, 'admin@north');
    assert.match(
      (await later.get(`${SETUP}/authentication`)).text,
      /metadata is old: a newer one was due on 2026-01-20/,
    );
  });
});
