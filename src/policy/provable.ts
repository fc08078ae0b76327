import { authorityOf, type Enrollment, type Policy, type SubjectRecord } from '../contracts.js';

/**
 * Whether somebody can be asked to prove an enrollment under this policy. One that rests on somebody else's
 * word, a Duo account's, is nothing to an organization whose keys are of another account: not activated there.
 * Where there are no keys at all it still stands: keys that are removed, or lost, make nobody a newcomer.
 */
export function isProvable(enrollment: Pick<Enrollment, 'parameters'>, { duo }: Policy): boolean {
  const authority = authorityOf(enrollment);
  return authority === null || duo?.account === undefined || authority === duo.account;
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
