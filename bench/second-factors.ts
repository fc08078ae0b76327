import type { Agent } from 'node:http';
import { authenticator, softwareKey, type TestClock } from 'sallyport/testing';
import { ORIGIN } from './door.js';
import type { LoginKind } from './login-kinds.js';
import { type Page, type Visitor, visitor } from './visitor.js';

/** passport-totp goes by the machine's clock. One key for all, but each user's is read from Redis. */
export const SHARED_KEY = '12345678901234567890';
const SHARED_APP = authenticator('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');

const PASSWORD = 'sallyport';

/** What a person answers with once the password was right. */
export type SecondFactor = (page: Page) => Readonly<Record<string, string>>;

/** Signs in with the password, and has the page that comes after it. */
export function signIn(someone: Visitor, username: string): Promise<Page> {
  return someone.post('/login', { username, password: PASSWORD });
}

/** What a user of this kind has; activates it where it is ours. Null for whoever has none. */
export async function secondFactorOf(
  kind: LoginKind,
  {
    agent,
    port,
    user,
    clock,
  }: {
    readonly agent: Agent;
    readonly port: number;
    readonly user: string;
    readonly clock: TestClock;
  },
): Promise<SecondFactor | null> {
  if (kind === 'password') return null;
  if (kind === 'passport-totp' || kind === 'control') return () => ({ code: SHARED_APP.code() });
  const someone = visitor(agent, port);
  const page = await signIn(someone, user);
  const { answer, factor } = activationOn(kind, page, clock);
  const inside = await answerForm(someone, page, { ...answer, ...hidden(page, 'enrollment') });
  if (inside.text !== 'inside') throw new Error(`${user} has not activated:\n${inside.text}`);
  return factor;
}

function activationOn(kind: LoginKind, page: Page, clock: TestClock) {
  if (kind === 'security-key') {
    const key = softwareKey({ origin: ORIGIN });
    return {
      answer: { credential: key.create(ceremonyOn(page)) },
      factor: (asked: Page) => ({ credential: key.get(ceremonyOn(asked)) }),
    };
  }
  const key = /data-sp="totp-key"[^>]*>([^<]*)</.exec(page.text)?.[1];
  if (!key) throw new Error(`no key is shown:\n${page.text}`);
  const app = authenticator(key, clock);
  return { answer: { code: app.code() }, factor: () => ({ code: app.code(clock.now()) }) };
}

/** Sends the form that asks for the answer; the page may have others. */
export function answerForm(
  someone: Visitor,
  page: Page,
  answer: Readonly<Record<string, string>>,
): Promise<Page> {
  const field = 'credential' in answer ? 'credential' : 'code';
  const form = new RegExp(`<form[^>]* action="([^"]*)"(?:(?!</form>)[\\s\\S])*name="${field}"`);
  const action = form.exec(page.text)?.[1];
  if (action === undefined) throw new Error(`nobody asks for a ${field}:\n${page.text}`);
  return someone.post(action, { ...answer, ...hidden(page, '_csrf') });
}

function hidden({ text }: Page, name: string): Readonly<Record<string, string>> {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1];
  return value === undefined ? {} : { [name]: value };
}

/** What the page would hand to the browser. */
function ceremonyOn({ text }: Page): unknown {
  const options = /data-sp-options="([^"]*)"/.exec(text)?.[1];
  if (options === undefined) throw new Error(`no key is asked for:\n${text}`);
  return JSON.parse(
    options.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'),
  );
}
