import type { Audit, From } from '../audit/events.js';
import { lockedUntil } from '../audit/lock.js';
import type {
  Attempt,
  AttemptLimits,
  EventEnrollment,
  SecondFactorStore,
  Verdict,
} from '../contracts.js';
import { broken } from '../errors.js';
import type { BoundMethod } from './bound-method.js';

export type Operation =
  | { readonly kind: 'verify' }
  | { readonly kind: 'confirm'; readonly replaces: string | null };

export interface AttemptConfig {
  readonly store: Pick<SecondFactorStore, 'readSubject'>;
  readonly limits: AttemptLimits;
  readonly audit: Audit;
}

export type RunAttempt = (
  method: BoundMethod,
  operation: Operation,
  attempt: Attempt,
  from: From,
) => Promise<Verdict>;

/** Runs one answer, from its form to its event; the only caller of `method.verify`. */
export function attempts({ store, limits, audit }: AttemptConfig): RunAttempt {
  return async function runAttempt(method, operation, attempt, from) {
    const { subject } = attempt;
    try {
      if (!method.wellFormed(attempt.input, attempt))
        return { kind: 'rejected', reason: 'malformed' };
      const verdict = await answer(method, operation, attempt, limits);
      await recordVerdict(verdict);
      return verdict;
    } catch (cause) {
      return { kind: 'unavailable', cause };
    }

    async function recordVerdict(verdict: Verdict): Promise<void> {
      const confirming = operation.kind === 'confirm';
      const facts = { subject, method: method.name, from };
      switch (verdict.kind) {
        case 'verified':
          audit.record(confirming ? 'enrollment.confirmed' : 'verification.succeeded', {
            ...facts,
            detail: provenBy(method, verdict),
            ...(confirming && { enrollments: [await enrolled(verdict.enrollmentId)] }),
          });
          return;
        case 'rejected':
          if (verdict.copied !== undefined) {
            const copied = await enrolled(verdict.copied);
            audit.record('enrollment.copied', { ...facts, enrollments: [copied] });
          }
          if (attempt.unrecorded) return;
          audit.record(confirming ? 'enrollment.failed' : 'verification.failed', {
            ...facts,
            detail:
              verdict.detail === undefined
                ? verdict.reason
                : `${verdict.reason}: ${verdict.detail}`,
          });
          return;
        case 'locked': {
          const detail = lockedUntil(verdict.retryAt);
          audit.record('verification.locked', { ...facts, detail });
          return;
        }
        case 'unavailable':
          return;
        default:
          verdict satisfies never;
      }
    }

    async function enrolled(id: string): Promise<EventEnrollment> {
      const unnamed = { id, method: method.name, label: method.title };
      try {
        const { enrollments } = await store.readSubject(subject.id);
        return enrollments.find((one) => one.id === id) ?? unnamed;
      } catch {
        // The enrollment is active: a failing store must not turn that into a failure.
        return unnamed;
      }
    }
  };
}

function answer(
  method: BoundMethod,
  operation: Operation,
  attempt: Attempt,
  limits: AttemptLimits,
): Promise<Verdict> {
  if (operation.kind === 'verify') return method.verify(attempt, limits);
  if (!method.enrollment) throw broken(`${method.name} cannot be activated`);
  return method.enrollment.confirm(attempt, limits, operation.replaces);
}

function provenBy(
  { phishingResistant }: BoundMethod,
  { detail }: Extract<Verdict, { kind: 'verified' }>,
): string | null {
  const words = [...(detail ? [detail] : []), ...(phishingResistant ? ['phishing-resistant'] : [])];
  return words.length === 0 ? null : words.join(' ');
}
