import assert from 'node:assert/strict';
import express from 'express';
import { memoryStore } from 'sallyport';
import request from 'supertest';
import { RequestError } from '../../src/errors.js';
import { failing, type TryAgain } from '../../src/pages/again.js';
import { host, ORIGIN, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { linesOf, linksOf, told } from '../support/profile.js';

const WENT_ON = 'Your sign-in has just gone on in another tab, or with another click.';

/** Another tab, with the session id that was good until a moment ago. */
async function leftBehind(options: object = {}) {
  const clock = testClock();
  const store = memoryStore({ now: clock.now });
  const { app } = await host({
    ...{ store, policy: () => ({ mode: 'required', methods: ['totp'] }) },
    options: { homeUrl: '/home', ...options },
  });
  const key = await new Browser(app).activate('user1@acme', clock.now());
  clock.advance(30_000);
  const browser = new Browser(app);
  await browser.login('user1@acme');
  await browser.get('/reports/2026');
  const tab = browser.copy();
  const { headers } = await browser.answerChallenge(codeAt(key, clock.now()));
  assert.equal(headers.location, '/reports/2026');
  return { browser, tab, clock };
}

describe('a session id that has just gone on under another', () => {
  it('has the page asked for once more, by itself and by a link', async () => {
    const { tab } = await leftBehind();
    const page = await tab.get('/reports/7?year=2026');
    assert.equal(page.status, 409);
    assert.match(page.text, /<title>One moment – /);
    assert.deepEqual(linesOf(page), [
      'One moment',
      `${WENT_ON} You are brought there.`,
      'Continue',
    ]);
    assert.deepEqual(linksOf(page), ['/reports/7?year=2026']);
    assert.equal(page.headers.refresh, '1; url=/reports/7?year=2026');
    assert.equal(page.headers['retry-after'], undefined);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    const [cookie] = page.headers['set-cookie'] as unknown as string[];
    assert.match(String(cookie), /Path=\/;.*HttpOnly/);
    assert.doesNotMatch(String(cookie), /Secure/);
    assert.equal((await tab.get('/reports/7')).headers.location, '/login', 'never a loop');
  });

  it('has an answer to a page of ours led to what comes next', async () => {
    const { browser, tab } = await leftBehind();
    const page = await tab.post('/two-factor/challenge/totp', { code: '123456' });
    assert.equal(page.status, 409);
    assert.equal(linesOf(page)[0], 'One moment');
    assert.deepEqual(linksOf(page), ['/two-factor']);
    assert.equal(page.headers.refresh, '1; url=/two-factor');
    assert.equal((await browser.get('/two-factor')).headers.location, '/home');
    // The browser has the cookies of both answers by then.
    tab.cookies.set('connect.sid', browser.cookies.get('connect.sid') ?? '');
    assert.equal((await tab.get('/two-factor')).headers.location, '/reports/2026');
  });

  it('has a form of the host’s sent again from its page, or from home', async () => {
    for (const [referer, href] of [
      [`${ORIGIN}/transfers/new`, '/transfers/new'],
      ['https://elsewhere.example/form', '/home'],
      [null, '/home'],
    ] as const) {
      const { tab } = await leftBehind();
      const sent = tab.post('/transfers', { amount: '7' });
      const page = await (referer === null ? sent : sent.set('Referer', referer));
      assert.equal(page.status, 409);
      assert.deepEqual(linesOf(page), [
        'Please send that again',
        `${WENT_ON} What you sent was not taken: go back to the form and send it again.`,
        'Back to the form',
      ]);
      assert.deepEqual(linksOf(page), [href]);
      assert.equal(page.headers.refresh, undefined);
    }
  });

  it('is told to a script and to a prefetch, which send their requests again', async () => {
    const { tab } = await leftBehind();
    const answer = await tab.json('get', '/api/me');
    assert.deepEqual(told(answer), [
      409,
      { error: 'session_renewed', message: 'Send this again: your session has a new id.' },
    ]);
    assert.equal(answer.headers['retry-after'], '1');
    const page = await tab.get('/fragment').set('Sec-Purpose', 'prefetch');
    assert.equal(page.status, 409);
    assert.deepEqual(linesOf(page), ['One moment', WENT_ON, 'Continue']);
    assert.deepEqual(linksOf(page), ['/two-factor']);
    assert.deepEqual([page.headers['retry-after'], page.headers.refresh], ['1', undefined]);
    assert.equal(page.headers['set-cookie'], undefined, 'nobody has tried yet');
  });

  it('is nobody’s where it did not just go on', async () => {
    const { tab, clock } = await leftBehind();
    clock.advance(61_000);
    assert.equal((await tab.get('/reports/7')).headers.location, '/login');
  });
});

describe('a failure of somebody whose session has ended', () => {
  const ended = new RequestError(401, 'session_ended', 'over');

  /** What comes of an error, with the words of whatever is said at the end. */
  async function comesOf(error: unknown, tryAgain: TryAgain) {
    const fail: Parameters<typeof failing>[1]['fail'] = (_req, res, failed) =>
      void res.status(500).send(failed instanceof Error ? failed.message : 'no error');
    const app = express().get('/', (req, res) => failing(tryAgain, { fail })(req, res, error));
    const { status, text } = await request(app).get('/');
    return `${status} ${text}`;
  }
  const again: TryAgain = async (_req, res) => {
    res.status(409).send('again');
    return true;
  };

  it('is tried again where it went on, and told otherwise', async () => {
    assert.equal(await comesOf(ended, again), '409 again');
    assert.equal(await comesOf(ended, async () => false), '500 over');
    assert.equal(await comesOf(ended, () => Promise.reject(new Error('no store'))), '500 no store');
  });

  it('is told at once where it is something else', async () => {
    assert.equal(await comesOf(new RequestError(401, 'other', 'else'), again), '500 else');
    const alike = Object.assign(new Error('alike'), { error: 'session_ended' });
    assert.equal(await comesOf(alike, again), '500 alike');
  });
});
