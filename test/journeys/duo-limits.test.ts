import assert from 'node:assert/strict';
import type { DuoSimulator } from 'sallyport/testing';
import {
  activateDuo,
  CALLBACK,
  duoHost,
  isInside,
  local,
  startSimulator,
  toPrompt,
} from '../support/duo.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@globex';

journeys('somebody with a password alone', (world) => {
  let duo: DuoSimulator;

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    duo.reset();
    world().clock.advance(Date.now() - world().clock.now());
  });
  after(() => duo.close());

  const hostOf = () => duoHost(duo, { world: world() });
  const prompts = () => duo.log.filter(({ endpoint }) => endpoint === 'healthCheck').length;
  const state = (n: number) => `${'s'.repeat(30)}${n}`;

  for (const enrolled of [false, true]) {
    it(`writes no events by coming back from nowhere, ${enrolled ? 'enrolled' : 'new'}`, async () => {
      const host = await hostOf();
      if (enrolled) await activateDuo(host, duo, USER);
      const browser = host.browser();
      await browser.login(USER);
      await browser.get('/reports');
      const before = host.events.length;
      for (let n = 0; n < 30; n += 1) {
        const back = await browser.get(`${CALLBACK}?state=${state(n)}&duo_code=x`);
        assert.ok(back.status >= 400 && back.status < 500);
        await browser.get(`${CALLBACK}?state[]=${n}`);
        await browser.get(`${CALLBACK}?error=access_denied&state=${state(n)}`);
      }
      assert.equal(host.events.length, before);
      assert.equal(await isInside(browser), false);
    });
  }

  it('writes one event for each visit to Duo, at most', async () => {
    const host = await hostOf();
    const browser = host.browser();
    await browser.login(USER);
    await toPrompt(browser, '/two-factor/activate/duo');
    const before = host.events.length;
    for (let n = 0; n < 10; n += 1) await browser.get(`${CALLBACK}?state=${state(n)}&duo_code=x`);
    assert.equal(host.events.length, before + 1);
  });

  it('has Duo asked so often in a session, and is told how long to wait', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, USER);
    const browser = host.browser();
    await browser.login(USER);
    const before = prompts();
    let last = await browser.get('/two-factor/challenge/duo');
    for (let n = 0; n < 40 && last.status === 200; n += 1) {
      last = await browser.get('/two-factor/challenge/duo');
    }
    assert.equal(last.status, 429);
    const wait = Number(last.headers['retry-after']);
    assert.ok(wait > 0 && wait <= 300, String(wait));
    assert.ok(prompts() - before <= 20);
    const json = await browser.json('get', '/two-factor/challenge/duo');
    assert.deepEqual([json.status, json.body.error], [429, 'too_many_prompts']);
    const _csrf = await browser.csrf();
    const asked = prompts();
    assert.equal((await browser.post('/two-factor/challenge/duo', { _csrf })).status, 429);
    assert.equal(prompts(), asked, 'nor by the form');

    // Another session of the same person is not held up, and after the wait this one is not either.
    const other = host.browser();
    await other.login(USER);
    const { callback } = await duo.answer(await toPrompt(other));
    await other.get(local(callback));
    assert.ok(await isInside(other));
    world().clock.advance(wait * 1000);
    assert.equal((await browser.get('/two-factor/challenge/duo')).status, 200);
  });

  it('has Duo asked so often in all sessions together', async () => {
    const host = await hostOf();
    await activateDuo(host, duo, USER);
    const statuses: number[] = [];
    for (let n = 0; n < 70; n += 1) {
      const browser = host.browser();
      await browser.login(USER);
      statuses.push((await browser.get('/two-factor/challenge/duo')).status);
    }
    assert.equal(statuses[0], 200);
    assert.equal(statuses.at(-1), 429);
    assert.ok(prompts() <= 61);
  });
});
