import assert from 'node:assert/strict';
import type { Request } from 'express';
import { Passport } from 'passport';
import type { Attempt, Verdict } from '../../src/contracts.js';
import type { BoundMethod } from '../../src/methods/bound-method.js';
import { type StrategyInfo, secondFactorStrategy } from '../../src/methods/strategy.js';
import { parsePolicy } from '../support/policy.js';

const NOW = Date.UTC(2026, 0, 1);
const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const policy = parsePolicy({ mode: 'required' }, ['totp']);
const attempt = (input: Attempt['input'] = {}): Attempt => ({
  ...{ subject, policy, session: 'session-1', epoch: 0, issuer: 'Console', input },
});

describe('a method as a Passport strategy', () => {
  const method = { name: 'totp' } as BoundMethod;

  /** What Passport's callback gets. */
  function authenticate(
    verdict: Verdict | Error,
    { options = {}, attemptOf = async () => attempt() } = {},
  ) {
    const passport = new Passport();
    const runs: unknown[][] = [];
    const req = { ip: '192.0.2.7' } as Request;
    const strategy = secondFactorStrategy(method, {
      name: 'sallyport-totp',
      async run(...given) {
        runs.push(given);
        if (verdict instanceof Error) throw verdict;
        return verdict;
      },
      attemptOf,
    });
    passport.use('sallyport-totp', strategy);
    type Outcome = { error: unknown; user: unknown; info: StrategyInfo };
    return new Promise<Outcome & { runs: unknown[][]; req: Request }>((resolve) => {
      passport.authenticate(
        'sallyport-totp',
        options,
        (error: unknown, user: unknown, info: unknown) =>
          resolve({ error, user, info: info as StrategyInfo, runs, req }),
      )(req, {}, () => assert.fail('goes by the callback'));
    });
  }

  it('has the name that it is given', () => {
    const strategy = secondFactorStrategy(method, {
      name: 'sallyport-totp',
      run: () => assert.fail(),
      attemptOf: () => assert.fail(),
    });
    assert.equal(strategy.name, 'sallyport-totp');
  });

  it('hands the verdict on: a success, a failure, or an error', async () => {
    const verified: Verdict = { kind: 'verified', enrollmentId: 'one', epoch: 0, at: NOW };
    const right = await authenticate(verified);
    assert.deepEqual(
      [right.error, right.user, right.info],
      [null, verified, { verdict: verified }],
    );
    for (const verdict of [
      { kind: 'rejected', reason: 'wrong-code' },
      { kind: 'locked', retryAt: null },
    ] as Verdict[]) {
      const { error, user, info } = await authenticate(verdict);
      assert.deepEqual([error, user, info], [null, false, { verdict }]);
    }
    const cause = new Error('down');
    assert.equal((await authenticate({ kind: 'unavailable', cause })).error, cause);
    assert.equal((await authenticate(cause)).error, cause);
    const failing = { attemptOf: () => Promise.reject(cause) };
    assert.equal((await authenticate(verified, failing)).error, cause);
  });

  it('verifies unless it is told otherwise, for the request that asks', async () => {
    const verdict: Verdict = { kind: 'locked', retryAt: null };
    const verify = await authenticate(verdict);
    assert.deepEqual(verify.runs, [[method, { kind: 'verify' }, attempt(), verify.req]]);
    assert.equal(verify.runs[0]?.[3], verify.req);
    const operation = { kind: 'confirm', replaces: null };
    const confirm = await authenticate(verdict, { options: { operation } });
    assert.deepEqual(confirm.runs[0]?.[1], operation);
  });
});
