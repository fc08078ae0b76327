import type { Request } from 'express';
import { ignored, isThenable } from '../awaitable.js';
import type { Subject } from '../contracts.js';
import { UnavailableError } from '../errors.js';
import { attached, noteOwner } from '../session/attached.js';

/** Identifies the subject of a request; the only caller of the host's `subject`. */
export interface Identify {
  /** Calls the host's function. Throws `UnavailableError` (ERR_SUBJECT) unless it gives a subject or nobody. */
  ask(req: Request): Subject | null;
  /** The subject found before in this request, under its present session id; otherwise calls the host's function. */
  again(req: Request): Subject | null;
  /** The same for the brand only: null when it fails. */
  forLooks(req: Request): Subject | null;
  /** The subject found before in this request, under its present session id. */
  named(req: Request): Subject | null;
}

interface Answer {
  readonly sessionId: string;
  readonly subject: Subject;
}

/**
 * Finds the subject of a request once, so that a page, the check of its answer, its brand and its errors are for the
 * same person, even if the host's function would answer differently a moment later.
 */
export function identify(subject: (req: Request) => unknown): Identify {
  const answers = attached<object, Answer | null>('sallyport.subject');

  function asked(req: Request): unknown {
    try {
      return subject(req);
    } catch (cause) {
      throw new UnavailableError('ERR_SUBJECT', 'subject(req) threw', { cause });
    }
  }

  function ask(req: Request): Subject | null {
    const answer = readSubject(asked(req), 'subject(req)');
    const owner = noteOwner(req);
    if (answer) answers.set(owner, { sessionId: req.sessionID, subject: answer });
    else if (answers.of(owner)) answers.set(owner, null);
    return answer;
  }

  function named(req: Request): Subject | null {
    const found = answers.of(noteOwner(req));
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

/** Checks the result of a host's function, `from` its name; throws ERR_SUBJECT unless it is a subject or nobody. */
export function readSubject(value: unknown, from: string): Subject | null {
  if (value === null || value === undefined || value === false) return null;
  if (isThenable(value)) {
    ignored(value);
    throw new UnavailableError('ERR_SUBJECT', `${from} must be synchronous, got a promise`);
  }
  const whole = isObject(value) && !('tenantId' in value) ? { ...value, tenantId: SOLE } : value;
  if (isSubject(whole)) return whole;
  throw new UnavailableError('ERR_SUBJECT', `${from} ${wrongFields(whole)}`);
}

/** The organization of an app that names none. An undefined name is a mistake and not this one. */
const SOLE = 'default';

const FIELDS = ['id', 'tenantId', 'label'] as const;

function isSubject(value: unknown): value is Subject {
  return isObject(value) && FIELDS.every((name) => isText(Reflect.get(value, name)));
}

function wrongFields(value: unknown): string {
  if (!isObject(value)) return `must give { id, tenantId, label } or null, got ${kindOf(value)}`;
  const wrong = FIELDS.map((name) => [name, Reflect.get(value, name) as unknown] as const)
    .filter(([, field]) => !isText(field))
    .map(
      ([name, field]) =>
        `${name} must be a non-empty text, got ${kindOf(field)}${hint(name, field)}`,
    );
  return `is no subject: ${wrong.join('; ')}`;
}

function hint(name: keyof Subject, field: unknown): string {
  const undefinedTenant = name === 'tenantId' && field === undefined;
  return undefinedTenant ? ': leave the field out where there is one organization' : '';
}

function kindOf(value: unknown): string {
  if (value === '') return "''";
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number: write String(…)';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
