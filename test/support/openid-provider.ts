import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Context, type Login } from 'oidc-provider';

export const CLIENT = { id: 'console', secret: 'a-secret-of-the-tests-alone-0123456789' };

export interface OpenIdProvider {
  readonly issuer: string;
  /** What it finds out of whoever signs in next. */
  next: Omit<Login, 'remember'>;
  /** How often it has asked somebody. */
  asked: number;
  close(): Promise<void>;
}

/** A real OpenID provider on loopback, whose sign-in page asks nobody: it goes by `next`. */
export async function openIdProvider(redirectUri: string): Promise<OpenIdProvider> {
  let handler: ReturnType<Provider['callback']> = () => {};
  const server = createServer((req, res) => {
    if (!req.url?.startsWith('/interaction/')) return handler(req, res);
    self.asked += 1;
    const login = { ...self.next, remember: true };
    provider.interactionFinished(req, res, { login }).catch((error: unknown) => {
      res.writeHead(500).end(String(error));
    });
  });
  await listening(server);
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUri] },
        ...{ response_types: ['code'], grant_types: ['authorization_code'] },
      },
    ],
    cookies: { keys: ['of the tests'] },
    claims: { openid: ['sub', 'amr', 'acr', 'auth_time'] },
    acrValues: ['urn:example:gold', 'urn:example:silver'],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_ctx: Context, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    async loadExistingGrant({ oidc: { client, session } }: Context) {
      const grant = new provider.Grant({
        ...{ clientId: client.clientId, accountId: session.accountId },
      });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    ttl: { Session: 86_400, Grant: 86_400, Interaction: 600, AccessToken: 600, IdToken: 600 },
  });
  handler = provider.callback();
  const self: OpenIdProvider = {
    issuer,
    next: { accountId: 'nobody' },
    asked: 0,
    close: () => closed(server),
  };
  return self;
}

export function listening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
}

export function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
  });
}
