import { csrfSync } from 'csrf-sync';
import type { Request, RequestHandler, Response } from 'express';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { bodyOf } from './body.js';

/** Protects forms against other sites. A host with a guard of its own gives it in this shape. */
export interface CsrfProtection {
  /** The token for the form's field `_csrf`, or for the header `x-csrf-token`. */
  token(req: Request, res: Response): string;
  /** Calls `next()` for a request that carries the token, `next(error)` or an answer of its own otherwise. */
  protect: RequestHandler;
}

/** The synchronizer token pattern, kept in the session. */
export function sessionCsrf(): CsrfProtection {
  const { generateToken, isRequestValid } = csrfSync({
    size: 32,
    getTokenFromState: (req) => req.session.sallyport?.csrf,
    storeTokenInState: (req, token) => {
      req.session.sallyport = { ...req.session.sallyport };
      if (token) req.session.sallyport.csrf = token;
    },
    getTokenFromRequest: sentToken,
  });
  return {
    token: (req) => generateToken(req),
    protect(req, _res, next) {
      if (isRequestValid(req)) return next();
      next(sentToken(req) ? refusedToken() : missingToken());
    },
  };
}

/** For a token of another session, or an older one. */
export function refusedToken(): RequestError {
  return new RequestError(403, 'csrf_token_invalid', message('request.stale-token'));
}

/**
 * Whether an error is the refusal of a host's CSRF guard: csurf, csrf-sync and csrf-csrf set a code, lusca only a
 * message.
 */
export function isCsrfRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return Reflect.get(error, 'code') === 'EBADCSRFTOKEN' || /^CSRF token /.test(error.message);
}

function missingToken(): RequestError {
  return new RequestError(403, 'csrf_token_invalid', message('request.no-token'));
}

function sentToken(req: Request): string | undefined {
  const field: unknown = bodyOf(req)._csrf;
  return typeof field === 'string' ? field : req.get('x-csrf-token');
}

/** The host's or our own protection, in the form that our pages use. */
export interface CsrfGuard extends Pick<CsrfProtection, 'token'> {
  /** Resolves when the guard lets the request through. Never settles when the guard has answered by itself. */
  check(req: Request, res: Response): Promise<void>;
}

export function csrfGuard(csrf: CsrfProtection): CsrfGuard {
  return {
    token: (req, res) => csrf.token(req, res),
    check: (req, res) =>
      new Promise((resolve, reject) => {
        const next = (error?: unknown) => (error ? reject(error) : resolve());
        // The host's guard may be asynchronous: an unhandled rejection would end the process.
        Promise.resolve(csrf.protect(req, res, next)).catch(reject);
      }),
  };
}
