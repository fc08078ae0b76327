import type { Request, Response } from 'express';
import { ownCookie } from '../session/own-cookie.js';
import type { Places } from '../web/places.js';

const cookie = ownCookie('sallyport.fragment');

/**
 * What stood after the `#` of the page that one is brought back to; empty where nothing did. No browser sends it:
 * the script of our pages puts it into a cookie (views/sallyport.js), and where no script runs it is lost.
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

/** Another page is wanted: what stood after the `#` of the one before is not this one's. */
export function forgetFragment(res: Response, config: Pick<Places, 'origin' | 'path'>): void {
  cookie.clear(res, config);
}
