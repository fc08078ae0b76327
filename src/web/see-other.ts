import type { Response } from 'express';

/**
 * Sends a browser on. Without content, which `res.redirect` adds in the form that the request accepts and no browser
 * shows: so express-session has nothing to send before it has saved.
 */
export function seeOther(res: Response, url: string): void {
  res.status(303).location(url).set('Content-Length', '0').end();
}
