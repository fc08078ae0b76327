import type { Request } from 'express';
import { isThenable, settled, together } from '../awaitable.js';
import type {
  AssuranceRecord,
  Awaitable,
  SecondFactorStore,
  SessionDigest,
  Subject,
  SubjectRecord,
} from '../contracts.js';
import { UnavailableError } from '../errors.js';
import { digestOf, wasLoaded } from '../session/held-session.js';
import {
  dropLogin,
  hasLogin,
  isBegunHere,
  loginFrom,
  notedLogin,
  noteLogin,
} from '../session/login.js';
import { isPassportAwaited } from '../session/passport-session.js';
import type { Facts } from './facts.js';
import type { Identify } from './identify.js';
import { guardOf } from './session-guard.js';

export interface LoginNotesConfig {
  readonly store: Pick<SecondFactorStore, 'readSubject' | 'readAssurance' | 'openPending' | 'now'>;
  readonly identify: Identify;
  /** Whether the host gives sign-in proofs. */
  readonly hasSignIns: boolean;
  readonly maxAgeMs: number;
  /** How long records of ended sessions are kept. */
  readonly endedForMs: number;
}

/** A session's note of its login. */
export type NotedFacts = Pick<Facts, 'login' | 'postponedUntil'>;

/** Notes the login of a session in it, and drops the note when nobody is signed in any more. */
export interface LoginNotes {
  /** What the session says, and what is noted there now. */
  keptIn(
    req: Request,
    subject: Subject,
    session: SessionDigest,
  ): (record: SubjectRecord, assurance: AssuranceRecord | null) => NotedFacts;
  /**
   * For a request without a subject whose session has a login: drops it. Rejects when Passport has not yet identified
   * the user.
   */
  left(req: Request): Promise<void>;
  /**
   * For an exempted request: when nobody is signed in any more in its session, drops what the login before has left,
   * and voids its proof.
   */
  passBy(req: Request): Promise<void> | undefined;
  /** For a session that is about to be saved: notes a login that the request has begun or ended. */
  noteBeforeSave(req: Request): Awaitable<void>;
}

export function loginNotes({
  store,
  identify,
  hasSignIns,
  maxAgeMs,
  endedForMs,
}: LoginNotesConfig): LoginNotes {
  function keptIn(req: Request, subject: Subject, session: SessionDigest) {
    return (record: SubjectRecord, assurance: AssuranceRecord | null): NotedFacts => {
      let login = notedLogin(req, session, subject.id);
      if (!login) {
        login = loginFrom(req, session, subject.id, record, assurance, store.now());
        // One that was made for this request is not written for us: without cookies each request leaves another.
        if (wasLoaded(req)) noteLogin(req, login);
      }
      return { login, postponedUntil: req.session.sallyport?.postponedUntil ?? null };
    };
  }

  /** The end of a login, at the beginning of a request, where Passport may not have been asked yet who it is. */
  async function left(req: Request): Promise<void> {
    if (isPassportAwaited(req)) {
      throw new UnavailableError(
        'ERR_OPTION',
        'subject: it gave nobody, and Passport has somebody in the session; move app.use(passport.session()) above app.use(door.pages()) and app.use(door.gate())',
      );
    }
    await leave(req);
  }

  /** The session continues without its login: the host has removed the user but kept the session. */
  async function leave(req: Request): Promise<void> {
    dropLogin(req);
    const session = digestOf(req);
    const assurance = await store.readAssurance(session);
    if (assurance?.state !== 'proven' && !hasSignIns) return;
    // A request under way may save back who was signed in: there must be no proof then. What was proven elsewhere is in
    // the session itself, and is saved back with it: it does not count for as long as it could.
    await store.openPending(session, {
      ...{ subjectId: '', login: '', epoch: 0 },
      ...{ lifetimeMs: 0, keepMs: hasSignIns ? maxAgeMs : endedForMs },
    });
  }

  return {
    keptIn,
    left,

    passBy(req) {
      if (!hasLogin(req) || guardOf(req, store) !== 'own') return undefined;
      let subject: Subject | null;
      try {
        subject = identify.ask(req);
      } catch {
        // If the subject cannot be told, the login is not known to have ended.
        return undefined;
      }
      return subject ? undefined : left(req);
    },

    noteBeforeSave(req) {
      if (isBegunHere(req)) return undefined;
      const before = identify.named(req);
      let subject: Subject | null;
      try {
        subject = identify.ask(req);
      } catch {
        return undefined;
      }
      // Only where this very request had somebody: others may be answered before the host has asked who it is.
      if (!subject) return before && hasLogin(req) ? leave(req) : undefined;
      const { id } = subject;
      const session = digestOf(req);
      if (notedLogin(req, session, id)) return undefined;
      const note = (subjectRecord: SubjectRecord, present: AssuranceRecord | null) =>
        noteLogin(req, loginFrom(req, session, id, subjectRecord, present, store.now()));
      const record = settled(() => store.readSubject(id));
      const assurance = settled(() => (wasLoaded(req) ? store.readAssurance(session) : null));
      if (!isThenable(record) && !isThenable(assurance)) return note(record, assurance);
      return together(
        () => record,
        () => assurance,
      ).then((both) => note(...both));
    },
  };
}
