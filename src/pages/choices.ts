import type { EnrollableMethod } from '../methods/bound-method.js';
import type { ChooseMethodLocals } from '../web/locals.js';

type Choice = ChooseMethodLocals['methods'][number];

/**
 * What a page offers, as it is without script: where the first cannot be done by every browser it is the second, and
 * a script puts it first in one that can.
 */
export function choices(
  methods: readonly EnrollableMethod[],
  hrefOf: (method: EnrollableMethod) => string,
): readonly Choice[] {
  const choice = (method: EnrollableMethod, firstWith: string | null = null): Choice => ({
    ...{ title: method.title, href: hrefOf(method) },
    ...{ description: null, firstWith },
  });
  const [first, second, ...rest] = methods;
  if (!first?.needsBrowser || !second) return methods.map((method) => choice(method));
  return [
    choice(second),
    choice(first, first.needsBrowser),
    ...rest.map((method) => choice(method)),
  ];
}
