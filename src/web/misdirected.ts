import type { Request, Response } from 'express';
import type { Sentence } from '../contracts.js';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { wantsHtml } from './accept.js';

export interface MisdirectedConfig {
  readonly say: (sentence: Sentence) => string;
  /** Told of a lookup that has failed. */
  readonly onError: (error: unknown) => void;
}

/**
 * What belongs to the address that a request came to; null when the request was answered here: with a 421 for a host
 * that is not the app's (RFC 9110, 15.5.20), with a 503 when a lookup fails. It is not passed on as an error, which a
 * host's handler may skip. The answer is plain text, since no brand belongs to this address.
 */
export function atAddress<T>(
  req: Request,
  res: Response,
  find: () => T,
  { say, onError }: MisdirectedConfig,
): T | null {
  try {
    return find();
  } catch (error) {
    const misdirected = error instanceof RequestError;
    if (!misdirected) onError(error);
    if (res.headersSent) {
      res.destroy();
      return null;
    }
    const sentence = misdirected ? error.sentence : message('error.unavailable.last');
    res.status(misdirected ? error.status : 503).set({
      ...{ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' },
      ...(!misdirected && { 'Retry-After': '5' }),
    });
    if (wantsHtml(req)) res.type('text/plain').send(`${say(sentence)}\n`);
    else res.json({ error: misdirected ? error.error : 'unavailable', message: say(sentence) });
    return null;
  }
}
