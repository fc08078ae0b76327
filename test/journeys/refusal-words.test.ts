import assert from 'node:assert/strict';
import { Passport } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import { memoryStore, type PolicyInput } from 'sallyport';
import type { MethodWords, RefusalReason, Verdict } from '../../src/contracts.js';
import { ACTIVATION_KEY_WORDS } from '../../src/methods/activation-key-words.js';
import { DUO_WORDS } from '../../src/methods/duo/words.js';
import { RECOVERY_CODE_WORDS } from '../../src/methods/recovery-code/words.js';
import { TOTP_WORDS } from '../../src/methods/totp/words.js';
import { host, testClock } from '../support/app.js';
import { Browser } from '../support/browser.js';

const USER = 'user1@acme';
const REASONS = Object.keys(TOTP_WORDS.refused) as RefusalReason[];
const WORDS = {
  totp: TOTP_WORDS,
  'recovery-code': RECOVERY_CODE_WORDS,
  duo: DUO_WORDS,
} as const;
const POLICY: PolicyInput = {
  mode: 'required',
  methods: ['totp', 'duo', 'recovery-code'],
  duo: { source: 'acme', credentialVersion: 'v1' },
};

/** As a page says it. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('"', '&#34;');
}

describe('the words of a refusal', () => {
  let forced: Verdict | null;
  let browser: Browser;

  beforeEach(async () => {
    forced = null;
    const clock = testClock();
    const store = memoryStore({ now: clock.now });
    const { app } = await host({ store, policy: () => POLICY, options: { passport: forcing() } });
    await new Browser(app).activate(USER, clock.now());
    const duo = { id: 'duo-1', method: 'duo', label: 'Duo', sealed: new Uint8Array(1) };
    await store.beginEnrollment(
      USER,
      { ...duo, parameters: '', session: 'other', basis: 'proven', lifetimeMs: 1000 },
      { restart: true },
    );
    const confirmed = { id: duo.id, session: 'other', step: -1, replaces: null, epoch: 0 };
    assert.equal((await store.confirmEnrollment(USER, confirmed)).kind, 'confirmed');
    browser = new Browser(app);
    await browser.login(USER);
  });

  /** A Passport by which an answer comes to what the test says. */
  function forcing() {
    const passport = new Passport();
    passport.use(new LocalStrategy((username, _password, done) => done(null, { id: username })));
    const authenticate = passport.authenticate.bind(passport) as (...all: unknown[]) => unknown;
    return Object.assign(passport, {
      authenticate(strategy: unknown, options: unknown, callback: (...all: unknown[]) => void) {
        if (forced === null) return authenticate(strategy, options, callback);
        return () => callback(null, false, { verdict: forced });
      },
    });
  }

  async function answered(method: keyof typeof WORDS, json: boolean) {
    if (method === 'duo') {
      const url = '/two-factor/duo/callback?state=x&duo_code=y';
      return json ? browser.json('get', url) : browser.get(url);
    }
    const url = `/two-factor/challenge/${method}`;
    const fields = { code: '123456', _csrf: await browser.csrf() };
    return json ? browser.json('post', url, fields) : browser.post(url, fields);
  }

  for (const [method, words] of Object.entries(WORDS)) {
    for (const reason of REASONS) {
      it(`are ${method}’s own for ${reason}, as page and as JSON`, async () => {
        forced = { kind: 'rejected', reason };
        const page = await answered(method as keyof typeof WORDS, false);
        assert.ok(page.status >= 400 && page.status < 500, String(page.status));
        assert.ok(page.text.includes(escaped(words.refused[reason])), page.text);
        assert.match(page.text, /role="alert"/);
        const json = await answered(method as keyof typeof WORDS, true);
        assert.equal(json.status, page.status);
        assert.equal(json.body.message, words.refused[reason]);
      });
    }
  }

  const waited = (method: keyof typeof WORDS) =>
    WORDS[method].locked.replace('{wait}', '30 seconds');

  for (const method of ['totp', 'recovery-code'] as const) {
    it(`are ${method}’s own after too many wrong answers`, async () => {
      const waits = new Date(Date.UTC(2026, 0, 1, 0, 0, 45));
      forced = { kind: 'locked', retryAt: waits };
      const page = await answered(method, false);
      assert.equal(page.status, 429);
      assert.ok(page.text.includes(escaped(waited(method))), page.text);
      assert.equal((await answered(method, true)).body.message, waited(method));
      forced = { kind: 'locked', retryAt: null };
      assert.ok((await answered(method, false)).text.includes(escaped(WORDS[method].stopped)));
      assert.equal((await answered(method, true)).body.message, WORDS[method].stopped);
    });
  }

  it('speak of what was asked for, and of nothing else', () => {
    const all = (words: MethodWords) =>
      [...Object.values(words.refused), words.locked, words.stopped].join(' ');
    assert.doesNotMatch(all(RECOVERY_CODE_WORDS), /\bapp\b|clock|phone|\bkey\b|Duo/i);
    assert.doesNotMatch(all(ACTIVATION_KEY_WORDS), /\bapp\b|clock|phone|Duo|recovery/i);
    assert.doesNotMatch(all(DUO_WORDS), /\bapp\b|clock|recovery/i);
    assert.doesNotMatch(all(TOTP_WORDS), /Duo|recovery|activation key/i);
  });

  it('are no other method’s', () => {
    const sentences = [TOTP_WORDS, RECOVERY_CODE_WORDS, ACTIVATION_KEY_WORDS, DUO_WORDS].map(
      (words) => new Set(Object.values(words.refused)),
    );
    const together = sentences.reduce((sum, { size }) => sum + size, 0);
    assert.equal(new Set(sentences.flatMap((one) => [...one])).size, together);
  });
});
