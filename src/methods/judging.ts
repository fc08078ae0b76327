import { andThen } from '../awaitable.js';
import type {
  Answered,
  Attempt,
  AttemptLimits,
  Awaitable,
  LockedAttempt,
  Method,
  ReservedAttempt,
  SubjectInStep,
  Verdict,
} from '../contracts.js';
import { type Ask, type AskNow, checkAnswered, rejected } from './ask.js';
import type { BindConfig } from './bind-config.js';
import type { ChallengeKey, ChallengeStates } from './challenge-state.js';
import type { OpenedSecrets, Secrets } from './secrets.js';

/** Applies a right answer: within the step that has counted it, or in a step of its own. */
type Accepting = {
  readonly [K in keyof SubjectInStep]: (
    ...given: Parameters<SubjectInStep[K]>
  ) => Awaitable<ReturnType<SubjectInStep[K]>>;
};

type Accepted = Extract<Answered, { kind: 'accepted' }>;

export interface Judging {
  /**
   * Runs one attempt, counted before its result is told: a pure method judges within the step that counts it, perhaps
   * several times, others after that step.
   */
  judged(
    attempt: Attempt,
    limits: AttemptLimits,
    judge: (
      reserved: ReservedAttempt,
      accepting: Accepting,
      secrets: OpenedSecrets,
    ) => Awaitable<Verdict>,
  ): Promise<Verdict>;
  /** The result of an answer: calls `accept` if the method says that it is right, and takes the started state. */
  answered(
    what: string,
    key: ChallengeKey,
    compare: (challenge: unknown) => Awaitable<Answered>,
    accept: (accepted: Accepted) => Awaitable<Verdict>,
  ): Awaitable<Verdict>;
}

export function judging(
  { name, throttle, pure = false, start, challengeUse }: Method,
  {
    store,
    ask,
    askNow,
    secrets,
    states,
    challengeMs,
  }: {
    readonly store: BindConfig['store'];
    readonly ask: Ask;
    readonly askNow: AskNow;
    readonly secrets: Secrets;
    readonly states: ChallengeStates;
    readonly challengeMs: number;
  },
): Judging {
  // A method that cannot be guessed counts nothing: failures of other methods do not lock it, nor do its own lock
  // others.
  const counting = {
    method: name,
    stoppable: throttle === 'lockout',
    counted: throttle !== 'none',
  };

  return {
    async judged({ subject }, limits, judge) {
      const { id } = subject;
      const opened = secrets.of(subject);
      const step = pure
        ? await store.judgeAttempt(id, limits, counting, (reserved, on) =>
            judge(reserved, on, opened),
          )
        : await store.reserveAttempt(id, limits, counting);
      if (step.kind === 'locked') return lockedVerdict(step);
      const verdict = await (step.kind === 'judged'
        ? step.result
        : judge(
            step,
            {
              commitAttempt: (accepted) => store.commitAttempt(id, accepted),
              spendRecoveryCode: (candidates, epoch) =>
                store.spendRecoveryCode(id, candidates, epoch),
              beginEnrollment: (proposal, options) => store.beginEnrollment(id, proposal, options),
              confirmEnrollment: (confirmation) => store.confirmEnrollment(id, confirmation),
            },
            opened,
          ));
      if (verdict.kind === 'verified') opened.renew(verdict.enrollmentId);
      return verdict;
    },

    answered(what, key, compare, accept) {
      const told = (challenge: unknown) =>
        andThen(
          pure ? askNow(what, () => compare(challenge)) : ask(what, () => compare(challenge)),
          (given) => checkAnswered(name, what, given),
        );
      if (!start) {
        return andThen(told(null), (given) => (given.kind === 'rejected' ? given : accept(given)));
      }
      return withStarted();

      async function withStarted(): Promise<Verdict> {
        const started = await states.read(key);
        if (!started) return rejected('expired');
        const take = () => states.take(key, started, challengeMs);
        const once = challengeUse === 'once';
        if (once && !(await take())) return rejected('replayed');
        const given = await told(started.state);
        if (given.kind === 'rejected') return given;
        return once || (await take()) ? accept(given) : rejected('replayed');
      }
    },
  };
}

export function lockedVerdict({ retryAt }: LockedAttempt): Extract<Verdict, { kind: 'locked' }> {
  return { kind: 'locked', retryAt: retryAt === null ? null : new Date(retryAt) };
}
