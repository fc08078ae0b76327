import type { Request, Response } from 'express';
import { ownCookie } from '../session/own-cookie.js';
import { isNavigation } from './accept.js';
import type { Places } from './places.js';

const cookie = ownCookie('sallyport.late');
/** How long the redirects to our next page may take. */
const LIFETIME_MS = 2 * 60 * 1000;

/**
 * A form whose sender may no longer pass when it arrives. It is not accepted and never replayed, since a confirmation
 * counts only for its moment.
 */
export function isLateForm(req: Request): boolean {
  return req.method === 'POST' && isNavigation(req);
}

/** The page of the form, as a path of this site; null when the browser does not send it. */
export function formPage(req: Request, { origin }: { readonly origin: string }): string | null {
  const { referer } = req.headers;
  if (referer === undefined || !URL.canParse(referer)) return null;
  const { origin: from, pathname, search } = new URL(referer);
  return from === origin ? pathname + search : null;
}

/** Makes our next page say that the form was not accepted. */
export function noteLateForm(
  res: Response,
  { origin, folder }: Pick<Places, 'origin' | 'folder'>,
): void {
  cookie.set(res, { origin, path: folder }, '1', LIFETIME_MS);
}

/** Whether this page is to say so; true once. */
export function takeLateForm(
  req: Request,
  res: Response,
  { origin, folder }: Pick<Places, 'origin' | 'folder'>,
): boolean {
  if (cookie.of(req) !== '1') return false;
  cookie.clear(res, { origin, path: folder });
  return true;
}
