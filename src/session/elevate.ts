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
  /** What counts beside it, where the caller knows; by default what the session had proven in this epoch. */
  readonly beside?: readonly Factor[];
  /** Milliseconds; shorter than `maxAgeMs` where the factor is not worth more. */
  readonly lifetimeMs?: number;
  /** Called under the new id: what else goes into the session before it is saved. */
  readonly beforeSave?: () => void;
}

export type Elevate = (req: Request, proof: Proof) => Promise<void>;

/**
 * Makes the session a proven one, under a new id. The order matters: the old id is ended first, so that of a
 * logout and an elevation that overlap only one has its way, and the old id never becomes verified; the new
 * one is stamped and saved before anybody is redirected.
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
            // A fallback is not carried into a record that lives longer than it may.
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
 * A new id for a session that goes on without a proof for now. Otherwise the short life that the old one had
 * between the doors would end it later, when the proof is due.
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

/** Ends the old id and carries the host's data, the cookie's lifetime and the way back over to a new one. */
async function changeId(req: Request, ends: SessionEnds, whose: WhoseSession): Promise<Login> {
  if (!(await ends.end(digestOf(req), { renewed: true }))) {
    throw sessionEnded();
  }
  const { cookie, ...data } = req.session;
  const { sallyport, ...hosts } = data;
  await inSession(req, 'regenerate');
  Object.assign(req.session, hosts);
  // The token of our forms is made anew with the session, as OWASP has it for a change of privilege.
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

/** For whoever finds in the middle of something that the session has ended meanwhile. */
export function sessionEnded(): RequestError {
  return new RequestError(409, 'session_ended', message('gate.session-ended'));
}

/** Ends the session for good and takes its data away. */
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
