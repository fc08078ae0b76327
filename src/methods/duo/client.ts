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
  /** Replaces the SDK's agent, which trusts only Duo's pinned authorities. */
  readonly httpsAgent: Agent | undefined;
}

/** A client for one set of keys. Every call ends in time and throws only `DuoError`. */
export interface DuoClient {
  healthCheck(): Promise<void>;
  /** A fresh state, and the signed address of the prompt that carries it. */
  prompt(username: string, options?: PromptOptions): Promise<DuoPrompt>;
  /** The id_token for a code. Only its signature, issuer, audience, expiry, user name and nonce are checked. */
  redeem(code: string, username: string, nonce?: string | null): Promise<unknown>;
}

export interface PromptOptions {
  /** Asks Duo to ask the person even on a remembered device. The result says whether it did. */
  readonly fresh?: boolean;
  /** The place of the login, shown on the phone; null leaves it to Duo. */
  readonly destination?: string | null;
}

export interface DuoPrompt {
  readonly state: string;
  readonly url: string;
  /** null if the SDK cannot send one. */
  readonly nonce: string | null;
  /** Duo demands the same one for the code. */
  readonly redirectUrl: string;
}

/** `redirectUrl`: the one that was sent to the prompt; by default the door's own. */
export type DuoClients = (credentials: DuoCredentials, redirectUrl?: string) => DuoClient;

export function duoClients(config: DuoClientsConfig): DuoClients {
  // One per version of the keys, so that a visit to the prompt can finish when keys are replaced.
  const clients = new LRUCache<string, DuoClient>({ max: MAX_CLIENTS });
  // Fails at construction for a version of the SDK that cannot be given deadlines.
  hardened(PLACEHOLDER, config);

  return function clientOf(credentials, redirectUrl = config.redirectUrl) {
    const { clientId, apiHost, version } = credentials;
    // Checked on every use, also for keys stored long ago, since the secret signs what is sent to this host.
    if (!isApiHost(apiHost)) throw new DuoError('invalid', 'the API hostname is not one of Duo');
    const key = JSON.stringify([clientId, apiHost, version, redirectUrl]);
    const known = clients.get(key);
    if (known) return known;
    const made = wrapped(hardened(credentials, { ...config, redirectUrl }), {
      apiHost,
      redirectUrl,
    });
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
      'ERR_DEPENDENCY',
      'this version of @duosecurity/duo_universal cannot be given deadlines: use 3.0',
    );
  }
  Object.assign(axios.defaults, {
    // A 307 would post the client assertion to another address.
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    // HTTPS_PROXY of the environment is ignored; a proxy is given as an agent.
    proxy: false,
    ...(httpsAgent && { httpsAgent }),
  });
  // The timeout of axios restarts with every byte of a slow answer.
  axios.interceptors.request.use((request: { signal?: AbortSignal }) => {
    request.signal = AbortSignal.timeout(timeoutMs);
    return request;
  });
  return client;
}

function wrapped(
  client: Client,
  { apiHost, redirectUrl }: { readonly apiHost: string; readonly redirectUrl: string },
): DuoClient {
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
    prompt: (username, { fresh = false, destination = null } = {}) =>
      call(async () => {
        const state = client.generateState();
        const offered = client.generateState();
        // SDKs after 3.0.0 take a nonce as the third argument; an older one ignores it, which its request shows.
        const createAuthUrl: (...given: [string, string, string]) => Promise<string> =
          client.createAuthUrl.bind(client);
        const url = new URL(await createAuthUrl(username, state, offered));
        const nonce = nonceIn(url) === offered ? offered : null;
        // In the query, since the SDK signs a fixed set of claims; Duo prefers the query.
        if (fresh) {
          url.searchParams.set('max_age', '0');
          url.searchParams.set('prompt', 'login');
        }
        if (destination !== null) url.searchParams.set('dest_app_name', destination);
        return { state, url: url.href, nonce, redirectUrl };
      }),
    redeem: (code, username, nonce = null) =>
      call(() => client.exchangeAuthorizationCodeFor2FAResult(code, username, nonce)),
  };
}

/** The nonce in the signed request that the address carries. */
function nonceIn(url: URL): unknown {
  const payload = url.searchParams.get('request')?.split('.')[1] ?? '';
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString()).nonce;
  } catch {
    return undefined;
  }
}
