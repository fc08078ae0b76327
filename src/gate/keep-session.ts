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
 * For whoever has raised their own epoch: every session of theirs has ended but this one, which goes on under a
 * new id with what it has proven, and for no longer than it would have.
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
