import type { Request } from 'express';
import { andThen, isThenable, settled, together } from '../awaitable.js';
import type {
  AssuranceRecord,
  Awaitable,
  MethodName,
  Policy,
  SecondFactorStore,
  SessionDigest,
  Subject,
  SubjectRecord,
} from '../contracts.js';
import { UnavailableError } from '../errors.js';
import type { ResolvePolicy } from '../policy/resolve.js';
import { isGuarded } from '../session/guarded-store.js';
import { digestOf, wasLoaded } from '../session/held-session.js';
import {
  dropLogin,
  hasLogin,
  isBegunHere,
  loginFrom,
  notedLogin,
  noteLogin,
  noteUntil,
} from '../session/login.js';
import { isPassportAwaited } from '../session/passport-session.js';
import type { Login } from '../session/session-data.js';
import { type Decision, decide, isInside, ownAssurance } from './decide.js';
import type { Facts, StepUp } from './facts.js';
import type { ReadSignIns } from './host-proofs.js';
import type { Identify } from './identify.js';
import { type RecordReaderConfig, recordReader } from './record-reader.js';

export interface InspectConfig extends Pick<RecordReaderConfig, 'takeOver'> {
  readonly store: Pick<
    SecondFactorStore,
    'readSubject' | 'refreshSubject' | 'readAssurance' | 'openPending' | 'now'
  >;
  readonly resolvePolicy: ResolvePolicy;
  readonly identify: Identify;
  /** Left out: the host tells of none. */
  readonly signIns?: SignIns | undefined;
  /** The door's methods that stand in for a lost factor. */
  readonly backups: readonly MethodName[];
  readonly maxAgeMs: number;
  readonly pendingMaxAgeMs: number;
  /** How long records of sessions that are over are kept. */
  readonly endedForMs: number;
}

/** What the host tells of its sign-in, and who hears what came of it. */
export interface SignIns {
  readonly read: ReadSignIns;
  readonly seen: (req: Request, situation: KnownSituation) => void;
}

/** Where one request stands. */
export type Situation =
  | { readonly kind: 'anonymous'; readonly decision: Extract<Decision, { kind: 'deny' }> }
  | {
      readonly kind: 'known';
      readonly session: SessionDigest;
      readonly subject: Subject;
      readonly facts: Facts;
      readonly decision: Decision;
    };

export type KnownSituation = Extract<Situation, { kind: 'known' }>;

export interface Inspector {
  /**
   * Reads what is known of a request and decides; synchronously when nothing has to be fetched. Throws or
   * rejects with `UnavailableError` when anything that the decision depends on is broken.
   */
  inspect(
    req: Request,
    stepUp?: StepUp | null,
    /** `whole`: with what the sign-in has proven, even where the decision does without. */
    options?: { readonly whole: boolean },
  ): Awaitable<Situation>;
  /** The same further on in one go: for the subject that the host has named at its beginning. */
  inspectFurther(req: Request, stepUp?: StepUp | null): Awaitable<Situation>;
  /** The same decision again, of somebody who was inspected before: for connections that outlive a request. */
  inspectAgain(situation: KnownSituation): Awaitable<KnownSituation>;
  /**
   * Starts the short life of a session between the doors, if it has not begun, and decides again: it may be
   * over.
   */
  enterBetween(req: Request, situation: Situation): Awaitable<Situation>;
  /**
   * For a request that nothing is demanded of: when nobody is signed in any more in its session, what the login
   * before has left there is dropped, and its proof void.
   */
  passBy(req: Request): Promise<void> | undefined;
  /** For a session that is about to be saved: notes the login that the request has brought about, or ended. */
  noteBeforeSave(req: Request): Awaitable<void>;
}

/** Whether the session knows of an epoch or a proof that the record does not: another process has gone on. */
function isBehind({ facts, decision }: KnownSituation): boolean {
  if (isInside(decision)) return false;
  const { record, login } = facts;
  const own = ownAssurance(facts);
  if (Math.max(login.epoch, own?.epoch ?? 0) > record.epoch) return true;
  return decision.kind === 'enroll' && own?.state === 'proven';
}

const ANONYMOUS: Situation = Object.freeze({
  kind: 'anonymous',
  decision: Object.freeze({ kind: 'deny', why: 'no-subject' }),
});

const IN_PART = Object.freeze({ whole: false });

export function inspector(config: InspectConfig): Inspector {
  const { store, resolvePolicy, identify, signIns, backups } = config;
  const { maxAgeMs, pendingMaxAgeMs, endedForMs } = config;

  const recordOf = recordReader(config);

  /** A session is one door's: what it keeps there, and the ids it ends, say nothing of another's. */
  function guardOf({ sessionStore }: Request): 'none' | 'other' | 'own' {
    if (!isGuarded(sessionStore)) return 'none';
    const { installation } = sessionStore;
    return installation === null || installation === store ? 'own' : 'other';
  }

  function checkSession(req: Request): void {
    if (!req.session) {
      throw new UnavailableError(
        'ERR_SESSION_MISSING',
        'the request has no session: put app.use(session({ … })) above app.use(door.pages()) and app.use(door.gate())',
      );
    }
    const guard = guardOf(req);
    if (guard === 'own') return;
    throw new UnavailableError(
      'ERR_SESSION_STORE',
      guard === 'none'
        ? 'the session store is not guarded: use session({ store: door.sessions(store) })'
        : 'the session is another door’s, which guards its store: give each door a session of its own, session({ name, store: door.sessions(store) })',
    );
  }

  function situationOf(
    subject: Subject,
    session: SessionDigest,
    stepUp: StepUp | null,
    kept: (record: SubjectRecord, assurance: AssuranceRecord | null) => Kept,
  ): Awaitable<KnownSituation> {
    const conclude = (
      policy: Policy,
      record: SubjectRecord,
      assurance: AssuranceRecord | null,
    ): KnownSituation => {
      const facts: Facts = {
        subjectId: subject.id,
        tenantId: subject.tenantId,
        policy,
        record,
        assurance,
        now: store.now(),
        maxAgeMs,
        pendingMaxAgeMs,
        backups,
        stepUp,
        ...kept(record, assurance),
      };
      return { kind: 'known', session, subject, facts, decision: decide(facts) };
    };

    /** Once more on what there is, where what is at hand may be of before this session began. */
    const concludeAnew = (
      policy: Policy,
      record: SubjectRecord,
      assurance: AssuranceRecord | null,
    ): Awaitable<KnownSituation> => {
      const situation = conclude(policy, record, assurance);
      if (!isBehind(situation)) return situation;
      return store.refreshSubject(subject.id).then((fresh) => conclude(policy, fresh, assurance));
    };

    const policy = settled(() => resolvePolicy(subject));
    const record = settled(() => recordOf(subject));
    const assurance = settled(() => store.readAssurance(session));
    if (isThenable(policy) || isThenable(record) || isThenable(assurance)) {
      return together(
        () => policy,
        () => record,
        () => assurance,
      ).then((all) => concludeAnew(...all));
    }
    return concludeAnew(policy, record, assurance);
  }

  /** What the session says, and what is noted there now. */
  function keptIn(req: Request, subject: Subject, session: SessionDigest) {
    return (record: SubjectRecord, assurance: AssuranceRecord | null): Kept => {
      let login = notedLogin(req, session, subject.id);
      if (!login) {
        login = loginFrom(req, session, subject.id, record, assurance, store.now());
        // One that was made for this request is not written for us: without cookies each request leaves another.
        if (wasLoaded(req)) noteLogin(req, login);
      }
      return { login, postponedUntil: req.session.sallyport?.postponedUntil ?? null };
    };
  }

  function inspectAs(
    req: Request,
    subject: Subject | null,
    stepUp: StepUp | null,
    whole = false,
  ): Awaitable<Situation> {
    if (!subject) return hasLogin(req) ? left(req).then(() => ANONYMOUS) : ANONYMOUS;
    const session = digestOf(req);
    const situation = situationOf(subject, session, stepUp, keptIn(req, subject, session));
    if (!signIns) return situation;
    return isThenable(situation)
      ? situation.then((late) => withSignIns(req, late, signIns, whole))
      : withSignIns(req, situation, signIns, whole);
  }

  /** Decided again with what the host's sign-in has proven, where that can count for anything. */
  function withSignIns(
    req: Request,
    situation: KnownSituation,
    { read, seen }: SignIns,
    whole: boolean,
  ): Awaitable<KnownSituation> {
    const { facts, decision, subject } = situation;
    const asks = decision.kind === 'enroll' || decision.kind === 'challenge';
    const shows = whole && decision.kind === 'pass';
    if (facts.policy.proofs.length === 0 || !(asks || shows)) return situation;
    return andThen(read(req, subject), (found) => {
      const known: Facts = { ...facts, signIns: found };
      const decided = { ...situation, facts: known, decision: decide(known) };
      seen(req, decided);
      return decided;
    });
  }

  /** The same at the beginning of a request, where Passport may not have been asked yet who it is. */
  async function left(req: Request): Promise<void> {
    if (isPassportAwaited(req)) {
      throw new UnavailableError(
        'ERR_OPTION',
        'subject: it gave nobody, and Passport has somebody in the session; move app.use(passport.session()) above app.use(door.pages()) and app.use(door.gate())',
      );
    }
    await leave(req);
  }

  /** The session goes on without its login: the host has taken the user out of it, and has kept it. */
  async function leave(req: Request): Promise<void> {
    dropLogin(req);
    const session = digestOf(req);
    const assurance = await store.readAssurance(session);
    if (assurance?.state !== 'proven' && !signIns) return;
    // A request under way may save back who was signed in: there must be no proof then. What was proven elsewhere is in
    // the session itself, and is saved back with it: it does not count for as long as it could.
    await store.openPending(session, {
      ...{ subjectId: '', login: '', epoch: 0 },
      ...{ lifetimeMs: 0, keepMs: signIns ? maxAgeMs : endedForMs },
    });
  }

  return {
    inspect(req, stepUp = null, { whole } = IN_PART) {
      checkSession(req);
      return inspectAs(req, identify.ask(req), stepUp, whole);
    },

    inspectFurther(req, stepUp = null) {
      checkSession(req);
      return inspectAs(req, identify.again(req), stepUp);
    },

    inspectAgain({ subject, session, facts: before }) {
      const { stepUp, login, postponedUntil, signIns } = before;
      const kept = { login, postponedUntil, signIns };
      const now = situationOf(subject, session, stepUp, () => kept);
      // What its session proved is another login's place by now: this login has ended.
      const concluded = (situation: KnownSituation): KnownSituation =>
        ownAssurance(before) && situation.facts.assurance && !ownAssurance(situation.facts)
          ? { ...situation, decision: { kind: 'deny', why: 'session-ended' } }
          : situation;
      return now instanceof Promise ? now.then(concluded) : concluded(now);
    },

    enterBetween(req, situation) {
      if (situation.kind === 'anonymous') return situation;
      const { session, subject, facts, decision } = situation;
      const { login } = facts;
      if (decision.kind === 'deny' || isInside(decision) || ownAssurance(facts)) return situation;
      if (!wasLoaded(req)) return situation;
      const left = login.until === null ? pendingMaxAgeMs : login.until - facts.now;
      return store
        .openPending(session, {
          ...{ subjectId: subject.id, epoch: login.epoch, login: login.id },
          ...{ lifetimeMs: Math.min(left, pendingMaxAgeMs), keepMs: endedForMs },
        })
        .then((assurance) => {
          if (assurance.state === 'pending') noteUntil(req, login, assurance.expiresAt);
          const known: Facts = { ...facts, assurance, now: store.now() };
          return { ...situation, facts: known, decision: decide(known) };
        });
    },

    passBy(req) {
      if (!hasLogin(req) || guardOf(req) !== 'own') return undefined;
      let subject: Subject | null;
      try {
        subject = identify.ask(req);
      } catch {
        // Whoever cannot be told is not known to have left.
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

type Kept = Pick<Facts, 'postponedUntil' | 'signIns'> & { readonly login: Login };
