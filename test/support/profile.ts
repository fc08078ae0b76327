import assert from 'node:assert/strict';
import { type MethodPlan, memoryStore, type PolicyInput, recoveryCodes, totp } from 'sallyport';
import type { Response } from 'supertest';
import { emailCode } from '../journeys/email-code.js';
import { host, testClock } from './app.js';
import { Browser, codeAt } from './browser.js';

export const USER = 'user1@acme';
export const PROFILE = '/two-factor/profile';

/** Somebody who has activated an app, at a door that has codes by e-mail too. What is asked is what they are told. */
export async function activated(policy: Partial<PolicyInput> = {}, email: object = {}) {
  const clock = testClock();
  const store = memoryStore({ now: clock.now });
  const mails: string[] = [];
  const plain = emailCode({
    addressOf: ({ id }) => `${id}.example`,
    send: async (_address, code) => void mails.push(code),
  });
  const mail = { ...plain, ...email };
  const current: { policy: PolicyInput; methods: readonly MethodPlan[] } = {
    policy: { mode: 'optional', methods: ['totp', 'email-code'], ...policy } as PolicyInput,
    methods: [totp(), mail, recoveryCodes()],
  };
  const open = (methods = current.methods) =>
    host({ store, policy: () => current.policy, options: { methods } });
  const made = await open();
  const browser = new Browser(made.app);
  const key = await browser.activate(USER, clock.now());
  const [first] = (await store.readSubject(USER)).enrollments;
  assert.ok(first);

  /** Adds the code by e-mail, as a program does. */
  async function addMail() {
    const at = `${PROFILE}/activate/email-code`;
    await browser.json('post', `${at}/begin`, { _csrf: await browser.csrf() });
    const { enrollment, csrfToken: _csrf } = (await browser.json('get', at)).body;
    const done = await browser.json('post', at, { code: mails.at(-1), enrollment, _csrf });
    assert.equal(done.status, 200, done.text);
    const added = (await store.readSubject(USER)).enrollments.at(-1);
    assert.ok(added);
    return { added, done };
  }

  /** The same person on another process of the app, which knows other methods. */
  async function elsewhere(methods: readonly MethodPlan[]) {
    const other = new Browser((await open(methods)).app);
    await other.login(USER);
    clock.advance(30_000);
    assert.equal((await other.answerChallenge(codeAt(key, clock.now()))).status, 303);
    return other;
  }

  const send = async (path: string, fields: object = {}) =>
    browser.json('post', `${PROFILE}/${path}`, { ...fields, _csrf: await browser.csrf() });
  return { ...made, browser, clock, store, open, key, first, addMail, elsewhere, current, send };
}

/** Status and JSON, without the token of the forms. */
export function told({ status, body }: Response): [status: number, body: object] {
  const { csrfToken, ...rest } = body;
  return [status, rest];
}

/** The page without what frames it. */
export function mainOf({ text }: Response): string {
  return text.slice(text.indexOf('<main'), text.indexOf('</main>'));
}

/** What a person reads of it, a line for each element. */
export function linesOf(page: Response): string[] {
  return mainOf(page)
    .replace(/<[^>]*>/g, '\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

export function linksOf(page: Response): string[] {
  return [...mainOf(page).matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href = '']) => href);
}
