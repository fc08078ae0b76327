import type { Context } from 'mocha';

const LONGEST = 8_000;

/** Stryker takes away Mocha's time limit, and waits far longer for a request that is never answered. */
export const mochaHooks = {
  beforeEach(this: Context) {
    this.currentTest?.timeout(LONGEST);
  },
};
