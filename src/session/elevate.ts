import type { Request } from 'express';
import { FALLBACK, type Factor, type SecondFactorStore, type Subject } from '../contracts.js';
import { RequestError, UnavailableError } from '../errors.js';
import { message } from '../messages/english.js';
import { isYounger } from './age.js';
import { keepCookieEnd } from './cookie-end.js';
import { digestOf } from './held-session.js';
import { beginLogin, notedLogin, proofsAfter, type WhoseSession } from './login.js';
import type { Login } from './session-data.js';
import type { SessionEnds } from './session-ends.js';

export interface ElevateConfig {
  readonly store: Pick<SecondFactorStore, 'readAssurance' | 'prove'>;
  readonly ends: SessionEnds;
  readonly maxAgeMs: number;
  readonly now: () => number;
}

export interface Proof {
  readonly subject: Subject;
  readonly epoch: number;
  readonly factor: Factor;
  /**
   * The other factors that count, if the caller knows them; by default those that the session has proven in this
   * epoch.
   */
  readonly beside?: readonly Factor[];
  /** Milliseconds; shorter than `maxAgeMs` for a factor that counts for less time. */
  readonly lifetimeMs?: number;
  /** Called under the new id, to change the session before it is saved. */
  readonly beforeSave?: () => void;
}

export type Elevate = (req: Request, proof: Proof) => Promise<void>;

/**
 * Proves the session under a new id. The order matters: the old id is ended first, so that of an overlapping logout
 * and elevation only one succeeds, and the old id never becomes proven; the new one is stamped and saved before any
 * redirect.
 */
export function elevation({ store, ends, maxAgeMs, now }: ElevateConfig): Elevate {
  return async function elevate(
    req,
    { subject, epoch, factor, beside, lifetimeMs = maxAgeMs, beforeSave },
  ) {
    const old = digestOf(req);
    const before = notedLogin(req, old, subject.id);
    const earlier = await store.readAssurance(old);
    const login = await changeId(req, ends, { subjectId: subject.id, epoch });

    const carried =
      beside ??
      (earlier?.state === 'proven' &&
      earlier.subjectId === subject.id &&
      earlier.epoch === epoch &&
      earlier.login === before?.id
        ? earlier.factors.filter(
            // A fallback is not carried into a record that lives longer.
            ({ method, via, enrollmentId }) =>
              (method !== factor.method || via !== factor.via) && enrollmentId !== FALLBACK,
          )
        : []);
    const session = digestOf(req);
    ends.proves(session);
    const stamped = await store.prove(session, {
      subjectId: subject.id,
      epoch,
      login: login.id,
      factors: [...carried.filter(({ at }) => isYounger(at, maxAgeMs, now())), factor],
      lifetimeMs: Math.min(lifetimeMs, maxAgeMs),
    });
    if (!stamped) {
      throw new UnavailableError('ERR_CONFLICT', 'the new session id was already ended');
    }
    beforeSave?.();
    await inSession(req, 'save');
  };
}

/**
 * Gives a new id to a session that continues without a proof for now. Otherwise the short life of the old id between
 * the doors would end the session later, when a proof is due.
 */
export async function renewSession(
  req: Request,
  ends: SessionEnds,
  whose: WhoseSession,
): Promise<void> {
  const { postponedUntil } = req.session.sallyport ?? {};
  await changeId(req, ends, whose);
  if (postponedUntil !== undefined) {
    req.session.sallyport = { ...req.session.sallyport, postponedUntil };
  }
  await inSession(req, 'save');
}

/** Ends the old id and carries the host's data, the cookie's lifetime and the wanted page over to a new one. */
async function changeId(req: Request, ends: SessionEnds, whose: WhoseSession): Promise<Login> {
  if (!(await ends.end(digestOf(req), { renewed: true }))) {
    throw sessionEnded();
  }
  const { cookie, ...data } = req.session;
  const { sallyport, ...hosts } = data;
  await inSession(req, 'regenerate');
  Object.assign(req.session, hosts);
  // The form token is renewed with the session, as OWASP recommends for a change of privilege.
  const login = beginLogin(req, digestOf(req), {
    ...whose,
    proofsAfter: proofsAfter(sallyport, whose.subjectId, Number.MAX_SAFE_INTEGER),
  });
  if (sallyport?.returnTo !== undefined) {
    req.session.sallyport = { login, returnTo: sallyport.returnTo };
  }
  keepCookieEnd(req, cookie);
  return login;
}

/** The error when the session has ended in the middle of an operation. */
export function sessionEnded(): RequestError {
  return new RequestError(409, 'session_ended', message('gate.session-ended'));
}

/** Ends the session for good and removes its data. */
export async function endSession(req: Request, ends: SessionEnds): Promise<void> {
  await ends.end(digestOf(req));
  await inSession(req, 'destroy');
}

export function saveSession(req: Request): Promise<void> {
  return inSession(req, 'save');
}

function inSession(req: Request, operation: 'regenerate' | 'save' | 'destroy'): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session[operation]((error: unknown) => (error ? reject(error) : resolve()));
  });
}
