import type { Request, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { Enrollment, SecondFactorStore } from '../contracts.js';
import type { RequestError } from '../errors.js';
import type { KeepSession } from '../gate/keep-session.js';
import type { KnownSituation } from '../gate/situation.js';
import type { PageConfig } from './page-config.js';

export interface ProfileConfig extends PageConfig {
  readonly store: Pick<
    SecondFactorStore,
    | 'refreshSubject'
    | 'unenroll'
    | 'renameEnrollment'
    | 'raiseEpoch'
    | 'readDevices'
    | 'removeDevice'
    | 'readHistory'
  >;
  readonly audit: Audit;
  /** Renews this session when all others of the person have ended. */
  readonly keepSession: KeepSession;
  /** The page on which this person switches two-factor for their whole account; null for most. */
  readonly accountUrl: (situation: KnownSituation) => string | null;
}

/** The parts that the pages of My Profile share. */
export interface ProfileParts extends ProfileConfig {
  /** My Profile. */
  readonly home: string;
  /** The enrollment named in the address; throws if the person has no such enrollment. */
  readonly own: (req: Request, situation: KnownSituation) => Enrollment;
  readonly admitted: (
    req: Request,
    res: Response,
    situation: KnownSituation,
    binding: boolean,
  ) => Promise<boolean>;
  readonly changedMeanwhile: () => RequestError;
}
