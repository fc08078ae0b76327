import type { Request } from 'express';
import type { Attempt, RefusalReason } from '../../contracts.js';

/** The status of a refused return from Duo. */
export const REFUSAL_STATUS: Readonly<Record<RefusalReason, 400 | 403 | 409>> = {
  'wrong-code': 403,
  denied: 403,
  'not-accepted': 403,
  replayed: 409,
  expired: 409,
  superseded: 409,
  malformed: 400,
};

/** Parameters that are there once, whatever the host's query parser does; repeated ones are ignored. */
export function readCallback(req: Request, origin: string): Attempt['input'] {
  const query = new URL(req.originalUrl, origin).searchParams;
  const once = (name: string) => {
    const values = query.getAll(name);
    return values.length === 1 ? values[0] : values.length === 0 ? undefined : values;
  };
  const codes = ['duo_code', 'code'].map(once).filter((value) => value !== undefined);
  return {
    state: once('state'),
    code: codes.length > 1 ? codes : codes[0],
    error: once('error'),
  };
}
