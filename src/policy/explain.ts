import type { Message, Policy, Sentence, Subject, SubjectRecord } from '../contracts.js';
import { message } from '../messages/english.js';
import { isAccepted, provable } from './provable.js';
import { signInName } from './sign-in-words.js';

/** A policy and what it means for one person, in sentences for support. */
export interface Explanation {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly sentences: readonly string[];
}

/**
 * What is asked of a person and why, in whole sentences: each rule of the policy with who set it, which accepted
 * methods they have activated, and what follows. `say` translates messages.
 * @example explain(subject, policy, await store.readSubject(subject.id)).sentences.join('\n')
 */
export function explain(
  subject: Subject,
  policy: Policy,
  record: SubjectRecord,
  say: (sentence: Sentence) => string = String,
  /** The present time (ms), to say how long ago something was; without it dates are given. */
  now: number | null = null,
): Explanation {
  const { label } = subject;
  const { mode, because } = policy;
  const methods = policy.methods.join(', ');
  const enrolled = provable(record, policy);
  const sentences = [
    mode === 'off'
      ? message('policy.explain.off', { label })
      : message('policy.explain.on', { label, methods, mode: message(`policy.explain.${mode}`) }),
    ...because.map(({ level, id, rule }) =>
      // Rules of the host apply when no organization sets anything.
      level === 'host'
        ? message('policy.explain.default', { rule: say(rule) })
        : message('policy.explain.because', { level, id, rule: say(rule) }),
    ),
    enrolled.length === 0
      ? message('policy.explain.nothing')
      : message('policy.explain.activated', { list: listed(record) }),
  ];
  if (record.signIn) {
    sentences.push(message('policy.explain.signed-in', { name: signInName(record.signIn, now) }));
  }
  if (
    mode !== 'off' &&
    record.enrollments.length > 0 &&
    !enrolled.some((one) => isAccepted(one, policy))
  ) {
    sentences.push(message('policy.explain.none-accepted'));
  }
  return { subject, policy, sentences: sentences.map(say) };
}

function listed({ enrollments }: SubjectRecord): Sentence {
  return (
    enrollments
      .map(({ method, createdAt }) =>
        message('policy.explain.one', {
          method,
          on: new Date(createdAt).toISOString().slice(0, 10),
        }),
      )
      .reduceRight<Message | null>(
        (rest, first) => (rest ? message('policy.explain.list', { first, rest }) : first),
        null,
      ) ?? ''
  );
}
