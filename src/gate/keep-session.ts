import type { Request } from 'express';
import type { Elevate } from '../session/elevate.js';
import type { WhoseSession } from '../session/login.js';
import { freshFactors, ownAssurance } from './decide.js';
import type { KnownSituation } from './situation.js';

export interface KeepSessionConfig {
  readonly elevate: Elevate;
  readonly renew: (req: Request, whose: WhoseSession) => Promise<void>;
}

export type KeepSession = (req: Request, situation: KnownSituation, epoch: number) => Promise<void>;

/**
 * For a person who has raised their own epoch: all their sessions have ended but this one, which continues under a
 * new id with its proofs, and no longer than before.
 */
export function sessionKeeper({ elevate, renew }: KeepSessionConfig): KeepSession {
  return async function keepSession(req, { subject, facts }, epoch) {
    const [factor, ...beside] = freshFactors(facts).toSorted((one, other) => other.at - one.at);
    const own = ownAssurance(facts);
    if (factor && own) {
      const lifetimeMs = own.expiresAt - facts.now;
      await elevate(req, { subject, epoch, factor, beside, lifetimeMs });
    } else {
      await renew(req, { subjectId: subject.id, epoch, until: facts.login.until });
    }
  };
}
