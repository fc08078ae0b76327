import https from 'node:https';
import { type DuoSimulator, duoKeys, duoSimulator } from 'sallyport/testing';
import { keyring } from '../../src/crypto/keyring.js';
import { sealCredentials } from '../../src/methods/duo/credentials.js';
import type { DuoSetting } from '../../src/methods/duo/settings.js';
import { KEY } from './app.js';

/** A Duo account of its own, with one application. */
export interface DuoAccount {
  readonly simulator: DuoSimulator;
  /** What an organization stores that has this account's keys. */
  setting(organizationId: string, more?: Partial<DuoSetting>): DuoSetting;
  readonly keys: { readonly clientId: string; readonly clientSecret: string };
}

let versions = 0;

export async function duoAccount(
  apiHost: string,
  users: Parameters<typeof duoSimulator>[0]['users'],
): Promise<DuoAccount> {
  const keys = duoKeys();
  const simulator = await duoSimulator({ apps: [keys], users, now: Date.now, apiHost });
  return {
    simulator,
    keys,
    setting(organizationId, more = {}) {
      versions += 1;
      const credentials = { ...keys, apiHost, version: `account-${versions}` };
      const sealed = sealCredentials(keyring([KEY]), organizationId, credentials);
      return { keys: sealed, whenUnavailable: 'deny', lendToClients: false, ...more };
    },
  };
}

/** Reaches each account at its own hostname. */
export function agentOf(accounts: readonly DuoAccount[]): https.Agent {
  const agent = new https.Agent();
  agent.createConnection = (options, callback) => {
    const found = accounts.find(({ simulator }) => simulator.apiHost === options.host);
    if (!found) throw new Error(`no account at ${options.host}`);
    return found.simulator.agent.createConnection(options, callback);
  };
  return agent;
}
