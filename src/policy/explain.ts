import type { Message, Policy, Sentence, Subject, SubjectRecord } from '../contracts.js';
import { message } from '../messages/english.js';
import { isAccepted, provable } from './provable.js';
import { signInName } from './sign-in-words.js';

/** A policy and a person's standing, in sentences for support. */
export interface Explanation {
  readonly subject: Subject;
  readonly policy: Policy;
  readonly sentences: readonly string[];
}

/**
 * What is asked of a person and why, in whole sentences: each rule of the policy with who set it, what they have
 * activated of what it accepts, and what follows. `say` words messages in another language than English.
 * @example explain(subject, policy, await store.readSubject(subject.id)).sentences.join('\n')
 */
export function explain(
  subject: Subject,
  policy: Policy,
  record: SubjectRecord,
  say: (sentence: Sentence) => string = String,
  /** When it is said (ms), for how long ago something was; left out: dates. */
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
      // What was decided above all organizations holds where none of them says anything.
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
