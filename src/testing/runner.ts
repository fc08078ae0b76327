import { SallyportError } from '../errors.js';

/** What suites of ours need of mocha, vitest or node:test. */
export interface TestRunner {
  readonly describe: (title: string, suite: () => void) => unknown;
  readonly it: (title: string, test: () => Promise<void>, timeout?: number) => unknown;
}

/** The runner's functions as they were given, or the globals of that name. Throws ERR_OPTION without any. */
export function testRunner(
  suite: string,
  given: { readonly [K in keyof TestRunner]?: TestRunner[K] | undefined },
): TestRunner {
  // Typed where the runner's types are installed, which is the host's to do.
  const globals = globalThis as Partial<TestRunner>;
  const { describe = globals.describe, it = globals.it } = given;
  if (describe && it) return { describe, it };
  throw new SallyportError(
    'ERR_OPTION',
    `${suite}: there is no global describe and it; pass those of your test runner as options`,
  );
}
