import type { Request } from 'express';
import { ignored, isThenable } from '../awaitable.js';
import type { Subject } from '../contracts.js';
import { UnavailableError } from '../errors.js';

/** The one place that calls the host's `subject`. */
export interface Identify {
  /** Asks the host. Throws `UnavailableError` (ERR_SUBJECT) for anything but a subject or nobody. */
  ask(req: Request): Subject | null;
  /** As this request was answered for before, under the session id that it has now; otherwise asks. */
  again(req: Request): Subject | null;
  /** The same for what nothing depends on but looks: null when it cannot be told. */
  forLooks(req: Request): Subject | null;
  /** Whom the host has named before in this request, under the session id that it has now. */
  named(req: Request): Subject | null;
}

/**
 * Whom a request is from. What we do in one go is done for one subject, also where the host's function would
 * answer differently a moment later: a page, the check of its answer, its brand and its errors are one person's.
 */
export function identify(subject: (req: Request) => unknown): Identify {
  const answers = new WeakMap<Request, { readonly sessionId: string; readonly subject: Subject }>();

  function ask(req: Request): Subject | null {
    const answer = readSubject(subject(req));
    if (answer) answers.set(req, { sessionId: req.sessionID, subject: answer });
    else answers.delete(req);
    return answer;
  }

  function named(req: Request): Subject | null {
    const found = answers.get(req);
    return found?.sessionId === req.sessionID ? found.subject : null;
  }

  const again = (req: Request) => named(req) ?? ask(req);

  return {
    ask,
    again,
    named,
    forLooks(req) {
      try {
        return again(req);
      } catch {
        return null;
      }
    },
  };
}

function readSubject(value: unknown): Subject | null {
  if (value === null || value === undefined || value === false) return null;
  if (isThenable(value)) {
    ignored(value);
    throw new UnavailableError('ERR_SUBJECT', 'subject(req) must be synchronous, got a promise');
  }
  const { id, tenantId, label } = value as Partial<Record<keyof Subject, unknown>>;
  for (const [name, field] of [
    ['id', id],
    ['tenantId', tenantId],
    ['label', label],
  ] as const) {
    if (typeof field !== 'string' || field === '') {
      throw new UnavailableError(
        'ERR_SUBJECT',
        `subject(req).${name} must be a non-empty string, got ${field === '' ? "''" : typeof field}`,
      );
    }
  }
  return value as Subject;
}
