import { organizationPolicy, totp, yubikeyOtp } from 'sallyport';
import { type YubikeySimulator, yubikeyClient, yubikeySimulator } from 'sallyport/testing';
import type { OrganizationSetting, SecondFactorStore } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/yubikey-otp/credentials.js';
import type { YubikeySetting } from '../../src/methods/yubikey-otp/settings.js';
import { KEY } from './app.js';
import type { Browser } from './browser.js';
import { NO_SETTING } from './policy.js';

export const CLIENT = yubikeyClient();
/** Validation servers of an organization's own, which know all that YubiCloud does. */
export const OWN_HOSTS = ['val1.keys.example', 'val2.keys.example', 'val3.keys.example'] as const;

export const serverAt = (host: string) => `https://${host}/wsapi/2.0/verify`;

export function startYubico(now: () => number): Promise<YubikeySimulator> {
  return yubikeySimulator({ clients: [CLIENT], hosts: [...OWN_HOSTS], now });
}

let versions = 0;

/** What an organization stores that has entered these credentials. */
export function yubikeySetting(
  organizationId: string,
  {
    servers = [],
    ...more
  }: Partial<YubikeySetting> & { readonly servers?: readonly string[] } = {},
): YubikeySetting {
  versions += 1;
  const credentials = { ...CLIENT, servers, version: `v${versions}` };
  const sealed = sealCredentials(keyring([KEY]), organizationId, credentials);
  return { credentials: sealed, lendToClients: false, ...more };
}

export async function saveSetting(
  store: SecondFactorStore,
  id: string,
  change: Partial<OrganizationSetting> = {},
): Promise<void> {
  const value = { ...NO_SETTING, mode: 'required', methods: ['yubikey-otp'], ...change };
  await store.writeSetting(id, { value, changedBy: 'admin', expectedVersion: null });
}

/** For a host: each organization is a client without a partner; keys, and an app. */
export function yubikeyOptions(yubico: YubikeySimulator, timeout = 2000) {
  return {
    policy: organizationPolicy({
      organization: (id: string) => ({ id, kind: 'client', partnerId: null }),
    }),
    methods: [
      yubikeyOtp({
        httpsAgent: yubico.agent,
        timeout: `${timeout}ms`,
        ownServers: (hostname) => hostname.endsWith('.keys.example'),
      }),
      totp(),
    ],
  };
}

export const ACTIVATE = '/two-factor/activate/yubikey-otp';
export const CHALLENGE = '/two-factor/challenge/yubikey-otp';

/** Sends what a key has typed to the page that asks for its activation. */
export async function activateKey(browser: Browser, code: string, at = ACTIVATE, more = {}) {
  const { enrollment, csrfToken: _csrf } = (await browser.jsonForm(at)).body;
  return browser.post(at, { code, enrollment, _csrf, ...more });
}

/** The same at the challenge. */
export async function proveKey(browser: Browser, code: string) {
  return browser.post(CHALLENGE, { code, _csrf: await browser.csrf() });
}

/** What a page says beside a field, or above a form. */
export const alertOn = (html: string) =>
  /role="alert"[^>]*>(?:<span>)?([^<]*)</.exec(html)?.[1]?.trim();
