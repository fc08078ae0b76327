import type { Express } from 'express';
import { generateSync, ScureBase32Plugin } from 'otplib';
import request, { type Response, type Test } from 'supertest';

const base32 = new ScureBase32Plugin();

export interface TotpForm {
  readonly enrollment: string;
  readonly key: string;
}

/** A person's browser over supertest: keeps cookies, sends `Accept: text/html`, fills in forms. */
export class Browser {
  readonly target: Express | string;
  readonly cookies = new Map<string, string>();
  /** Those that `activate` was shown. */
  recoveryCodes: readonly string[] = [];

  constructor(target: Express | string) {
    this.target = target;
  }

  /** Another browser with the same cookies: a copied session, or a request sent at the same time. */
  copy(target: Express | string = this.target): Browser {
    const copy = new Browser(target);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    return copy;
  }

  send(method: 'get' | 'post' | 'put' | 'delete' | 'head' | 'options', path: string): Test {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const test = request(this.target)[method](path).set('Accept', 'text/html').redirects(0);
    if (cookie) test.set('Cookie', cookie);
    test.on('response', (response: Response) => this.#keep(response));
    return test;
  }

  get(path: string): Test {
    return this.send('get', path);
  }

  json(method: 'get' | 'post', path: string, body?: object): Test {
    const test = this.send(method, path).set('Accept', 'application/json');
    return body === undefined ? test : test.send(body);
  }

  post(path: string, fields: Readonly<Record<string, string>> = {}): Test {
    return this.send('post', path).type('form').send(fields);
  }

  async login(username: string, password = 'sallyport'): Promise<Response> {
    return this.post('/login', { username, password });
  }

  /** The token that the pages' forms carry. */
  async csrf(): Promise<string> {
    return (await this.json('get', '/two-factor')).body.csrfToken;
  }

  /** Opens a page of an activation, and presses the button that begins it, where it has one. */
  async form(path: string): Promise<Response> {
    const page = await this.get(path);
    const action = /action="([^"]*\/begin)"/.exec(page.text ?? '')?.[1];
    if (action === undefined) return page;
    const begun = await this.post(action, {
      _csrf: field(page.text, /name="_csrf"[^>]*value="([^"]*)"/),
    });
    return begun.status === 303 ? this.get(String(begun.headers.location)) : begun;
  }

  /** The same for a program. */
  async jsonForm(path: string): Promise<Response> {
    const page = await this.json('get', path);
    if (typeof page.body.begin !== 'string') return page;
    await this.json('post', page.body.begin, { _csrf: page.body.csrfToken });
    return this.json('get', path);
  }

  /** Opens the activation page and reads what a person would read from it. */
  async totpForm(): Promise<TotpForm & { _csrf: string }> {
    const page = await this.form('/two-factor/activate/totp');
    return {
      key: field(page.text, /data-sp="totp-key"[^>]*>([^<]*)</),
      enrollment: field(page.text, /name="enrollment"[^>]*value="([^"]*)"/),
      _csrf: field(page.text, /name="_csrf"[^>]*value="([^"]*)"/),
    };
  }

  /** Signs in with the password and activates TOTP; returns the key. */
  async activate(username: string, now: number): Promise<string> {
    await this.login(username);
    return this.activateHere(now);
  }

  /** Activates TOTP, signed in already; returns the key. */
  async activateHere(now: number): Promise<string> {
    const { key, enrollment, _csrf } = await this.totpForm();
    const answer = await this.post('/two-factor/activate/totp', {
      code: codeAt(key, now),
      enrollment,
      _csrf,
    });
    // 200 is the page with the recovery codes, where the policy accepts these.
    if (answer.status !== 303 && answer.status !== 200) {
      throw new Error(`activation answered ${answer.status}`);
    }
    this.recoveryCodes = recoveryCodesOn(answer.text);
    return key;
  }

  async answerChallenge(code: string): Promise<Response> {
    return this.post('/two-factor/challenge/totp', { code, _csrf: await this.csrf() });
  }

  /** Presses "I have kept them" on the page of recovery codes; the answer leads on. */
  async keepCodes(): Promise<Response> {
    return this.post('/two-factor/recovery-codes', { _csrf: await this.csrf() });
  }

  /**
   * Asks with a session id that went on under another one a moment ago, and once more as the page says; gives the
   * second answer.
   */
  async tryAgain(path: string): Promise<Response> {
    const first = await this.get(path);
    if (first.status !== 409) throw new Error(`${path} answered ${first.status}`);
    return this.get(path);
  }

  #keep(response: Response): void {
    const lines = (response.headers['set-cookie'] ?? []) as unknown as string[];
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const gone = attributes.some((one) => /expires=thu, 01 jan 1970/i.test(one));
      if (gone) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

/** What an authenticator app shows for a manual key at a time (ms). */
export function codeAt(key: string, at: number): string {
  return generateSync({
    secret: base32.decode(key.replaceAll(' ', '')),
    epoch: Math.floor(at / 1000),
  });
}

/** Six digits that are right at none of the steps around `at`. */
export function wrongCode(key: string, at: number): string {
  const right = [-2, -1, 0, 1, 2].map((step) => codeAt(key, at + step * 30_000));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find(
    (code) => !right.includes(code),
  )!;
}

/** The codes as a person reads them from the page. */
export function recoveryCodesOn(html: string): string[] {
  return [...html.matchAll(/data-sp="recovery-code">([^<]*)</g)].map((found) => found[1] ?? '');
}

/** Where the page's way on leads to. */
export function continueOn(html: string): string {
  return field(html, /href="([^"]*)"[^>]*data-sp="continue"/);
}

function field(html: string, pattern: RegExp): string {
  const found = pattern.exec(html)?.[1];
  if (found === undefined) throw new Error(`the page has no ${pattern}:\n${html.slice(0, 2000)}`);
  return found;
}
