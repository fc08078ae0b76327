import {
  authorityOf,
  type Enrollment,
  type Policy,
  partOf,
  type SubjectRecord,
} from '../contracts.js';

/**
 * Whether somebody can be asked to prove an enrollment under this policy. One that rests on somebody else's
 * word is nothing to an organization that takes another one's word: not activated there.
 * Where there are no keys at all it still stands: keys that are removed, or lost, make nobody a newcomer.
 */
export function isProvable(
  enrollment: Pick<Enrollment, 'method' | 'parameters'>,
  policy: Policy,
): boolean {
  const authority = authorityOf(enrollment);
  if (authority === null) return true;
  const account = partOf(policy, enrollment.method)?.account;
  return account === undefined || authority === account;
}

export function provable(
  { enrollments }: Pick<SubjectRecord, 'enrollments'>,
  policy: Policy,
): readonly Enrollment[] {
  const all = enrollments.every((one) => isProvable(one, policy));
  return all ? enrollments : enrollments.filter((one) => isProvable(one, policy));
}

/** Those that a first activation may stand beside: nobody can be asked to prove them here. */
export function unprovableIds(
  { enrollments }: Pick<SubjectRecord, 'enrollments'>,
  policy: Policy,
): readonly string[] {
  return enrollments.filter((one) => !isProvable(one, policy)).map(({ id }) => id);
}

const patterns = new Map<string, RegExp>();

/** What `accepts` says, compiled once: there are as many as settings. */
function patternOf(source: string): RegExp {
  const known = patterns.get(source);
  if (known) return known;
  const pattern = new RegExp(source);
  if (patterns.size >= MOST_PATTERNS) patterns.clear();
  patterns.set(source, pattern);
  return pattern;
}

const MOST_PATTERNS = 1000;

/** Whether an enrollment of an accepted method is one that counts here. */
export function isAccepted(
  { method, parameters }: Pick<Enrollment, 'method' | 'parameters'>,
  policy: Policy,
): boolean {
  if (!policy.methods.includes(method)) return false;
  const { accepts } = partOf(policy, method) ?? {};
  return accepts === undefined || patternOf(accepts).test(parameters);
}
