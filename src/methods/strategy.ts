import type { Request } from 'express';
import { Strategy } from 'passport-strategy';
import type { Attempt, Verdict } from '../contracts.js';
import type { Operation, RunAttempt } from './attempt.js';
import type { BoundMethod } from './bound-method.js';

export interface StrategyConfig {
  /** Its name for Passport; used only if it is registered. */
  readonly name: string;
  readonly run: RunAttempt;
  /** The subject, policy and session of the request; never taken from its body. */
  readonly attemptOf: (req: Request) => Attempt | Promise<Attempt>;
}

export interface StrategyOptions {
  readonly operation?: Operation;
}

/** What Passport gives its callback as `info`. */
export interface StrategyInfo {
  readonly verdict: Verdict;
}

/**
 * A method as a Passport strategy. Always used with a callback, which gets `(error, verdict | false, info)`: without
 * one Passport would run `logIn` and drop the host's session data. State is kept in this closure, since Passport
 * calls `authenticate` on an object derived from a registered strategy. A strategy instance that is given to Passport
 * must be made for each request, since Passport writes to it.
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
      // Passport's callback runs outside of the promise: its errors are not ours.
      (async () => run(method, operation, await attemptOf(req), req))().then(
        (verdict) => process.nextTick(settle, verdict),
        (error: Error) => process.nextTick(() => this.error(error)),
      );
    },
  });
}
