import type { Agent } from 'node:https';
import { Client } from '@duosecurity/duo_universal';
import { LRUCache } from 'lru-cache';
import { SallyportError } from '../../errors.js';
import type { DuoCredentials } from './credentials.js';
import { DuoError, duoFailure } from './failure.js';
import { isApiHost } from './host.js';

/** Duo's answers are about 2 kB. */
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_CLIENTS = 500;

export interface DuoClientsConfig {
  /** Where Duo sends the browser back to; fixed, never taken from the Host header. */
  readonly redirectUrl: string;
  /** Deadline of each call. */
  readonly timeoutMs: number;
  /** In the place of the SDK's own, which trusts Duo's pinned authorities only. */
  readonly httpsAgent: Agent | undefined;
}

/** Duo for one set of keys. Every method ends in time and throws nothing but `DuoError`. */
export interface DuoClient {
  healthCheck(): Promise<void>;
  /** A fresh state, and the prompt's address that carries it, signed. */
  prompt(username: string): Promise<{ readonly state: string; readonly url: string }>;
  /** The id_token for a code: its signature, issuer, audience, expiry and user name are checked, no more. */
  redeem(code: string, username: string): Promise<unknown>;
}

export type DuoClients = (credentials: DuoCredentials) => DuoClient;

export function duoClients(config: DuoClientsConfig): DuoClients {
  // One per version of the keys, so that whoever is at the prompt when keys are replaced can finish.
  const clients = new LRUCache<string, DuoClient>({ max: MAX_CLIENTS });
  // A version of the SDK that cannot be given deadlines is found out at construction.
  hardened(PLACEHOLDER, config);

  return function clientOf(credentials) {
    const { clientId, apiHost, version } = credentials;
    // Checked on every use, also of what was stored long ago: the secret signs whatever is sent there.
    if (!isApiHost(apiHost)) throw new DuoError('invalid', 'the API hostname is not one of Duo');
    const key = JSON.stringify([clientId, apiHost, version]);
    const known = clients.get(key);
    if (known) return known;
    const made = wrapped(hardened(credentials, config), apiHost);
    clients.set(key, made);
    return made;
  };
}

const PLACEHOLDER: DuoCredentials = Object.freeze({
  clientId: 'DI'.padEnd(20, '0'),
  clientSecret: '0'.repeat(40),
  apiHost: 'api-00000000.duosecurity.com',
  version: '',
});

function hardened(
  { clientId, clientSecret, apiHost }: DuoCredentials,
  { redirectUrl, timeoutMs, httpsAgent }: DuoClientsConfig,
): Client {
  const client = new Client({ clientId, clientSecret, apiHost, redirectUrl });
  // biome-ignore lint/complexity/useLiteralKeys: private in the SDK's types, and the only way to a deadline
  const axios = client['axios'];
  if (!axios?.defaults || typeof axios.interceptors?.request?.use !== 'function') {
    throw new SallyportError(
      'ERR_METHOD',
      'this version of @duosecurity/duo_universal cannot be given deadlines: use 3.0',
    );
  }
  Object.assign(axios.defaults, {
    // A 307 would post the client assertion to wherever it points.
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    // HTTPS_PROXY of the environment is not ours to follow; a proxy is given as an agent.
    proxy: false,
    ...(httpsAgent && { httpsAgent }),
  });
  // axios's own timeout starts anew with every byte of a slow answer.
  axios.interceptors.request.use((request: { signal?: AbortSignal }) => {
    request.signal = AbortSignal.timeout(timeoutMs);
    return request;
  });
  return client;
}

function wrapped(client: Client, apiHost: string): DuoClient {
  async function call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw duoFailure(error, apiHost);
    }
  }

  return {
    healthCheck: () =>
      call(async () => {
        await client.healthCheck();
      }),
    prompt: (username) =>
      call(async () => {
        const state = client.generateState();
        return { state, url: await client.createAuthUrl(username, state) };
      }),
    redeem: (code, username) =>
      call(() => client.exchangeAuthorizationCodeFor2FAResult(code, username)),
  };
}
