import type { EnrollableMethod } from '../methods/bound-method.js';
import type { ChooseMethodLocals } from '../web/locals.js';

type Choice = ChooseMethodLocals['methods'][number];

/**
 * The choices of a page without script: a first method that not every browser can use comes second, and a script
 * moves it to the front in browsers that can.
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
