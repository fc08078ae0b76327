import type { Enrollment } from '../contracts.js';
import type { KnownSituation } from '../gate/situation.js';
import { type EnrollableMethod, enrollableMethods } from '../methods/bound-method.js';
import { provable } from '../policy/provable.js';
import type { PageConfig } from './page-config.js';

/** The methods that a person may activate in My Profile now, beside those they have. */
export function activatable(
  methods: PageConfig['methods'],
  { facts: { policy, record } }: Pick<KnownSituation, 'facts'>,
): readonly EnrollableMethod[] {
  if (policy.mode === 'off') return [];
  const here = provable(record, policy);
  return enrollableMethods(methods, policy.methods).filter(
    (method) => countOf(here, method) < method.atMost,
  );
}

export function countOf(
  enrollments: readonly Enrollment[],
  { name }: Pick<EnrollableMethod, 'name'>,
): number {
  return enrollments.filter(({ method }) => method === name).length;
}
