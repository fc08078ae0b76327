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
import type { ResolvePolicy } from '../policy/resolve.js';
import { digestOf, wasLoaded } from '../session/held-session.js';
import { hasLogin, noteUntil } from '../session/login.js';
import { type Decision, decide, isInside, ownAssurance } from './decide.js';
import type { Facts, StepUp } from './facts.js';
import type { ReadSignIns } from './host-proofs.js';
import type { Identify } from './identify.js';
import { type LoginNotes, loginNotes, type NotedFacts } from './login-notes.js';
import { type RecordReaderConfig, recordReader } from './record-reader.js';
import { checkSession } from './session-guard.js';

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
  /** How long records of ended sessions are kept. */
  readonly endedForMs: number;
}

/** The host's sign-in proofs, and a listener for the decisions that used them. */
export interface SignIns {
  readonly read: ReadSignIns;
  readonly seen: (req: Request, situation: KnownSituation) => void;
}

/** The facts and the decision about one request. */
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

export interface Inspector extends Pick<LoginNotes, 'passBy' | 'noteBeforeSave'> {
  /**
   * Reads the facts of a request and decides; synchronously when nothing has to be fetched. Throws or rejects with
   * `UnavailableError` when a dependency is broken.
   */
  inspect(
    req: Request,
    stepUp?: StepUp | null,
    /** `whole`: with what the sign-in has proven, even where the decision does without. */
    options?: { readonly whole: boolean },
  ): Awaitable<Situation>;
  /** The same later in the request: for the subject found at its beginning. */
  inspectFurther(req: Request, stepUp?: StepUp | null): Awaitable<Situation>;
  /** Decides again about a subject who was inspected before: for connections that outlive a request. */
  inspectAgain(situation: KnownSituation): Awaitable<KnownSituation>;
  /**
   * Starts the short life of a session between the doors, if it has not begun, and decides again, since it may be
   * over.
   */
  startPendingSession(req: Request, situation: Situation): Awaitable<Situation>;
}

/** Whether the session has a newer epoch or proof than the record: another process has made it. */
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
  const { keptIn, left, passBy, noteBeforeSave } = loginNotes({
    ...{ store, identify, maxAgeMs, endedForMs },
    hasSignIns: signIns !== undefined,
  });

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

    /** Decides again on the present record, if the cached one may be from before this session began. */
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

  /** Decides again with the host's sign-in proofs, if these can count. */
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

  return {
    passBy,
    noteBeforeSave,

    inspect(req, stepUp = null, { whole } = IN_PART) {
      checkSession(req, store);
      return inspectAs(req, identify.ask(req), stepUp, whole);
    },

    inspectFurther(req, stepUp = null) {
      checkSession(req, store);
      return inspectAs(req, identify.again(req), stepUp);
    },

    inspectAgain({ subject, session, facts: before }) {
      const { stepUp, login, postponedUntil, signIns } = before;
      const kept = { login, postponedUntil, signIns };
      const now = situationOf(subject, session, stepUp, () => kept);
      // The session belongs to another login by now: this one has ended.
      const concluded = (situation: KnownSituation): KnownSituation =>
        ownAssurance(before) && situation.facts.assurance && !ownAssurance(situation.facts)
          ? { ...situation, decision: { kind: 'deny', why: 'session-ended' } }
          : situation;
      return now instanceof Promise ? now.then(concluded) : concluded(now);
    },

    startPendingSession(req, situation) {
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
  };
}

type Kept = NotedFacts & Pick<Facts, 'signIns'>;
