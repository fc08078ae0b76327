import type { Request } from 'express';
import { Strategy } from 'passport-strategy';
import type { Attempt, SecondFactorMethod, Verdict } from '../contracts.js';
import type { Operation, RunAttempt } from './attempt.js';

export interface StrategyConfig {
  readonly run: RunAttempt;
  /** Who answers, under which policy, in which session: taken from the request, never from its body. */
  readonly attemptOf: (req: Request, input: Attempt['input'] | undefined) => Promise<Attempt>;
}

export interface StrategyOptions {
  readonly operation?: Operation;
  /** The answer, where it is not the body: what came back in the query. */
  readonly input?: Attempt['input'];
}

/** What Passport hands its callback as `info`. */
export interface StrategyInfo {
  readonly verdict: Verdict;
}

/** `sallyport-totp` for `totp`. */
export function strategyName(method: string): string {
  return `sallyport-${method}`;
}

/**
 * A method as a Passport strategy. Always used with a callback, which gets `(error, verdict | false, info)`:
 * without one Passport would run `logIn` and drop the host's session data. State is kept in this closure,
 * since Passport calls `authenticate` on an object made from the strategy.
 */
export function secondFactorStrategy(
  method: SecondFactorMethod,
  { run, attemptOf }: StrategyConfig,
): Strategy {
  return Object.assign(new Strategy(), {
    name: strategyName(method.name),
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
      attemptOf(req, options.input)
        .then((attempt) => run(method, operation, attempt, req.ip ?? null))
        .then(
          (verdict) => process.nextTick(settle, verdict),
          (error: Error) => process.nextTick(() => this.error(error)),
        );
    },
  });
}
