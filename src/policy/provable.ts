import {
  authorityOf,
  type Enrollment,
  type Policy,
  partOf,
  type SubjectRecord,
} from '../contracts.js';

/**
 * Whether somebody can be asked to prove an enrollment under this policy. An enrollment that rests on another
 * authority than the policy's counts as not activated here. Without any authority (keys were removed or lost) it
 * counts, so that nobody becomes a newcomer.
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

/** Enrollments that nobody can be asked to prove here, and that do not prevent a first activation. */
export function unprovableIds(
  { enrollments }: Pick<SubjectRecord, 'enrollments'>,
  policy: Policy,
): readonly string[] {
  return enrollments.filter((one) => !isProvable(one, policy)).map(({ id }) => id);
}

const patterns = new Map<string, RegExp>();

/** The pattern of `accepts`, compiled once. */
function patternOf(source: string): RegExp {
  const known = patterns.get(source);
  if (known) return known;
  const pattern = new RegExp(source);
  if (patterns.size >= MOST_PATTERNS) patterns.clear();
  patterns.set(source, pattern);
  return pattern;
}

const MOST_PATTERNS = 1000;

/** Whether the policy accepts an enrollment. */
export function isAccepted(
  { method, parameters }: Pick<Enrollment, 'method' | 'parameters'>,
  policy: Policy,
): boolean {
  if (!policy.methods.includes(method)) return false;
  const { accepts } = partOf(policy, method) ?? {};
  return accepts === undefined || patternOf(accepts).test(parameters);
}
