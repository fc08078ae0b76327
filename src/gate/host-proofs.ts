import type { Request } from 'express';
import { isThenable } from '../awaitable.js';
import { shown } from '../check-options.js';
import type { Awaitable, ProofsFunction, SignIn, Subject } from '../contracts.js';
import { LateError, withDeadline } from '../deadline.js';
import { UnavailableError } from '../errors.js';
import { attached } from '../session/attached.js';

const PROOFS_AT_MOST = 20;
const VALUES_AT_MOST = 32;
const FIELDS = ['by', 'at', 'amr', 'acr', 'subjectId'];
/**
 * 1973 in milliseconds. A smaller number is a time in seconds, as in OpenID Connect, which would always be too old.
 */
const LEAST_MS = 1e11;

/** Reads the proofs of the host's sign-in. */
export type ReadSignIns = (req: Request, subject: Subject) => Awaitable<readonly SignIn[]>;

interface Asked {
  readonly sessionId: string;
  readonly subjectId: string;
  readonly answer: Awaitable<readonly SignIn[]>;
}

/**
 * Calls the host's `proofs` once for each request, within a deadline. An error, no answer in time or an invalid list
 * throws `UnavailableError` ERR_PROOFS: proofs that were meant to count must not be ignored silently.
 */
export function hostProofs(
  proofs: ProofsFunction<Request>,
  { timeoutMs }: { readonly timeoutMs: number },
): ReadSignIns {
  const asked = attached<Request, Asked>('sallyport.proofs');

  function ask(req: Request, subject: Subject): Awaitable<readonly SignIn[]> {
    let given: Awaitable<unknown>;
    try {
      given = proofs(req);
    } catch (cause) {
      throw new UnavailableError('ERR_PROOFS', 'proofs(req) threw', { cause });
    }
    return isThenable(given)
      ? inTime(given, timeoutMs).then((late) => readProofs(late, subject))
      : readProofs(given, subject);
  }

  return function readSignIns(req, subject) {
    const before = asked.of(req);
    // Asked again for another session or subject within the request, which is another sign-in.
    if (before?.sessionId === req.sessionID && before.subjectId === subject.id)
      return before.answer;
    const answer = ask(req, subject);
    asked.set(req, { sessionId: req.sessionID, subjectId: subject.id, answer });
    return answer;
  };
}

async function inTime(given: Promise<unknown>, timeoutMs: number): Promise<unknown> {
  try {
    return await withDeadline(Promise.resolve(given), timeoutMs);
  } catch (cause) {
    const why = cause instanceof LateError ? `took longer than ${timeoutMs} ms` : 'rejected';
    throw new UnavailableError('ERR_PROOFS', `proofs(req) ${why}`, { cause });
  }
}

const NONE: readonly SignIn[] = Object.freeze([]);

/** The checked proofs of this person. Throws ERR_PROOFS. */
function readProofs(given: unknown, subject: Pick<Subject, 'id'>): readonly SignIn[] {
  try {
    return checked(given, subject);
  } catch (cause) {
    if (cause instanceof UnavailableError) throw cause;
    throw new UnavailableError('ERR_PROOFS', 'what proofs(req) gave cannot be read', { cause });
  }
}

function checked(given: unknown, { id }: Pick<Subject, 'id'>): readonly SignIn[] {
  if (given === null || given === undefined) return NONE;
  if (!Array.isArray(given) || given.length > PROOFS_AT_MOST) {
    throw wrong('', `a list of at most ${PROOFS_AT_MOST} proofs, or null`, given);
  }
  return given.flatMap((proof: unknown, at) => readProof(proof, `[${at}]`, id) ?? []);
}

/** null for a proof about somebody else. */
function readProof(proof: unknown, path: string, id: string): SignIn | null {
  if (typeof proof !== 'object' || proof === null || Array.isArray(proof)) {
    throw wrong(path, 'an object { by, at, amr, acr }', proof);
  }
  const unknown = Object.keys(proof).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) {
    throw new UnavailableError(
      'ERR_PROOFS',
      `proofs${path} has no ${unknown}; there are: ${FIELDS.join(', ')}`,
    );
  }
  const { by, at, amr, acr, subjectId } = proof as Partial<Record<string, unknown>>;
  if (typeof by !== 'string' || !/^\S{1,100}$/.test(by)) {
    throw wrong(`${path}.by`, 'a name of 1 to 100 characters without blanks', by);
  }
  if (acr !== undefined && acr !== null && !isValue(acr)) {
    throw wrong(`${path}.acr`, 'a text of 1 to 200 characters', acr);
  }
  if (subjectId !== undefined && typeof subjectId !== 'string') {
    throw wrong(`${path}.subjectId`, 'the id of a subject', subjectId);
  }
  const found = { by, at: timeOf(at, `${path}.at`), amr: valuesOf(amr, `${path}.amr`) };
  if (subjectId !== undefined && subjectId !== id) return null;
  return Object.freeze({ ...found, acr: acr ?? null });
}

function timeOf(at: unknown, path: string): number {
  const right = 'a Date, a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970';
  const seconds = typeof at === 'number' && at > 0 && at < LEAST_MS;
  if (seconds) throw wrong(path, `${right} (of a time in seconds: new Date(at * 1000))`, at);
  const time =
    typeof at === 'number'
      ? at
      : at instanceof Date
        ? at.getTime()
        : typeof at === 'string' && ISO.test(at)
          ? Date.parse(at)
          : Number.NaN;
  if (Number.isFinite(time) && time >= LEAST_MS && time <= MOST_MS) return time;
  throw wrong(path, right, at);
}

/** Without a time zone it would depend on this server's zone. */
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;
const MOST_MS = 8.64e15;

function valuesOf(amr: unknown, path: string): readonly string[] {
  if (amr === undefined) return [];
  if (Array.isArray(amr) && amr.length <= VALUES_AT_MOST && amr.every(isValue)) {
    return Object.freeze([...new Set(amr)]);
  }
  throw wrong(path, `a list of at most ${VALUES_AT_MOST} texts of 1 to 200 characters`, amr);
}

function isValue(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200;
}

function wrong(path: string, right: string, got: unknown): UnavailableError {
  return new UnavailableError(
    'ERR_PROOFS',
    `proofs(req)${path} must be ${right}, got ${shown(got)}`,
  );
}
