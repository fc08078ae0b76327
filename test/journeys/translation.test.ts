import assert from 'node:assert/strict';
import { memoryStore, sallyport } from 'sallyport';
import { host, hostOptions, testClock } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { emailCode } from './email-code.js';

const USER = 'user1@acme';
const GERMAN = {
  'totp.title': 'Code-App',
  'totp.challenge.title': 'Code eingeben',
  'totp.challenge.text': 'Suchen Sie in der App nach <name>{issuer}</name>.',
  'totp.refused.wrong-code': 'Der Code stimmt nicht.',
  'totp.locked': 'Zu viele falsche Codes. Versuchen Sie es in {wait} noch einmal.',
  'time.seconds': '{count, plural, one {# Sekunde} other {# Sekunden}}',
  'time.wait': 'in {duration}',
  'time.date': '{at, date, long}, {at, time, short} Uhr (UTC)',
  'action.continue': 'Weiter',
  'frame.signed-in-as': 'Angemeldet als <name>{label}</name>',
  'request.no-address': 'Unter dieser Adresse gibt es nichts.',
  'error.heading.404': 'Diese Seite gibt es nicht',
  'profile.title': 'Zwei-Faktor-Anmeldung',
};

async function german() {
  const clock = testClock();
  const { app } = await host({
    store: memoryStore({ now: clock.now }),
    options: { language: 'de', messages: GERMAN },
  });
  const browser = new Browser(app);
  const key = await browser.activate(USER, clock.now());
  return { app, clock, key };
}

describe('a door in another language', () => {
  it('asks, refuses and tells waits in it, as page and as JSON', async () => {
    const { app } = await german();
    const browser = new Browser(app);
    await browser.login(USER);
    const { text } = await browser.get('/two-factor/challenge/totp');
    assert.match(text, /<html lang="de">/);
    assert.match(text, /<h1>Code eingeben<\/h1>/);
    assert.match(text, /Suchen Sie in der App nach <bdi><strong>[^<]+<\/strong><\/bdi>\./);
    assert.match(text, />Weiter<\/button>/);
    assert.match(text, /Angemeldet als <bdi><strong>/);
    const wrong = () => browser.answerChallenge('000000');
    assert.match((await wrong()).text, /role="alert"><span>Der Code stimmt nicht\./);
    for (let tries = 0; tries < 4; tries += 1) await wrong();
    assert.match(
      (await wrong()).text,
      /Zu viele falsche Codes\. Versuchen Sie es in 30 Sekunden noch einmal\./,
    );
    const { body } = await browser.json('post', '/two-factor/challenge/totp', {
      _csrf: await browser.csrf(),
      code: '000000',
    });
    assert.equal(body.message, GERMAN['totp.locked'].replace('{wait}', '30 Sekunden'));
    assert.deepEqual(body.values, { wait: '30 Sekunden' });
  });

  it('names methods, dates and errors in it, and leaves the rest in English', async () => {
    const { app, clock, key } = await german();
    const browser = new Browser(app);
    clock.advance(60_000);
    await browser.login(USER);
    await browser.answerChallenge(codeAt(key, clock.now()));
    const { text } = await browser.get('/two-factor/profile');
    assert.match(text, /<h1>Zwei-Faktor-Anmeldung<\/h1>/);
    assert.match(text, /<h2>Code-App<\/h2>/);
    assert.match(text, /1\. Januar 2026, 00:00 Uhr \(UTC\)/);
    assert.match(text, /Your other sessions/);
    const lost = await browser.get('/two-factor/nowhere');
    assert.match(lost.text, /<h1>Diese Seite gibt es nicht<\/h1>/);
    assert.match(lost.text, /Unter dieser Adresse gibt es nichts\./);
  });
});

describe('the options of a language', () => {
  const made = (options: object) => () => sallyport({ ...hostOptions(), ...options });

  it('may word a method of the host’s own, by its name', () => {
    const email = emailCode({ addressOf: ({ label }) => label, send: async () => {} });
    const methods = [email];
    made({ methods, messages: { 'email-code.answer.code.hint': 'Sechs Ziffern' } })();
    assert.throws(made({ methods, messages: { 'totp.title': 'App' } }), {
      code: 'ERR_OPTION',
      message: /^messages\['totp\.title'\] is none of our sentences/,
    });
  });

  it('name what is wrong', () => {
    assert.throws(made({ messages: { 'profile.titel': 'x' } }), {
      code: 'ERR_OPTION',
      message: /^messages\['profile\.titel'\] is none of our sentences/,
    });
    assert.throws(made({ messages: { 'totp.locked': 'In {waiting}.' } }), {
      code: 'ERR_OPTION',
      message: /^messages\['totp\.locked'\] has the placeholder waiting; there are: wait$/,
    });
  });

  it('let no method take a sentence of ours for its own', () => {
    const email = emailCode({ addressOf: ({ label }) => label, send: async () => {} });
    assert.throws(made({ methods: [{ ...email, name: 'profile' }] }), {
      code: 'ERR_METHOD',
      message: /^the method profile has the words profile\.title, which is a sentence of ours/,
    });
  });
});
