import type { Request, Response } from 'express';
import type { Places } from './places.js';

export const AFTER_FORM = 'sallyport.onward';

/** For as long as the redirects after a form may take, and the page that ends them. */
export const AFTER_FORM_MS = 60_000;

/** Says of an answer to a form of ours that it redirects. */
export function noteOnward(
  req: Request,
  res: Response,
  { origin, folder }: Pick<Places, 'origin' | 'folder'>,
) {
  if (req.method !== 'POST') return;
  const attributes = { path: folder, httpOnly: true, sameSite: 'lax' } as const;
  res.cookie(AFTER_FORM, '1', {
    ...attributes,
    secure: origin.startsWith('https:'),
    maxAge: AFTER_FORM_MS,
  });
}
