import type { Request } from 'express';
import type {
  AssuranceRecord,
  Awaitable,
  Policy,
  SecondFactorStore,
  SessionDigest,
  Subject,
  SubjectRecord,
} from '../contracts.js';
import { UnavailableError } from '../errors.js';
import type { ResolvePolicy } from '../policy/resolve.js';
import { ENDED_FOR_MS, sessionDigest } from '../session/assurance.js';
import { isGuarded } from '../session/guarded-store.js';
import { type Decision, decide, type Facts, isInside, type StepUp } from './decide.js';

export interface InspectConfig {
  readonly store: Pick<SecondFactorStore, 'readSubject' | 'readAssurance' | 'openPending' | 'now'>;
  readonly resolvePolicy: ResolvePolicy;
  /** The host's function, as given; what it returns is checked here. */
  readonly subject: (req: Request) => unknown;
  readonly maxAgeMs: number;
  readonly pendingMaxAgeMs: number;
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
  inspect(req: Request, stepUp?: StepUp | null): Awaitable<Situation>;
  /** The same decision again, of somebody who was inspected before: for connections that outlive a request. */
  inspectAgain(situation: KnownSituation): Awaitable<KnownSituation>;
  /**
   * Starts the short life of a session between the doors, if it has not begun, and decides again: it may be
   * over.
   */
  enterBetween(situation: Situation): Awaitable<Situation>;
}

const ANONYMOUS: Situation = Object.freeze({
  kind: 'anonymous',
  decision: Object.freeze({ kind: 'deny', why: 'no-subject' }),
});

export function inspector(config: InspectConfig): Inspector {
  const { store, resolvePolicy, maxAgeMs, pendingMaxAgeMs } = config;

  function situationOf(
    subject: Subject,
    session: SessionDigest,
    postponedUntil: number | null,
    stepUp: StepUp | null,
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
        postponedUntil,
        stepUp,
      };
      return { kind: 'known', session, subject, facts, decision: decide(facts) };
    };

    const policy = settled(() => resolvePolicy(subject));
    const record = settled(() => store.readSubject(subject.id));
    const assurance = settled(() => store.readAssurance(session));
    if (policy instanceof Promise || record instanceof Promise || assurance instanceof Promise) {
      return Promise.all([policy, record, assurance]).then((all) => conclude(...all));
    }
    return conclude(policy, record, assurance);
  }

  return {
    inspect(req, stepUp = null) {
      checkSession(req);
      const subject = readSubject(config.subject(req));
      if (!subject) return ANONYMOUS;
      const postponedUntil = req.session.sallyport?.postponedUntil ?? null;
      return situationOf(subject, sessionDigest(req.sessionID), postponedUntil, stepUp);
    },

    inspectAgain({ subject, session, facts }) {
      return situationOf(subject, session, facts.postponedUntil, facts.stepUp);
    },

    enterBetween(situation) {
      if (situation.kind === 'anonymous') return situation;
      const { session, subject, facts, decision } = situation;
      if (decision.kind === 'deny' || isInside(decision)) return situation;
      if (facts.assurance !== null && !isVoid(facts)) return situation;
      const { epoch } = facts.record;
      return store
        .openPending(session, {
          ...{ subjectId: subject.id, epoch, login: '' },
          ...{ lifetimeMs: pendingMaxAgeMs, keepMs: ENDED_FOR_MS },
        })
        .then((assurance) => {
          const known: Facts = { ...facts, assurance, now: store.now() };
          return { ...situation, facts: known, decision: decide(known) };
        });
    },
  };
}

/** What another subject left under this session id: the session is one between the doors. */
function isVoid({ assurance, subjectId }: Facts): boolean {
  return assurance !== null && assurance.subjectId !== subjectId;
}

/**
 * A throw becomes a rejection: when one of three reads fails at once while another is under way, that other
 * must not be left unhandled.
 */
function settled<T>(read: () => Awaitable<T>): Awaitable<T> {
  try {
    return read();
  } catch (error) {
    return Promise.reject(error);
  }
}

function checkSession(req: Request): void {
  if (!req.session) {
    throw new UnavailableError(
      'ERR_SESSION_MISSING',
      'the request has no session: mount express-session before Sallyport',
    );
  }
  if (!isGuarded(req.sessionStore)) {
    throw new UnavailableError(
      'ERR_SESSION_STORE',
      'the session store is not guarded: use session({ store: door.sessions(store) })',
    );
  }
}

function readSubject(value: unknown): Subject | null {
  if (value === null || value === undefined || value === false) return null;
  if (value instanceof Promise) {
    // Whatever becomes of it is nobody's: unheard, its rejection would end the process.
    value.catch(() => {});
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
