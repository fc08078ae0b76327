import type { Request, Response } from 'express';
import { ownCookie } from '../session/own-cookie.js';
import type { Places } from '../web/places.js';
import type { RenewableSignIn } from './renewable.js';

const cookie = ownCookie('sallyport.sign-in-again');
const COOKIE_LIFETIME_MS = 10 * 60 * 1000;

interface Left {
  readonly by: string;
  readonly at: number;
  /** The id of the login then: coming back from the provider begins another, turning round does not. */
  readonly login: string;
}

/**
 * Notes what somebody is sent to renew. It has to be a cookie, since Passport replaces the session at login; only words
 * depend on it.
 */
export function noteRenewal(
  res: Response,
  { origin, folder: path }: Places,
  { by, at }: Pick<RenewableSignIn, 'by' | 'at'>,
  login: string,
): void {
  const value = Buffer.from(JSON.stringify([by, at, login])).toString('base64url');
  cookie.set(res, { origin, path }, value, COOKIE_LIFETIME_MS);
}

/** Whether the person has just renewed this sign-in, and it still does not count. */
export function renewedBefore(
  req: Request,
  { by, at, limitMs }: RenewableSignIn,
  login: { readonly id: string },
): boolean {
  const left = leftBefore(req);
  if (left?.by !== by || left.login === login.id) return false;
  // A younger proof did count, and has become too old since.
  return limitMs === null || at <= left.at;
}

function leftBefore(req: Request): Left | null {
  try {
    const found: unknown = JSON.parse(Buffer.from(cookie.of(req) ?? '', 'base64url').toString());
    const [by, at, login] = Array.isArray(found) ? found : [];
    return typeof at === 'number' ? { by, at, login } : null;
  } catch {
    return null;
  }
}
