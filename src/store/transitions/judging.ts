import type { AttemptLimits, AttemptOf, Judge, JudgedAttempt } from '../../contracts.js';
import { commitAttempt, reserveAttempt } from './attempts.js';
import { spendRecoveryCode } from './codes.js';
import { beginEnrollment, confirmEnrollment } from './enrolling.js';
import type { SubjectTransition } from './subject.js';

/**
 * Reserves an attempt and judges it in one step. An error of `judge` counts as a wrong answer; otherwise it
 * would be a guess that is not counted.
 */
export const judgeAttempt =
  <T>(
    limits: AttemptLimits,
    attempt: AttemptOf,
    judge: Judge<T>,
  ): SubjectTransition<JudgedAttempt<T> | { readonly kind: 'threw'; readonly error: unknown }> =>
  (present, now, lost) => {
    const { next: counted, result: reservation } = reserveAttempt(limits, attempt)(
      present,
      now,
      lost,
    );
    if (reservation.kind === 'locked') return { next: counted, result: reservation };
    let next = counted;
    let durable = false;
    const within = <A>(transition: SubjectTransition<A>): A => {
      const step = transition(next, now, lost);
      if (step.next !== next) durable ||= step.durable === true;
      next = step.next;
      return step.result;
    };
    try {
      const result = judge(reservation, {
        commitAttempt: (accepted) => within(commitAttempt(accepted)),
        spendRecoveryCode: (candidates, epoch) => within(spendRecoveryCode(candidates, epoch)),
        beginEnrollment: (proposal, options) => within(beginEnrollment(proposal, options)),
        confirmEnrollment: (confirmation) => within(confirmEnrollment(confirmation)),
      });
      return { next, result: { kind: 'judged', result }, durable };
    } catch (error) {
      return { next: counted, result: { kind: 'threw', error } };
    }
  };
