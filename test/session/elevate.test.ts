import assert from 'node:assert/strict';
import { memoryStore, type SecondFactorStore } from 'sallyport';
import { sessionDigest } from '../../src/session/assurance.js';
import { host, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { sessionIdOf } from '../support/worlds.js';

describe('an elevation and a logout at the same moment', () => {
  it('end with the logout, when that ended the session first', async () => {
    const clock = testClock();
    const inner = memoryStore({ now: clock.now });
    let logout: () => Promise<unknown> = async () => {};
    let proofs = 0;
    const store: SecondFactorStore = {
      ...inner,
      // The code was right; before the session is elevated, another process logs it out.
      async commitAttempt(...attempt) {
        const commit = await inner.commitAttempt(...attempt);
        await logout();
        return commit;
      },
      prove(...proof) {
        proofs += 1;
        return inner.prove(...proof);
      },
    };
    const { app } = await host({ store, policy: () => ({ mode: 'required', methods: ['totp'] }) });
    const key = await new Browser(app).activate('user1@acme', clock.now());
    clock.advance(30_000);
    proofs = 0;

    const browser = new Browser(app);
    await browser.login('user1@acme');
    const _csrf = await browser.csrf();
    const id = sessionIdOf(browser);
    logout = () => inner.end(sessionDigest(id), 60_000);
    const code = codeAt(key, clock.now());
    const answer = await browser.post('/two-factor/challenge/totp', { code, _csrf });

    assert.equal(answer.status, 409);
    assert.equal(proofs, 0);
    assert.equal(sessionIdOf(browser), id, 'no new session was given out');
    assert.equal((await browser.get('/x')).headers.location, '/login');
  });
});
