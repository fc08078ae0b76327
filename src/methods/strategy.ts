import type { Request } from 'express';
import { Strategy } from 'passport-strategy';
import type { Attempt, Verdict } from '../contracts.js';
import type { Operation, RunAttempt } from './attempt.js';
import type { BoundMethod } from './bound-method.js';

export interface StrategyConfig {
  /** What Passport calls it; matters only where it is registered. */
  readonly name: string;
  readonly run: RunAttempt;
  /** Who answers, under which policy, in which session: taken from the request, never from its body. */
  readonly attemptOf: (req: Request) => Attempt | Promise<Attempt>;
}

export interface StrategyOptions {
  readonly operation?: Operation;
}

/** What Passport hands its callback as `info`. */
export interface StrategyInfo {
  readonly verdict: Verdict;
}

/**
 * A method as a Passport strategy. Always used with a callback, which gets `(error, verdict | false, info)`:
 * without one Passport would run `logIn` and drop the host's session data. State is kept in this closure,
 * since Passport calls `authenticate` on an object made from a strategy that is registered. One that is given
 * to Passport as it is must be made anew for each request: Passport writes into it.
 */
export function secondFactorStrategy(
  method: BoundMethod,
  { name, run, attemptOf }: StrategyConfig,
): Strategy & { name: string } {
  return Object.assign(new Strategy(), {
    name,
    authenticate(this: Strategy, req: Request, options: StrategyOptions = {}): void {
      const operation = options.operation ?? { kind: 'verify' };
      const settle = (verdict: Verdict): void => {
        const info: StrategyInfo = { verdict };
        switch (verdict.kind) {
          case 'verified':
            this.success(verdict, info);
            return;
          case 'rejected':
            this.fail(info, 401);
            return;
          case 'locked':
            this.fail(info, 429);
            return;
          case 'unavailable':
            this.error(verdict.cause as Error);
            return;
          default:
            verdict satisfies never;
        }
      };
      // Passport's callback runs outside of the promise: what it throws is its own and not our failure.
      (async () => run(method, operation, await attemptOf(req), req))().then(
        (verdict) => process.nextTick(settle, verdict),
        (error: Error) => process.nextTick(() => this.error(error)),
      );
    },
  });
}
