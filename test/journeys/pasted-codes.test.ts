import assert from 'node:assert/strict';
import type { Express } from 'express';
import { Browser, codeAt } from '../support/browser.js';
import { PASTED } from '../support/pasted.js';
import { issueKey, set, tenancy } from '../support/tenancy.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const ACTIVATE = '/two-factor/activate/totp';

journeys('a code that was pasted', (world) => {
  const now = () => world().clock.now();

  async function signedIn(app: Express): Promise<Browser> {
    const browser = new Browser(app);
    await browser.login(USER);
    return browser;
  }

  it('activates, and opens the door, whatever came along with it', async () => {
    const { app } = await world().host();
    const first = await signedIn(app);
    const { key, enrollment, _csrf } = await first.totpForm();
    const code = `\u2022\u00a0${codeAt(key, now()).replace(/.../, '$&\u200b\u2009')}\r\n`;
    assert.equal((await first.post(ACTIVATE, { code, enrollment, _csrf })).status, 303);
    for (const [what, pasted] of PASTED) {
      world().clock.advance(30_000);
      const answer = await (await signedIn(app)).answerChallenge(pasted(codeAt(key, now())));
      assert.equal(answer.status, 303, what);
    }
  });

  it('is refused without counting where a letter or another script’s digits are in it', async () => {
    const { app } = await world().host();
    const key = await new Browser(app).activate(USER, now());
    world().clock.advance(30_000);
    const browser = await signedIn(app);
    const code = codeAt(key, now());
    const arabic = code.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));
    for (const typed of [`${code}é`, `${code}²`, arabic, `${code}${'\u200b'.repeat(195)}`]) {
      assert.equal((await browser.answerChallenge(typed)).status >= 400, true, typed);
    }
    assert.equal((await world().store.readSubject(USER)).failures, 0);
    assert.equal((await browser.answerChallenge(code)).status, 303);
  });

  it('is taken as a recovery code too', async () => {
    const { app } = await world().host({ policy: () => ({ mode: 'required' }) });
    const owner = new Browser(app);
    await owner.activate(USER, now());
    for (const [at, [what, pasted]] of PASTED.slice(0, 10).entries()) {
      const browser = await signedIn(app);
      const code = pasted(owner.recoveryCodes[at] ?? '');
      const _csrf = await browser.csrf();
      const answer = await browser.post('/two-factor/challenge/recovery-code', { code, _csrf });
      assert.equal(answer.status, 200, what);
    }
  });

  it('is taken as an activation key too', async () => {
    const { app } = await world().host(tenancy);
    await set(world().store, 'acme', { mode: 'required', enrollment: 'activation-key' });
    const key = await issueKey(world().store, USER);
    for (const [what, pasted] of PASTED) {
      const browser = await signedIn(app);
      const _csrf = await browser.csrf();
      const answer = await browser.post(`${ACTIVATE}/key`, { activationKey: pasted(key), _csrf });
      assert.equal(answer.headers.location, ACTIVATE, what);
    }
  });
});
