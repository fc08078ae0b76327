import type { Context } from 'mocha';

/** Longer than any test takes on a busy machine; Stryker waits far longer for a request that is never answered. */
const LONGEST = 15_000;

/** What Stryker keeps in the process that runs the tests: without a mutant at first, to see that all pass. */
interface Running {
  readonly __stryker__?: { readonly activeMutant?: string };
}

/** Stryker takes away Mocha's time limit. */
export const mochaHooks = {
  beforeEach(this: Context) {
    const { activeMutant } = (globalThis as Running).__stryker__ ?? {};
    this.currentTest?.timeout(activeMutant === undefined ? 4 * LONGEST : LONGEST);
  },
};
