import type { Policy, Sentence, Subject, SubjectRecord } from '../contracts.js';
import { provable } from './provable.js';

/** A policy and a person's standing, in sentences for support. */
export interface Explanation {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly sentences: readonly string[];
}

export function explain(
  subject: Subject,
  policy: Policy,
  record: SubjectRecord,
  say: (sentence: Sentence) => string = String,
): Explanation {
  const enrolled = provable(record, policy).map(({ method }) => method);
  const sentences = [
    `${subject.label}: two-factor is ${policy.mode}${policy.mode === 'off' ? '' : `, with ${policy.methods.join(', ')}`}.`,
    ...policy.because.map(({ level, id, rule }) =>
      // What was decided above all organizations holds where none of them says anything.
      level === 'host' ? `By default: ${say(rule)}.` : `Because ${level} ${id}: ${say(rule)}.`,
    ),
    enrolled.length === 0
      ? 'Nothing is activated.'
      : `Activated: ${record.enrollments.map(({ method, createdAt }) => `${method} on ${new Date(createdAt).toISOString().slice(0, 10)}`).join(', ')}.`,
  ];
  if (
    policy.mode !== 'off' &&
    record.enrollments.length > 0 &&
    !enrolled.some((name) => policy.methods.includes(name))
  ) {
    sentences.push('None of these is accepted any longer: another one must be activated.');
  }
  return { subject, policy, sentences };
}
