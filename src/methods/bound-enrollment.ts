import { andThen } from '../awaitable.js';
import type {
  Attempt,
  Awaitable,
  EnrollmentBasis,
  EnrollmentProposal,
  MethodEnrollment,
  PendingEnrollment,
} from '../contracts.js';
import { randomId } from '../crypto/random.js';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { firstUnused, readName } from '../names.js';
import { isSame } from './activation-key.js';
import { checkKept, checkPrompt, rejected } from './ask.js';
import { basisHolds, besidesOf } from './basis.js';
import type { Begun, Bound, BoundEnrollment } from './bound-method.js';
import type { ChallengeKey } from './challenge-state.js';
import { foundByOf } from './found-by.js';
import { lockedVerdict } from './judging.js';
import { lockOf } from './lock.js';

const NO_SECRET = new Uint8Array();

const ACTIVATION_KEY = { method: 'activation-key', stoppable: true } as const;

/**
 * The enrollments of one method: their secrets are sealed, and they are confirmed once, in time, on the basis they
 * were begun on.
 */
export function boundEnrollment(
  { method, ask, askNow, secrets, judging, config, contextOf, started }: Bound,
  enrollment: MethodEnrollment,
): BoundEnrollment {
  const { store, enrollmentMaxAgeMs } = config;
  const { name, answer, scope, throttle, pure = false } = method;
  const ofAuthority = scope === 'organization';
  const keyOf = (attempt: Attempt, id: string): ChallengeKey => ({
    ...{ method: name, attempt, enrollment: id },
  });

  function begun(attempt: Attempt, stored: PendingEnrollment): Begun {
    const pending = secrets.of(attempt.subject).pending(attempt.session, stored);
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
      async handOver() {
        const { handOver } = enrollment;
        if (!handOver) {
          throw new RequestError(
            422,
            'method_not_accepted',
            message('method.nothing-to-hand-over'),
          );
        }
        // A hand-over for the first login is started there, in the person's own session.
        const challenge = basis === 'handover' ? null : await started(keyOf(attempt, id), context);
        const handing = { ...context, challenge };
        return {
          show: () => askNow('enrollment.handOver.show', () => handOver.show?.(handing) ?? null),
          field: askNow('enrollment.handOver.field', () => handOver.field(handing)),
        };
      },
    };
  }

  async function made(attempt: Attempt) {
    const given = await ask('enrollment.begin', () =>
      enrollment.begin(contextOf(attempt, null, null)),
    );
    const { secret = NO_SECRET, parameters = '' } = checkKept(name, 'enrollment.begin', given);
    return { secret, parameters };
  }

  async function propose(
    attempt: Attempt,
    basis: EnrollmentBasis,
    lifetimeMs = enrollmentMaxAgeMs,
  ): Promise<EnrollmentProposal> {
    const { subject, session } = attempt;
    const { secret, parameters } = await made(attempt);
    const id = randomId();
    return {
      ...{ id, basis, session, parameters, lifetimeMs, method: name, label: method.title },
      sealed: secrets.seal(subject, id, secret),
    };
  }

  /** An outside service may take a while: a subject who was reset meanwhile learns that the enrollment is void. */
  function stillBegun({ subject, session }: Attempt, id: string): Awaitable<boolean> {
    if (throttle !== 'none' || pure) return true;
    return store.resumeEnrollment(subject.id, session).then((still) => still?.id === id);
  }

  return {
    handsOver: enrollment.handOver ? (enrollment.handOver.show ? 'shown' : 'on-the-spot') : null,

    async begin(attempt, { restart, basis, unlessPending = false, lifetimeMs }) {
      const proposal = await propose(attempt, basis, lifetimeMs);
      const begin = (anew: boolean) =>
        store.beginEnrollment(attempt.subject.id, proposal, { restart: anew, unlessPending });
      const found = await begin(restart);
      // Begun under another authority: for another organization, or before its keys were replaced.
      const other = ofAuthority && found !== null && found.parameters !== proposal.parameters;
      const pending = other ? await begin(true) : found;
      return pending && begun(attempt, pending);
    },

    async beginByKey(attempt, limits, candidates) {
      const { id } = attempt.subject;
      // Nothing is made for a subject who is locked.
      const { locked, retryAt } = lockOf(await store.readSubject(id), store.now());
      if (locked) return { kind: 'locked', retryAt };
      const proposal = await propose(attempt, 'activation-key');
      const step = await store.judgeAttempt(id, limits, ACTIVATION_KEY, (reserved, on) => {
        const activationKey = candidates.find((one) => isSame(one, reserved.activationKey));
        return activationKey
          ? on.beginEnrollment(proposal, { restart: true, activationKey })
          : null;
      });
      if (step.kind === 'locked') return lockedVerdict(step);
      return step.result && begun(attempt, step.result);
    },

    async resume(attempt) {
      const pending = await store.resumeEnrollment(attempt.subject.id, attempt.session);
      if (pending?.method !== name) return null;
      const holds = !ofAuthority || pending.parameters === (await made(attempt)).parameters;
      return holds ? begun(attempt, pending) : null;
    },

    confirm(attempt, limits, replaces) {
      const { subject, session, epoch, policy, input, defaultName } = attempt;
      return judging.judged(attempt, limits, ({ at, authenticators, ...reserved }, on, opened) => {
        const stored = reserved.pending;
        if (stored?.method !== name) return rejected('superseded');
        if (!basisHolds(policy, stored.basis)) return rejected('superseded');
        // The form of an older tab may name an enrollment that a newer attempt has voided.
        const fromForm = Object.keys(answer).length > 0;
        if (fromForm && stored.id !== input.enrollment) return rejected('superseded');
        // Counted in the store, since the page may have been made before the last enrollment.
        const stays = authenticators.filter(
          (one) => one.id !== replaces && (!ofAuthority || one.parameters === stored.parameters),
        ).length;
        if (stays >= (method.atMost ?? 1)) return rejected('superseded', 'too many');

        const pending = opened.pending(session, stored);
        const { id, basis } = pending;
        const enrollments = authenticators.map(opened.enrolled);
        const compare = (challenge: unknown) => {
          const context = { ...contextOf(attempt, pending, challenge), pending };
          return enrollment.confirm(
            { ...context, now: at, enrollments, foreignCodes: null },
            input,
          );
        };
        return judging.answered('enrollment.confirm', keyOf(attempt, id), compare, (accepted) => {
          const { step = -1, label, suggestedLabel, keep, loginOnly, detail } = accepted;
          const suggested =
            suggestedLabel && firstUnused(suggestedLabel, attempt.enrollments ?? []);
          const confirmation = {
            ...{ id, session, step, replaces, epoch, besides: besidesOf(attempt, basis) },
            label: label ?? readName(input.name) ?? suggested ?? readName(defaultName) ?? undefined,
            keep: secrets.keep(subject, id, keep),
            tenantId: subject.tenantId,
            foundBy: foundByOf(
              method,
              () => ({
                secret: keep?.secret ?? pending.secret(),
                parameters: keep?.parameters ?? pending.parameters,
              }),
              askNow,
            ),
          };
          return andThen(stillBegun(attempt, id), (still) =>
            still
              ? andThen(on.confirmEnrollment(confirmation), (confirmed) =>
                  confirmed.kind === 'confirmed'
                    ? {
                        ...{ kind: 'verified', enrollmentId: id, epoch: confirmed.epoch, at },
                        ...(ofAuthority && { via: subject.tenantId }),
                        ...(loginOnly && { loginOnly }),
                        ...(detail !== undefined && { detail }),
                      }
                    : rejected(confirmed.kind),
                )
              : rejected('superseded'),
          );
        });
      });
    },
  };
}
