import type { Request, Response } from 'express';
import { ownCookie } from '../session/own-cookie.js';
import type { Places } from './places.js';

const cookie = ownCookie('sallyport.onward');

/** How long the redirects after a form may take, including the page that ends them. */
export const AFTER_FORM_MS = 60_000;

/** Notes that a form of ours is answered with a redirect. */
export function noteOnward(
  req: Request,
  res: Response,
  { origin, folder }: Pick<Places, 'origin' | 'folder'>,
) {
  if (req.method !== 'POST') return;
  cookie.set(res, { origin, path: folder }, '1', AFTER_FORM_MS);
}

/** Whether a form of ours was answered with a redirect a moment ago. */
export function isSoonAfterForm(req: Request): boolean {
  return cookie.of(req) === '1';
}
