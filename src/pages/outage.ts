import type { Request, Response } from 'express';
import type { KnownSituation } from '../gate/situation.js';
import type { BoundMethod } from '../methods/bound-method.js';
import { outage, type Refusal } from '../web/refusal.js';
import type { PageConfig } from './page-config.js';

/** The refusal when a service that a method needs does not answer. Rethrows any other error. */
export function outageOf(
  { audit, onError, respond: { sentences } }: Pick<PageConfig, 'audit' | 'onError' | 'respond'>,
  req: Request,
  res: Response,
  { subject }: KnownSituation,
  { name: method }: BoundMethod,
  cause: unknown,
): Refusal {
  return outage(cause, { method, subject, from: req, res, sentences, audit, onError });
}
