import type {
  Attempt,
  Digest,
  EnrollmentBasis,
  HandedOver,
  MethodEnrollment,
  PendingContext,
  PendingEnrollment,
  Prompt,
  ReservedAttempt,
  Verdict,
} from '../contracts.js';
import { randomId } from '../crypto/random.js';
import { RequestError } from '../errors.js';
import { firstUnused, readName } from '../names.js';
import { checkAnswered, checkKept, checkPrompt, rejected } from './ask.js';
import { basisHolds, besidesOf } from './basis.js';
import type { Bound } from './bound.js';
import type { ChallengeKey } from './challenge-state.js';

const NO_SECRET = new Uint8Array();

export interface BeginOptions {
  readonly basis: EnrollmentBasis;
  /** Voids what this session has begun. */
  readonly restart: boolean;
  /** Voids nothing: null where another enrollment is pending. */
  readonly unlessPending?: boolean;
  readonly activationKey?: Digest | null;
  /** Milliseconds; by default the door's. */
  readonly lifetimeMs?: number;
}

/** An enrollment that has been begun, and what is asked for to confirm it. */
export interface Begun extends Pick<PendingContext, 'id' | 'basis' | 'expiresAt'> {
  prompt(): Promise<Prompt>;
  /** What an administrator hands over; throws a 422 where there is nothing. */
  handOver(): {
    show(): HandedOver;
    readonly field: { readonly label: string; readonly hint: string };
  };
}

export interface BoundEnrollment {
  /** Whether an administrator can begin it for somebody. */
  readonly handsOver: boolean;
  /** null when the basis does not hold; see `SecondFactorStore.beginEnrollment`. */
  begin(attempt: Attempt, options: BeginOptions): Promise<Begun | null>;
  /** What this session has begun, or what an administrator has handed over; null when there is neither. */
  resume(attempt: Attempt): Promise<Begun | null>;
  confirm(
    attempt: Attempt,
    reservation: ReservedAttempt,
    options: { readonly replaces: string | null },
  ): Promise<Verdict>;
}

/** The enrollments of one method: secrets sealed, and confirmed once, in time, on the basis they were begun on. */
export function boundEnrollment(
  { method, ask, askNow, challengeMs, secrets, states, config, contextOf, started }: Bound,
  enrollment: MethodEnrollment,
): BoundEnrollment {
  const { store, enrollmentMaxAgeMs } = config;
  const { name, answer, scope, throttle } = method;
  const ofAuthority = scope === 'organization';
  const once = method.challengeUse === 'once';
  const keyOf = (attempt: Attempt, id: string): ChallengeKey => ({
    ...{ method: name, attempt, enrollment: id },
  });

  function begun(attempt: Attempt, stored: PendingEnrollment): Begun {
    const pending = secrets.pending(attempt.subject, attempt.session, stored);
    const { id, basis, expiresAt } = pending;
    const context = { ...contextOf(attempt, pending, null), pending };
    return {
      ...{ id, basis, expiresAt },
      async prompt() {
        const challenge = await started(keyOf(attempt, id), context);
        const prompt = await ask('enrollment.prompt', () =>
          enrollment.prompt({ ...context, challenge }),
        );
        return checkPrompt(name, 'enrollment.prompt', prompt, askNow);
      },
      handOver() {
        const { handOver } = enrollment;
        if (!handOver) {
          throw new RequestError(422, 'method_not_accepted', 'There is nothing to hand over.');
        }
        return {
          show: () => askNow('enrollment.handOver.show', () => handOver.show(context)),
          field: askNow('enrollment.handOver.field', () => handOver.field(context)),
        };
      },
    };
  }

  async function propose(attempt: Attempt) {
    const made = await ask('enrollment.begin', () =>
      enrollment.begin(contextOf(attempt, null, null)),
    );
    const { secret = NO_SECRET, parameters = '' } = checkKept(name, 'enrollment.begin', made);
    return { secret, parameters };
  }

  return {
    handsOver: enrollment.handOver !== undefined,

    async begin(
      attempt,
      { restart, basis, activationKey = null, unlessPending = false, lifetimeMs },
    ) {
      const { subject, session } = attempt;
      const { secret, parameters } = await propose(attempt);
      const id = randomId();
      const proposal = {
        ...{ id, basis, session, parameters, method: name, label: method.title },
        sealed: secrets.seal(subject, id, secret),
        lifetimeMs: lifetimeMs ?? enrollmentMaxAgeMs,
      };
      const begin = (anew: boolean) =>
        store.beginEnrollment(subject.id, proposal, {
          ...{ restart: anew, activationKey, unlessPending },
        });
      const found = await begin(restart);
      // Begun on somebody else's word: for another organization, or before its keys were replaced.
      const other = ofAuthority && found !== null && found.parameters !== parameters;
      const pending = other ? await begin(true) : found;
      return pending && begun(attempt, pending);
    },

    async resume(attempt) {
      const pending = await store.resumeEnrollment(attempt.subject.id, attempt.session);
      if (pending?.method !== name) return null;
      const holds = !ofAuthority || pending.parameters === (await propose(attempt)).parameters;
      return holds ? begun(attempt, pending) : null;
    },

    async confirm(attempt, reservation, { replaces }) {
      const { subject, session, epoch, policy, input, defaultName } = attempt;
      const { at, authenticators } = reservation;
      const stored = reservation.pending;
      if (stored?.method !== name) return rejected('superseded');
      // A form of an older tab names an enrollment that a newer attempt has voided.
      const fromForm = Object.keys(answer).length > 0;
      if (fromForm && stored.id !== input.enrollment) return rejected('superseded');
      // Counted in the store: the page that offered it may not have known of the last one.
      const stays = authenticators.filter((one) => one.id !== replaces).length;
      if (!ofAuthority && stays >= (method.atMost ?? 1)) return rejected('superseded', 'too many');

      const pending = secrets.pending(subject, session, stored);
      const { id, basis } = pending;
      const key = keyOf(attempt, id);
      const found = method.start ? await states.read(key) : null;
      if (method.start && !found) return rejected('expired');
      if (once && found && !(await states.take(key, found, challengeMs))) {
        return rejected('replayed');
      }
      const enrolled = authenticators.map((one) => secrets.enrolled(subject, one));
      const context = {
        ...{ ...contextOf(attempt, pending, found?.state ?? null), pending },
        ...{ now: at, enrollments: enrolled },
      };
      const answered = checkAnswered(
        name,
        'enrollment.confirm',
        await ask('enrollment.confirm', () => enrollment.confirm(context, input)),
      );
      if (answered.kind === 'rejected') return answered;
      if (!basisHolds(policy, basis)) return rejected('superseded');
      // Somebody else's word takes a while: whoever was reset meanwhile is told that it was begun in vain.
      if (throttle === 'none') {
        const still = await store.resumeEnrollment(subject.id, session);
        if (still?.id !== id) return rejected('superseded');
      }
      if (!once && found && !(await states.take(key, found, challengeMs))) {
        return rejected('replayed');
      }
      const { step = -1, label, suggestedLabel, keep, loginOnly, detail } = answered;
      const suggested = suggestedLabel && firstUnused(suggestedLabel, attempt.enrollments ?? []);
      const confirmed = await store.confirmEnrollment(subject.id, {
        ...{ id, session, step, replaces, epoch, besides: besidesOf(attempt, basis) },
        label: label ?? readName(input.name) ?? suggested ?? readName(defaultName) ?? undefined,
        keep: secrets.keep(subject, id, keep),
      });
      if (confirmed.kind !== 'confirmed') return rejected(confirmed.kind);
      secrets.renew(subject, reservation, id);
      return {
        ...{ kind: 'verified', enrollmentId: id, epoch: confirmed.epoch, at },
        ...(ofAuthority && { via: subject.tenantId }),
        ...(loginOnly && { loginOnly }),
        ...(detail !== undefined && { detail }),
      };
    },
  };
}
