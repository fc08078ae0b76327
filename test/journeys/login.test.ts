import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import { host, testClock } from '../support/app.js';
import { Browser, codeAt, recoveryCodesOn, wrongCode } from '../support/browser.js';

describe('a login with TOTP', () => {
  it('leads from the password through activation to the page first asked for', async () => {
    const clock = testClock();
    const { app } = await host({
      store: memoryStore({ now: clock.now }),
      policy: () => ({ mode: 'required', methods: ['totp', 'recovery-code'] }),
    });
    const browser = new Browser(app);

    const first = await browser.get('/reports/1?month=3');
    assert.equal(first.headers.location, '/login');
    const login = await browser.login('user1@acme');
    assert.equal(login.headers.location, '/');
    const home = await browser.get('/');
    assert.equal(home.headers.location, '/two-factor/activate');
    const choose = await browser.get('/two-factor/activate');
    assert.equal(choose.headers.location, '/two-factor/activate/totp');

    const { key, enrollment, _csrf } = await browser.totpForm();
    assert.match(key, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    const wrong = await browser.post('/two-factor/activate/totp', {
      code: wrongCode(key, clock.now()),
      enrollment,
      _csrf,
    });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /role="alert"[\s\S]*not right/);
    assert.equal((await browser.get('/')).status, 303);

    const right = await browser.post('/two-factor/activate/totp', {
      code: codeAt(key, clock.now()),
      enrollment,
      _csrf,
    });
    assert.equal(right.status, 200);
    assert.equal(recoveryCodesOn(right.text).length, 10);
    assert.equal((await browser.keepCodes()).headers.location, '/reports/1?month=3');
    const inside = await browser.get('/reports/1?month=3');
    assert.equal(inside.text, 'inside GET /reports/1');

    const again = new Browser(app);
    await again.login('user1@acme');
    assert.equal((await again.get('/')).headers.location, '/two-factor/challenge');
    clock.advance(30_000);
    const challenged = await again.answerChallenge(codeAt(key, clock.now()));
    assert.equal(challenged.status, 303);
    assert.equal((await again.get('/x')).text, 'inside GET /x');
    const me = await again.json('get', '/api/me');
    assert.equal(me.body.subject.id, 'user1@acme');
    assert.deepEqual(
      me.body.assurance.map(({ method, at }: { method: string; at: string }) => [method, at]),
      [['totp', new Date(clock.now()).toISOString()]],
    );
  });
});
