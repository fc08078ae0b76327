import type { Request } from 'express';
import type { Attempt } from '../contracts.js';

/** What a person is told whose way back from Duo leads nowhere. */
export const DENIED = {
  status: 403,
  message: 'Duo did not confirm that it was you, so you are not let in. You can try again.',
};

export const REFUSALS: Readonly<Record<string, typeof DENIED>> = {
  denied: DENIED,
  'not-accepted': {
    status: 403,
    message:
      'Duo let you through in a way that does not count here, such as a remembered device or a bypass code. Try again, and approve on your phone or with your key.',
  },
  expired: {
    status: 409,
    message: 'This visit to Duo has ended, or its answer was used already. Start again.',
  },
  superseded: {
    status: 409,
    message: 'This was started again elsewhere, so the answer no longer counts. Start again.',
  },
  malformed: {
    status: 400,
    message: 'The answer from Duo was not understood, so you are not let in. Start again.',
  },
};

/** Each parameter once, whatever the host's query parser makes of it: a repeated one is none. */
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
