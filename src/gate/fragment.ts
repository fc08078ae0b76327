import type { Request, Response } from 'express';
import { ownCookie } from '../session/own-cookie.js';
import type { Places } from '../web/places.js';

const cookie = ownCookie('sallyport.fragment');

/**
 * The part after the `#` of the page to return to; empty for none. Browsers do not send it: the script of our pages
 * puts it into a cookie (views/sallyport.js), and without script it is lost.
 */
export function takeFragment(req: Request, config: Pick<Places, 'origin' | 'path'>): string {
  const found = cookie.of(req);
  if (found === null) return '';
  if (req.res) forgetFragment(req.res, config);
  try {
    const fragment = decodeURIComponent(found);
    return fragment.startsWith('#') ? fragment : '';
  } catch {
    return '';
  }
}

/** Drops the fragment when another page is wanted. */
export function forgetFragment(res: Response, config: Pick<Places, 'origin' | 'path'>): void {
  cookie.clear(res, config);
}
