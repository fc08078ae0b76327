import { createRequire } from 'node:module';
import { csrfSync } from 'csrf-sync';
import type { Request, RequestHandler } from 'express';

const load = createRequire(import.meta.url);

type TokenOf = (req: Request) => unknown;
// Their own declarations contradict each other, where they have any: each says on its own what a request has.
const csurf: () => RequestHandler = load('csurf');
const lusca: { csrf(): RequestHandler } = load('lusca');
const cookieParser: () => RequestHandler = load('cookie-parser');
const { doubleCsrf }: { doubleCsrf(options: object): { doubleCsrfProtection: RequestHandler } } =
  load('csrf-csrf');

const sentToken: TokenOf = (req) => req.body?._csrf ?? req.get('x-csrf-token');

/**
 * The CSRF guards that Express apps have, each as its own README mounts it below a session and the parsers of bodies.
 * All of them put `csrfToken()` on the request.
 */
export const CSRF_GUARDS: Readonly<Record<string, () => readonly RequestHandler[]>> = {
  csurf: () => [csurf()],
  lusca: () => [lusca.csrf()],
  'csrf-sync': () => [
    csrfSync({ getTokenFromRequest: (req) => req.body?._csrf ?? req.get('x-csrf-token') })
      .csrfSynchronisedProtection,
  ],
  'csrf-csrf': () => [
    cookieParser(),
    doubleCsrf({
      getSecret: () => 'a secret of the host’s',
      getSessionIdentifier: (req: Request) => req.session.id,
      cookieName: 'psifi.x-csrf-token',
      cookieOptions: { secure: false },
      getCsrfTokenFromRequest: sentToken,
    }).doubleCsrfProtection,
  ],
};
