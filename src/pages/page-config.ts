import type { Request } from 'express';
import type { Audit } from '../audit/events.js';
import type { MethodName } from '../contracts.js';
import type { RequireFresh } from '../gate/fresh-proof.js';
import type { GateConfig } from '../gate/gate.js';
import type { BoundMethod } from '../methods/bound-method.js';
import type { RedeemActivationKey } from '../methods/redeem-activation-key.js';
import type { WhoseSession } from '../session/login.js';
import type { Stylesheets } from '../web/assets.js';
import type { OvertakenConfig } from './overtaken.js';
import type { OpenDoorConfig, ProofConfig } from './proof.js';

export interface PageConfig extends OpenDoorConfig, ProofConfig, OvertakenConfig {
  readonly methods: ReadonlyMap<MethodName, BoundMethod>;
  readonly redeemActivationKey: RedeemActivationKey;
  readonly requireFresh: RequireFresh;
  readonly stylesheets: Stylesheets;
  /** Renews the session of a person who postpones activation. */
  readonly renew: (req: Request, whose: WhoseSession) => Promise<void>;
  /** As in the gate. */
  readonly recognize: GateConfig['recognize'];
  readonly signInOffers: GateConfig['signInOffers'];
  readonly audit: Audit;
  /** Called for failures that end in a 503. */
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}
