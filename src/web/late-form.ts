import type { Request, Response } from 'express';
import { ownCookie } from '../session/own-cookie.js';
import { isNavigation } from './accept.js';
import type { Places } from './places.js';

const cookie = ownCookie('sallyport.late');
/** For as long as it takes to be led to the next page of ours. */
const LIFETIME_MS = 2 * 60 * 1000;

/**
 * A form whose sender could be let through no longer when it came. It is not taken, and nobody sends it again:
 * what a person confirmed then is not what they confirm now.
 */
export function isLateForm(req: Request): boolean {
  return req.method === 'POST' && isNavigation(req);
}

/** The page that the form stood on, as a path of this site; null where the browser does not say. */
export function formPage(req: Request, { origin }: { readonly origin: string }): string | null {
  const { referer } = req.headers;
  if (referer === undefined || !URL.canParse(referer)) return null;
  const { origin: from, pathname, search } = new URL(referer);
  return from === origin ? pathname + search : null;
}

/** Has the next page of ours say that nothing was taken. */
export function noteLateForm(
  res: Response,
  { origin, folder }: Pick<Places, 'origin' | 'folder'>,
): void {
  cookie.set(res, { origin, path: folder }, '1', LIFETIME_MS);
}

/** Whether this page is the one to say so: it does once. */
export function takeLateForm(
  req: Request,
  res: Response,
  { origin, folder }: Pick<Places, 'origin' | 'folder'>,
): boolean {
  if (cookie.of(req) !== '1') return false;
  cookie.clear(res, { origin, path: folder });
  return true;
}
