import { andThen } from '../awaitable.js';
import type {
  AnswerShape,
  Attempt,
  AttemptLimits,
  EnrolledContext,
  Method,
  MethodContext,
  PendingContext,
  Prompt,
  Subject,
  Verdict,
} from '../contracts.js';
import { asking, checkPrompt, nonsense, rejected } from './ask.js';
import type { BindConfig } from './bind-config.js';
import { boundEnrollment } from './bound-enrollment.js';
import { boundLookup } from './bound-lookup.js';
import type { Bound, BoundMethod } from './bound-method.js';
import { type ChallengeKey, challengeStates } from './challenge-state.js';
import { judging } from './judging.js';
import { secretsOf } from './secrets.js';

/** How long a code that was sent is valid by default. */
const CHALLENGE_MS = 10 * 60 * 1000;

const NO_LIMITS: AttemptLimits = Object.freeze({ free: 0, waits: Object.freeze([]), stop: 0 });

export function bindMethod(method: Method, config: BindConfig): BoundMethod {
  const { store, keyring, timeoutMs } = config;
  const { name, answer } = method;
  const { ask, askNow } = asking(name, timeoutMs);
  const secrets = secretsOf(name, config);
  const once = method.challengeUse === 'once';
  const states = challengeStates({ store, keyring, limited: !once });

  /** A reservation that counts nothing only reads the record. */
  async function opened(subject: Subject): Promise<readonly EnrolledContext[]> {
    const found = await store.reserveAttempt(subject.id, NO_LIMITS, {
      ...{ method: name, stoppable: false, counted: false },
    });
    const authenticators = found.kind === 'reserved' ? found.authenticators : [];
    return authenticators.map(secrets.of(subject).enrolled);
  }

  function contextOf(
    { subject, policy, session, issuer, account, place, stepUp, enrollments = [], input }: Attempt,
    pending: PendingContext | null,
    challenge: unknown,
  ): MethodContext {
    return {
      ...{ subject, policy, session, issuer, pending, challenge },
      account: account ?? subject.label,
      place: place ?? null,
      now: store.now(),
      purpose: pending ? 'activation' : stepUp ? 'step-up' : 'login',
      enrollments: enrollments.filter((one) => one.method === name),
      openEnrollments: () => opened(subject),
      remember: input.remember === '1',
    };
  }

  const { challengeMs = CHALLENGE_MS } = method;
  const judge = judging(method, { store, ask, askNow, secrets, states, challengeMs });
  const { judged, answered } = judge;
  const starting = (context: MethodContext) => () => ask('start', () => method.start?.(context));

  async function started(key: ChallengeKey, context: MethodContext): Promise<unknown> {
    return method.start ? states.start(key, challengeMs, starting(context)) : null;
  }

  const bound: Bound = { method, ask, askNow, secrets, judging: judge, config, contextOf, started };
  const keyOf = (attempt: Attempt): ChallengeKey => ({ method: name, attempt, enrollment: null });

  async function challenge(attempt: Attempt): Promise<Prompt> {
    const context = contextOf(attempt, null, null);
    const state = await started(keyOf(attempt), context);
    const prompt = await ask('prompt', () => method.prompt({ ...context, challenge: state }));
    return checkPrompt(name, 'prompt', prompt, askNow);
  }

  function verify(attempt: Attempt, limits: AttemptLimits): Promise<Verdict> {
    const { subject, epoch, input } = attempt;
    return judged(attempt, limits, (reserved, on, { enrolled, foreignCodes }) => {
      const { at, authenticators } = reserved;
      const enrollments = authenticators.map(enrolled);
      const codes = foreignCodes(reserved.foreignCodes);
      const compare = (challenge: unknown) =>
        method.verify(
          { ...contextOf(attempt, null, challenge), now: at, enrollments, foreignCodes: codes },
          input,
        );
      return answered('verify', keyOf(attempt), compare, (accepted) => {
        const { enrollmentId, step = null, spends, keep, remember, loginOnly, detail } = accepted;
        const verified = {
          ...({ kind: 'verified', at } as const),
          ...(method.scope === 'organization' && { via: subject.tenantId }),
          ...(loginOnly && { loginOnly }),
          ...(remember && { remember }),
          ...(detail !== undefined && { detail }),
        };
        if (spends) {
          if (accepted.guessable && reserved.failures > limits.stop) return rejected('wrong-code');
          return andThen(on.spendRecoveryCode(spends, epoch), (spent) =>
            spent.kind === 'spent'
              ? { ...verified, enrollmentId: name, epoch: spent.epoch }
              : rejected(spent.kind === 'ended' ? 'ended' : 'wrong-code'),
          );
        }
        if (enrollmentId === undefined || !enrollments.some(({ id }) => id === enrollmentId)) {
          throw nonsense(name, 'verify', 'enrollmentId, one of context.enrollments');
        }
        // Compared and accepted in one step, so that of two submissions one wins, on any process.
        const answer = {
          enrollmentId,
          step,
          epoch,
          keep: secrets.keep(subject, enrollmentId, keep),
        };
        return andThen(on.commitAttempt(answer), (commit) =>
          commit.kind === 'committed'
            ? { ...verified, enrollmentId, epoch: commit.epoch }
            : rejected(commit.kind === 'gone' ? 'superseded' : commit.kind),
        );
      });
    });
  }

  return {
    name,
    title: method.title,
    words: method.words,
    role: method.role ?? 'factor',
    throttle: method.throttle,
    scope: method.scope ?? 'subject',
    atMost: method.atMost ?? 1,
    phishingResistant: method.phishingResistant ?? false,
    answer,
    settings: method.settings,
    section: method.section,
    events: method.events,
    imports: method.imports,
    wellFormed: (input, person) =>
      fits(answer, input) &&
      askNow('wellFormed', () => method.wellFormed?.(input, person) ?? true) === true,
    challenge,
    script: method.script ?? null,
    needsBrowser: method.needsBrowser ?? null,
    // Showing the page starts a new challenge when any answer uses one up.
    restart:
      method.start && !once
        ? (attempt) =>
            states.restart(keyOf(attempt), challengeMs, starting(contextOf(attempt, null, null)))
        : null,
    verify,
    enrollment: method.enrollment ? boundEnrollment(bound, method.enrollment) : null,
    lookup: method.lookup
      ? boundLookup(method, method.lookup, { ask, askNow, secrets, store, keyring })
      : null,
  };
}

/** Whether each field of the answer is one text within its limit; other input never reaches the method. */
function fits(answer: AnswerShape, input: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(answer).every(([field, { maxLength }]) => {
    const value = Object.hasOwn(input, field) ? input[field] : undefined;
    return typeof value === 'string' && value.trim() !== '' && value.length <= maxLength;
  });
}
