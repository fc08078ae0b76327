import assert from 'node:assert/strict';
import { type Policy, recoveryCodes, SallyportError, securityKey, totp } from 'sallyport';
import type { SoftwareKey } from 'sallyport/testing';
import { Browser } from '../support/browser.js';
import { registered } from '../support/registered-key.js';
import { journeys } from '../support/worlds.js';

type SecurityKeyPolicy = NonNullable<Policy['security-key']>;

const SUBJECT = { id: 'user1@acme', tenantId: 'acme' };
const CHALLENGE = '/two-factor/challenge/security-key';
const YUBIKEY = '2fc0579f-8113-47ea-b116-bb5a8db9202a';

journeys('security keys that somebody has had elsewhere', (world) => {
  const hosted = (part: Partial<SecurityKeyPolicy> = {}) =>
    world().host({
      policy: () => ({
        ...{ mode: 'required', methods: ['security-key'] },
        'security-key': { userVerification: false, deviceBound: false, models: null, ...part },
      }),
      options: { methods: [securityKey(), totp(), recoveryCodes()] },
    });
  async function prove(app: Browser['target'], key: SoftwareKey, user = SUBJECT.id, fault = {}) {
    const browser = new Browser(app);
    await browser.login(user);
    const { publicKey } = (await browser.json('get', CHALLENGE)).body;
    const credential = key.get(publicKey, fault);
    const { text } = await browser.post(CHALLENGE, { credential, _csrf: await browser.csrf() });
    return { inside: (await browser.get('/reports')).status === 200, text };
  }

  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    it(`prove the next login, by what was kept of them: ${algorithm}`, async () => {
      const { app, door } = await hosted();
      const { key, item } = await registered({ algorithm, aaguid: YUBIKEY });
      const result = await door.subjects.import(SUBJECT, { securityKeys: [item] });
      const factors = [{ method: 'security-key', label: 'YubiKey 5 NFC', outcome: 'added' }];
      assert.deepEqual(result, { kind: 'imported', factors });
      assert.equal((await prove(app, key)).inside, true);
      assert.equal((await prove(app, key)).inside, true);
      const bad = await prove(app, key, SUBJECT.id, { signature: true });
      assert.equal(bad.inside, false);
    });
  }

  it('are the same key when they come again, with what else may differ', async () => {
    const { door } = await hosted();
    const { item } = await registered();
    await door.subjects.import(SUBJECT, { securityKeys: [item] });
    const more = { ...item, counter: 7, transports: ['nfc'], name: 'Other', userHandle: undefined };
    const { factors } = await door.subjects.import(SUBJECT, { securityKeys: [more] });
    assert.equal(factors[0]?.outcome, 'present');
  });

  it('count on from what they had counted, and a copy is told', async () => {
    const { app, door, events } = await hosted();
    const { key, item } = await registered();
    await door.subjects.import(SUBJECT, { securityKeys: [{ ...item, counter: 40 }] });
    assert.equal((await prove(app, key)).inside, false, 'a count below that of before');
    assert.ok(events.some(({ type }) => type === 'enrollment.copied'));
    assert.equal((await prove(app, key, SUBJECT.id, { count: 41 })).inside, true);
    assert.equal((await prove(app, key, SUBJECT.id, { count: 41 })).inside, false);
  });

  it('name their person as before, and nobody else', async () => {
    const { app, door } = await hosted();
    const { key, item } = await registered();
    const other = { id: 'user2@acme', tenantId: 'acme' };
    const handle = Buffer.from('somebody else').toString('base64url');
    await door.subjects.import(SUBJECT, { securityKeys: [{ ...item, userHandle: handle }] });
    assert.equal((await prove(app, key)).inside, false);
    await door.subjects.import(other, { securityKeys: [{ ...item, userHandle: undefined }] });
    assert.equal((await prove(app, key, other.id)).inside, true, 'where nobody has kept it');
  });

  it('tell by their first answer whether they are synced, where nobody has kept it', async () => {
    const { app, door } = await hosted();
    const { key, item } = await registered({ synced: true });
    const { deviceType: _type, backedUp: _backed, ...unknown } = item;
    await door.subjects.import(SUBJECT, { securityKeys: [unknown] });
    // Of one of which nothing is known nobody says that it is bound to its device.
    const bound = await hosted({ deviceBound: true });
    const before = new Browser(bound.app);
    await before.login(SUBJECT.id);
    assert.equal((await before.get('/reports')).status, 303);
    assert.equal((await prove(app, key)).inside, true);
    const [kept] = (await world().store.readSubject(SUBJECT.id)).enrollments;
    assert.match(String(kept?.parameters), /\/veb$/);
    assert.equal((await prove(bound.app, key)).inside, false);
    const { item: wrong, key: synced } = await registered({ synced: true });
    const other = { id: 'user2@acme', tenantId: 'acme' };
    const claimed = { ...wrong, deviceType: 'singleDevice', backedUp: false };
    await door.subjects.import(other, { securityKeys: [claimed] });
    assert.equal((await prove(app, synced, other.id)).inside, false, 'what was kept is believed');
  });

  it('of one device count where that is demanded once they have shown it', async () => {
    const { app, door } = await hosted({ deviceBound: true, userVerification: true });
    const { key, item } = await registered();
    const { deviceType: _type, ...unknown } = item;
    await door.subjects.import(SUBJECT, { securityKeys: [unknown] });
    await prove(app, key);
    assert.equal((await prove(app, key)).inside, true);
  });

  for (const [what, change, pattern] of [
    ['no key', { publicKey: 'AAAA' }, /securityKeys\[0\]: publicKey is no COSE key/],
    ['a PEM key', { publicKey: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE' }, /no COSE key/],
    ['no base64', { id: 'not base64!' }, /securityKeys\.0\.id: must be base64url/],
    ['no count', { counter: -1 }, /securityKeys\.0\.counter/],
    ['no model', { aaguid: 'YubiKey' }, /securityKeys\.0\.aaguid/],
    ['an unknown field', { credentialID: 'x' }, /no such field as credentialID/],
    ['what cannot be', { deviceType: 'singleDevice', backedUp: true }, /backedUp/],
  ] as const) {
    it(`are refused where they are not right: ${what}`, async () => {
      const { door } = await hosted();
      const { item } = await registered();
      const given = { securityKeys: [{ ...item, ...change }] };
      await assert.rejects(door.subjects.import(SUBJECT, given), (error) => {
        assert.ok(error instanceof SallyportError && error.code === 'ERR_IMPORT');
        assert.match(error.message, pattern);
        assert.doesNotMatch(error.message, new RegExp(item.publicKey));
        return true;
      });
      assert.deepEqual((await world().store.readSubject(SUBJECT.id)).enrollments, []);
    });
  }

  it('are refused where their point is on no curve, or their algorithm is none of ours', async () => {
    const { door } = await hosted();
    const { item } = await registered();
    const broken = Buffer.from(item.publicKey, 'base64url');
    broken[broken.length - 1] = Number(broken.at(-1)) ^ 1;
    const off = { ...item, publicKey: broken.toString('base64url') };
    await assert.rejects(door.subjects.import(SUBJECT, { securityKeys: [off] }), /no COSE key/);
    const other = Buffer.from(item.publicKey, 'base64url');
    // { 1: 2, 3: -7, … }: -7 is 0x26, and -9 is 0x28.
    other[other.indexOf(0x26)] = 0x28;
    const strange = { ...item, publicKey: other.toString('base64url') };
    await assert.rejects(
      door.subjects.import(SUBJECT, { securityKeys: [strange] }),
      /algorithm -9/,
    );
  });
});
