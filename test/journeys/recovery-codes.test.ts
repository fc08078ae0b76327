import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from 'express-session';
import { memoryStore, sallyport } from 'sallyport';
import { type Clock, type Host, host, hostOptions, testClock } from '../support/app.js';
import { Browser, codeAt, continueOn, recoveryCodesOn } from '../support/browser.js';
import { methodsWith } from '../support/methods.js';

const CHALLENGE = '/two-factor/challenge/recovery-code';
const RENEW = '/two-factor/profile/recovery-codes';

describe('recovery codes', () => {
  let clock: Clock;
  let world: Host;
  let browser: Browser;
  let codes: readonly string[];
  let key: string;

  beforeEach(async () => {
    clock = testClock();
    world = await host({ store: memoryStore({ now: clock.now }) });
    browser = new Browser(world.app);
    key = await browser.activate('user1@acme', clock.now());
    codes = browser.recoveryCodes;
  });

  async function recover(code: string) {
    const other = new Browser(world.app);
    await other.login('user1@acme');
    const answer = await other.post(CHALLENGE, { code, _csrf: await other.csrf() });
    return { other, answer };
  }

  it('are ten different ones of 80 bits, shown at the first activation only', async () => {
    assert.equal(new Set(codes).size, 10);
    for (const code of codes)
      assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    await browser.keepCodes();
    const profile = await browser.get('/two-factor/profile');
    assert.match(profile.text, /<strong>10<\/strong> codes left/);
    for (const code of codes) assert.ok(!profile.text.includes(code));
  });

  it('let a person in once, whatever the case and the dashes, and say how many are left', async () => {
    const typed = (codes[0] ?? '').toLowerCase().replaceAll('-', ' ');
    const { other, answer } = await recover(typed);
    assert.equal(answer.status, 200);
    assert.match(answer.text, /<strong>9<\/strong> codes left/);
    assert.equal(continueOn(answer.text), '/');
    assert.equal((await other.get('/x')).text, 'inside GET /x');

    const again = await recover(codes[0] ?? '');
    assert.equal(again.answer.status, 422);
    assert.equal((await again.other.get('/x')).status, 303);
  });

  it('are spent once, of many answers at the same moment', async () => {
    const browsers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const one = new Browser(world.app);
        await one.login('user1@acme');
        return { one, _csrf: await one.csrf() };
      }),
    );
    const answers = await Promise.all(
      browsers.map(({ one, _csrf }) => one.post(CHALLENGE, { code: codes[3] ?? '', _csrf })),
    );
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 422, 422, 422]);
  });

  it('warn when two are left', async () => {
    for (const code of codes.slice(0, 7))
      assert.doesNotMatch((await recover(code)).answer.text, /These are few/);
    assert.match(
      (await recover(codes[7] ?? '')).answer.text,
      /<strong>2<\/strong>[\s\S]*These are few/,
    );
  });

  it('are no longer offered when all are spent', async () => {
    for (const code of codes) assert.equal((await recover(code)).answer.status, 200);
    const { other } = await recover('');
    assert.equal((await other.get(CHALLENGE)).status, 404);
    assert.deepEqual((await other.json('get', '/two-factor')).body.methods, ['totp']);
  });

  it('are made anew after a fresh proof, and void the old ones at once', async () => {
    clock.advance(10 * 60_000);
    const stale = await browser.get(RENEW);
    assert.equal(stale.headers.location, '/two-factor/challenge');
    const proven = await browser.answerChallenge(codeAt(key, clock.now()));
    assert.equal(proven.headers.location, RENEW);
    const renewed = await browser.post(RENEW, { _csrf: await browser.csrf() });
    const fresh = recoveryCodesOn(renewed.text);
    assert.equal(fresh.length, 10);
    assert.equal((await recover(codes[5] ?? '')).answer.status, 422);
    assert.equal((await recover(fresh[5] ?? '')).answer.status, 200);
  });

  it('are not made anew without a fresh proof, nor without the token of the form', async () => {
    assert.equal((await browser.post(RENEW, {})).status, 403);
    const _csrf = await browser.csrf();
    clock.advance(10 * 60_000);
    assert.equal((await browser.post(RENEW, { _csrf })).status, 401);
    assert.equal((await recover(codes[5] ?? '')).answer.status, 200);
  });

  it('share the count of wrong answers with TOTP, and wait with it', async () => {
    const other = new Browser(world.app);
    await other.login('user1@acme');
    for (let i = 0; i < 5; i++) await other.answerChallenge('000000');
    const locked = await other.post(CHALLENGE, { code: codes[0] ?? '', _csrf: await other.csrf() });
    assert.equal(locked.status, 429);
    clock.advance(31_000);
    const open = await other.post(CHALLENGE, { code: codes[0] ?? '', _csrf: await other.csrf() });
    assert.equal(open.status, 200);
  });

  it('appear in no event and no error', async () => {
    await recover(codes[0] ?? '');
    const told = JSON.stringify([world.events, world.errors.map(String)]);
    for (const code of codes) {
      assert.ok(!told.includes(code) && !told.includes(code.replaceAll('-', '')));
    }
    assert.ok(world.events.some(({ type }) => type === 'recovery-codes.made'));
  });

  it('are given to nobody whose policy does not accept them', async () => {
    const plain = await host({ policy: () => ({ mode: 'required', methods: ['totp'] }) });
    const person = new Browser(plain.app);
    await person.activate('user1@acme', Date.now());
    assert.deepEqual(person.recoveryCodes, []);
    assert.equal((await person.get(RENEW)).status, 404);
  });

  it('are made for nobody who is reset at that moment', async () => {
    const store = memoryStore({ now: clock.now });
    const { app } = await host({
      store: {
        ...store,
        async replaceRecoveryCodes(...of) {
          await store.reset('user1@acme');
          return store.replaceRecoveryCodes(...of);
        },
      },
    });
    const thief = new Browser(app);
    await thief.login('user1@acme');
    const { key: shown, enrollment, _csrf } = await thief.totpForm();
    const code = codeAt(shown, clock.now());
    const answer = await thief.post('/two-factor/activate/totp', { code, enrollment, _csrf });
    assert.equal(answer.status, 409);
    assert.deepEqual(recoveryCodesOn(answer.text), []);
    assert.equal((await store.readSubject('user1@acme')).recoveryCodesLeft, null);
  });

  it('are of 120 bits where the host wants it, and those of before stay good', async () => {
    const store = memoryStore({ now: clock.now });
    const sessions = new MemoryStore();
    const before = await host({ store, sessions });
    const owner = new Browser(before.app);
    await owner.activate('user1@acme', clock.now());
    const after = await host({
      store,
      sessions,
      options: { methods: methodsWith({ recoveryCodes: { bits: 120 } }) },
    });
    const spend = async (code: string) => {
      const other = new Browser(after.app);
      await other.login('user1@acme');
      return other.post(CHALLENGE, { code, _csrf: await other.csrf() });
    };
    assert.equal((await spend(owner.recoveryCodes[0] ?? '')).status, 200);
    const same = owner.copy(after.app);
    const renewed = await same.post(RENEW, { _csrf: await same.csrf() });
    const long = recoveryCodesOn(renewed.text);
    assert.equal(new Set(long).size, 10);
    for (const code of long)
      assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
    assert.equal((await spend(owner.recoveryCodes[1] ?? '')).status, 422);
    assert.equal((await spend((long[0] ?? '').slice(0, 19))).status, 422);
    assert.equal((await spend((long[0] ?? '').toLowerCase().replaceAll('-', ' '))).status, 200);
    assert.equal((await spend(long[0] ?? '')).status, 422);
    assert.throws(
      () =>
        sallyport({
          ...hostOptions(),
          methods: methodsWith({ recoveryCodes: { bits: 112 as 120 } }),
        }),
      /recoveryCodes\.bits must be 80 or 120, got 112/,
    );
  });

  it('are void only once new ones can be shown', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-views-'));
    try {
      const store = memoryStore({ now: clock.now });
      const sessions = new MemoryStore();
      const own = await host({ store, sessions });
      const owner = new Browser(own.app);
      await owner.activate('user1@acme', clock.now());
      await mkdir(join(folder, 'recovery-code'));
      const view = join(folder, 'recovery-code', 'codes.ejs');
      await writeFile(view, '<% throw new Error("broken view") %>');
      const broken = await host({ store, options: { views: folder }, sessions });
      const same = owner.copy(broken.app);
      const before = await store.readSubject('user1@acme');
      assert.equal((await same.post(RENEW, { _csrf: await same.csrf() })).status, 503);
      assert.deepEqual(await store.readSubject('user1@acme'), before);
      assert.ok(!broken.events.some(({ type }) => type === 'recovery-codes.made'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  for (const label of ['user1\ud83d', '\ude00', 'a'.repeat(50_000), 'a\r\n\u202eb', '<b>%']) {
    it(`are shown and saved for somebody named ${JSON.stringify(label.slice(0, 10))}`, async () => {
      world = await host({
        store: memoryStore({ now: clock.now }),
        options: { subject: (req) => req.user && { id: 'user1@acme', tenantId: 'acme', label } },
      });
      browser = new Browser(world.app);
      await browser.activate('user1@acme', clock.now());
      assert.equal(browser.recoveryCodes.length, 10);
      const renewed = await browser.post(RENEW, { _csrf: await browser.csrf() });
      assert.equal(recoveryCodesOn(renewed.text).length, 10);
      const file = /href="data:text\/plain;charset=utf-8,([^"]*)"/.exec(renewed.text)?.[1] ?? '';
      const text = decodeURIComponent(file);
      for (const code of recoveryCodesOn(renewed.text)) assert.ok(text.includes(code));
      assert.ok(text.length < 1000);
      assert.deepEqual(world.errors, []);
    });
  }

  describe('of somebody who has removed the last method', () => {
    beforeEach(async () => {
      const policy = () => ({ mode: 'optional' as const });
      world = await host({ store: memoryStore({ now: clock.now }), policy });
      browser = new Browser(world.app);
      await browser.activate('user1@acme', clock.now());
      codes = browser.recoveryCodes;
      assert.equal(codes.length, 10);
    });

    async function removeAndActivateAgain(): Promise<readonly string[]> {
      const profile = (await browser.get('/two-factor/profile')).text;
      const [, id] = /profile\/remove\/([\w-]+)/.exec(profile) ?? [];
      const _csrf = await browser.csrf();
      const removed = await browser.post(`/two-factor/profile/remove/${id}`, { _csrf });
      assert.equal(removed.headers.location, '/two-factor/profile?done=removed');
      clock.advance(30_000);
      const form = await browser.totpForm();
      const answer = await browser.post('/two-factor/activate/totp', {
        ...{ code: codeAt(form.key, clock.now()), enrollment: form.enrollment, _csrf: form._csrf },
      });
      return recoveryCodesOn(answer.text);
    }

    it('are gone with it, and made anew with the next one', async () => {
      const made = await removeAndActivateAgain();
      assert.equal(made.length, 10);
      assert.equal((await recover(codes[0] ?? '')).answer.status, 422);
      assert.equal((await recover(made[0] ?? '')).answer.status, 200);
    });

    it('are made anew also where all of them were used', async () => {
      for (const code of codes) assert.equal((await recover(code)).answer.status, 200);
      assert.equal((await removeAndActivateAgain()).length, 10);
    });
  });
});
