import type { Express } from 'express';
import { memoryStore, organizationPolicy, type SecondFactorStore } from 'sallyport';
import { type DuoFaultSetting, type DuoSimulator, duoKeys, duoSimulator } from 'sallyport/testing';
import type { OrganizationSetting } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/duo/credentials.js';
import type { WhenUnavailable } from '../../src/methods/duo/fallback.js';
import { type Host, type HostOptions, host, KEY } from './app.js';
import { Browser, codeAt } from './browser.js';
import { methodsWith } from './methods.js';
import { NO_SETTING } from './policy.js';
import type { World } from './worlds.js';

export const GLOBEX = { ...duoKeys(), name: 'Globex console' };
const INITECH = { ...duoKeys(), name: 'Initech console' };
/** Globex's keys of tomorrow. */
export const GLOBEX_NEW = { ...duoKeys(), name: 'Globex console, new keys' };

export const CALLBACK = '/two-factor/duo/callback';

export function startSimulator(now: () => number = Date.now): Promise<DuoSimulator> {
  return duoSimulator({
    apps: [GLOBEX, GLOBEX_NEW, INITECH],
    users: {
      'user1@globex': 'active',
      'user2@globex': 'active',
      'primary@globex': 'active',
      'remembered@globex': 'remembered',
      'remembered-now@globex': 'remembered-now',
      'user1@initech': 'active',
      'new@globex': 'unenrolled',
      'bypassed@globex': 'bypass',
      'locked@globex': 'locked',
      'disabled@globex': 'disabled',
    },
    aliases: { 'alias@globex': 'primary@globex' },
    now,
  });
}

export interface DuoHostOptions extends Omit<HostOptions, 'policy'> {
  readonly store?: SecondFactorStore;
  readonly whenUnavailable?: WhenUnavailable;
  readonly setting?: Partial<OrganizationSetting>;
  /** Where the data are; by default a memory of its own, on the machine's clock. */
  readonly world?: World;
  /** Deadline of each call to Duo, in milliseconds. */
  readonly timeout?: number;
}

export interface DuoHost extends Host {
  readonly store: SecondFactorStore;
  /** Everything that was sent to a browser: headers and bodies. */
  readonly sent: string[];
  /** Saves keys for an organization as an administrator would. */
  save(
    organizationId: string,
    keys: { clientId: string; clientSecret: string } | null,
    change?: Partial<OrganizationSetting>,
  ): Promise<void>;
  browser(target?: Express | string): Browser;
}

/** Short only for the faults that a call waits for: a busy machine is slow to answer as well. */
export function deadlineFor(fault: DuoFaultSetting['fault']): number {
  return fault === 'hang' || fault === 'slow-drip' ? 500 : 2000;
}

let versions = 0;

/** A host with two organizations that require Duo or an app; `globex` and `initech` have keys of their own. */
export async function duoHost(
  simulator: DuoSimulator,
  {
    store: given = memoryStore(),
    world,
    whenUnavailable = 'deny',
    setting = {},
    timeout = 2000,
    options = {},
    before,
    ...rest
  }: DuoHostOptions = {},
): Promise<DuoHost> {
  const sent: string[] = [];
  let store = given;
  const build = (): HostOptions => ({
    ...rest,
    options: {
      policy: organizationPolicy({
        organization: (id) => ({ id, kind: 'client', partnerId: null }),
      }),
      methods: methodsWith({
        duo: {
          httpsAgent: simulator.agent,
          promptOrigin: simulator.promptOrigin,
          timeout: `${timeout}ms`,
        },
      }),
      ...options,
    },
    before(app) {
      before?.(app);
      app.use((_req, res, next) => {
        const end = res.end.bind(res) as (...args: unknown[]) => typeof res;
        res.end = ((...args: unknown[]) => {
          sent.push(JSON.stringify(res.getHeaders()), String(args[0] ?? ''));
          return end(...args);
        }) as typeof res.end;
        next();
      });
    },
  });
  const base = world
    ? await world.host((own) => {
        store = own;
        return build();
      })
    : await host({ store, ...build() });

  async function save(
    organizationId: string,
    keys: { clientId: string; clientSecret: string } | null,
    change: Partial<OrganizationSetting> = {},
  ): Promise<void> {
    versions += 1;
    const sealed =
      keys &&
      sealCredentials(keyring([KEY]), organizationId, {
        clientId: keys.clientId,
        clientSecret: keys.clientSecret,
        apiHost: simulator.apiHost,
        version: `v${versions}`,
      });
    const value: OrganizationSetting = {
      ...NO_SETTING,
      mode: 'required',
      methods: ['duo'],
      ...setting,
      duo: sealed && { keys: sealed, whenUnavailable, lendToClients: false },
      ...change,
    };
    const written = await store.writeSetting(organizationId, {
      value,
      changedBy: `admin@${organizationId}`,
      expectedVersion: null,
    });
    if (written.kind !== 'saved') throw new Error('not saved');
  }

  await save('globex', GLOBEX);
  await save('initech', INITECH);
  return { ...base, store, sent, save, browser: (target = base.app) => new Browser(target) };
}

/** Goes from wherever the gate sends this person to the page that leads to Duo; the address it leads to. */
export async function toPrompt(browser: Browser, from = '/reports'): Promise<string> {
  let path = from;
  for (let hops = 0; hops < 6; hops += 1) {
    const page = await browser.form(path);
    if (page.status === 200) return continueLink(page.text);
    if (page.status !== 303) throw new Error(`${path} answered ${page.status}: ${page.text}`);
    path = String(page.headers.location);
  }
  throw new Error(`no page after ${path}`);
}

export function continueLink(html: string): string {
  const found = /<a [^>]*href="([^"]*)"[^>]*data-sp="continue"/.exec(html)?.[1];
  if (found === undefined) throw new Error(`no way on in ${html}`);
  return found.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
}

/** What the browser asks us for when it comes back: path and query of the callback. */
export function local(callback: string | null): string {
  if (callback === null) throw new Error('Duo kept the person');
  const { pathname, search } = new URL(callback);
  return pathname + search;
}

/** Signs in and activates Duo; ends up inside. */
export async function activateDuo(
  { browser: open }: DuoHost,
  simulator: DuoSimulator,
  username: string,
): Promise<Browser> {
  const browser = open();
  await browser.login(username);
  const { callback } = await simulator.answer(await toPrompt(browser, '/two-factor/activate/duo'));
  const back = await browser.get(local(callback));
  if (back.status !== 200 && back.status !== 303) {
    throw new Error(`the callback answered ${back.status}: ${back.text}`);
  }
  return browser;
}

/** Signs in and goes as far as Duo's answer; the callback has not been asked for yet. */
export async function approved(
  { browser: open }: DuoHost,
  simulator: DuoSimulator,
  username: string,
): Promise<{ browser: Browser; callback: string }> {
  const browser = open();
  await browser.login(username);
  const { callback } = await simulator.answer(await toPrompt(browser));
  return { browser, callback: local(callback) };
}

export async function isInside(browser: Browser): Promise<boolean> {
  const { text, status } = await browser.get('/reports');
  return status === 200 && text.startsWith('inside');
}

/** Adds the authenticator app from My Profile, with the code of that time; its key. */
export async function addTotp(browser: Browser, now: number): Promise<string> {
  const url = '/two-factor/profile/activate/totp';
  const { body } = await browser.jsonForm(url);
  const { key, enrollment, csrfToken } = body;
  const code = codeAt(key, now);
  const done = await browser.post(url, { code, enrollment, _csrf: csrfToken });
  if (done.status >= 400) throw new Error(`activating answered ${done.status}: ${done.text}`);
  return key;
}
