import type { Request, Response } from 'express';
import { type CookiePlace, ownCookie } from '../session/own-cookie.js';
import { isPage } from '../web/accept.js';
import { formPage, isLateForm } from '../web/late-form.js';
import { askedUrl, type Places } from '../web/places.js';
import { takeFragment } from './fragment.js';

const cookie = ownCookie('sallyport.return');
const MAX_LENGTH = 2000;
const COOKIE_LIFETIME_MS = 10 * 60 * 1000;

/**
 * The path to return to, if it is on this site: it starts with a single slash and, parsed as by a browser, stays on
 * the origin. Otherwise null.
 */
export function localPath(value: unknown, { origin, path }: Pick<Places, 'origin' | 'path'>) {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return null;
  // Browsers read a backslash as a slash and skip control characters, so `/\evil` and `/\t/evil` leave.
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(value)) return null;
  if (!URL.canParse(value, origin)) return null;
  const url = new URL(value, origin);
  if (url.origin !== origin || url.pathname.startsWith('//')) return null;
  if (isBelow(path, url.pathname) && !isBelow(`${path}/profile`, url.pathname)) return null;
  return value;
}

/** Whether a request is for a page of ours. */
export function isOwnPage(url: string, { origin, path }: Pick<Places, 'origin' | 'path'>): boolean {
  return URL.canParse(url, origin) && isBelow(path, new URL(url, origin).pathname);
}

/** The page that a request is for, or the page of a form that came too late; otherwise null. */
function askedFor(req: Request, config: Places): string | null {
  const url = askedUrl(req, config);
  if (isPage(req)) return localPath(url, config);
  if (!isLateForm(req)) return null;
  const profile = `${config.path}/profile`;
  // Our own pages send no referrer.
  const page = url.startsWith(`${profile}/`) ? profile : formPage(req, config);
  return localPath(page, config);
}

function isBelow(folder: string, pathname: string): boolean {
  return pathname === folder || pathname.startsWith(`${folder}/`);
}

/**
 * Remembers the page that a visitor wanted, across the password login. It has to be a cookie: Passport replaces the
 * session at login, and a session written for each anonymous visitor would fill the store.
 */
export function rememberForLogin(req: Request, res: Response, config: Places): void {
  const wanted = askedFor(req, config);
  rememberOverSignIn(res, config, wanted);
}

/** The same for a page that is known already, over a sign-in that is made anew. */
export function rememberOverSignIn(res: Response, config: Places, page: string | null): void {
  if (page === null || isHome(page, config)) return;
  cookie.set(res, place(config), Buffer.from(page).toString('base64url'), COOKIE_LIFETIME_MS);
}

/**
 * Remembers, in the session between the doors, the last page asked for. True when the session changed and must be
 * saved before the redirect. A route that demands a step-up is remembered even if it is home.
 */
export function rememberInSession(
  req: Request,
  res: Response,
  config: Places,
  { stepUp }: { readonly stepUp: boolean },
): boolean {
  const { sallyport } = req.session;
  const wanted = lastWanted(req, res, config, { home: stepUp });
  if (wanted === null || wanted === sallyport?.returnTo) return false;
  req.session.sallyport = { ...sallyport, returnTo: wanted };
  return true;
}

/** The page wanted by a person who is let in by this request without being asked for anything. */
export function wantedPage(req: Request, res: Response, config: Places): string {
  return lastWanted(req, res, config, { home: false }) ?? takeReturnTo(req, config);
}

/**
 * The last page asked for; null if it is remembered already. Home does not replace a page that was wanted, since one
 * lands there anyway; nor does the page that the host's login leads to, which nobody asked for.
 */
function lastWanted(
  req: Request,
  res: Response,
  config: Places,
  { home }: { readonly home: boolean },
): string | null {
  const early = takeCookie(req, res, config);
  const asked = askedFor(req, config);
  if (early !== null && cameFrom(req, config.loginUrl)) return early;
  if (asked !== null && (home || isLateForm(req) || !isHome(asked, config))) return asked;
  return early ?? (req.session.sallyport?.returnTo === undefined ? asked : null);
}

function isHome(path: string, { homeUrl, folder }: Places): boolean {
  return path === homeUrl || path === folder || path === `${folder}/`;
}

/** A redirect after a login has the login page as referrer; without a referrer the address may have been typed. */
function cameFrom(req: Request, loginUrl: string): boolean {
  const { referer } = req.headers;
  if (referer === undefined || !URL.canParse(referer)) return false;
  return new URL(referer).pathname === new URL(loginUrl, referer).pathname;
}

/** The page to go to after the verification; a second click is led there too. */
export function takeReturnTo(req: Request, config: Places): string {
  const { returnTo, landed, ...rest } = req.session.sallyport ?? {};
  const page = localPath(returnTo, config);
  const fragment = page === null ? '' : takeFragment(req, config);
  const wanted =
    page === null ? localPath(landed, config) : (localPath(page + fragment, config) ?? page);
  if (returnTo !== undefined) {
    req.session.sallyport = { ...rest, ...(wanted !== null && { landed: wanted }) };
  }
  return wanted ?? config.homeUrl;
}

/**
 * The same for a person whose sign-in proof was enough: none of our pages has asked them, so their page is still in
 * the cookie.
 */
export function takeWanted(req: Request, res: Response, config: Places): string {
  const early = takeCookie(req, res, config);
  return early === null
    ? takeReturnTo(req, config)
    : (localPath(early + takeFragment(req, config), config) ?? early);
}

/**
 * Keeps in the session between the doors what was wanted before the sign-in, where that has led straight to our pages: no gate
 * has seen it. True when the session changed and must be saved before a redirect.
 */
export function keepWanted(req: Request, res: Response, config: Places): boolean {
  const early = takeCookie(req, res, config);
  if (early === null) return false;
  req.session.sallyport = { ...req.session.sallyport, returnTo: early };
  return true;
}

function takeCookie(req: Request, res: Response, config: Places): string | null {
  const found = cookie.of(req);
  if (found === null) return null;
  cookie.clear(res, place(config));
  return localPath(Buffer.from(found, 'base64url').toString(), config);
}

function place({ origin, folder }: Places): CookiePlace {
  return { origin, path: folder };
}
