import assert from 'node:assert/strict';
import express from 'express';

/** Set by test/support/express-4.mjs. */
const asked = process.env.SALLYPORT_EXPRESS ?? '5';

describe('the journeys', () => {
  it(`run on Express ${asked.split('.')[0]}`, () => {
    // What only one of the two has.
    const { application } = express as unknown as { application: Record<string, unknown> };
    const found = typeof application.del === 'function' ? '4' : '5';
    assert.equal(found, asked.split('.')[0]);
  });
});
