import type { Request, Response } from 'express';
import type { Sentence } from '../contracts.js';
import { message } from '../messages/english.js';
import { wantsHtml } from './accept.js';

/**
 * To an address that is none of the app's (RFC 9110, 15.5.20). It is said in plain text: no brand is this address's,
 * and nothing on a page could lead on from here.
 */
export function refuseAddress(
  req: Request,
  res: Response,
  say: (sentence: Sentence) => string,
): void {
  const sentence = say(message('request.not-our-address'));
  res.status(421).set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  if (wantsHtml(req)) res.type('text/plain').send(`${sentence}\n`);
  else res.json({ error: 'misdirected_request', message: sentence });
}
