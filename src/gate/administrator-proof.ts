import type { Request, Response } from 'express';
import { message } from '../messages/english.js';
import { demand } from './demand.js';
import type { StepUp } from './facts.js';
import { FRESH } from './fresh-proof.js';
import type { GateConfig } from './gate.js';

/** What an administrator must have proven: any second factor to read, a fresh one to change something. */
const PROVEN: StepUp = Object.freeze({
  ...{ maxAgeMs: null, methods: null },
  ...{ enroll: true, signIn: 'any' },
});

const FRESHLY_PROVEN: StepUp = Object.freeze({ ...FRESH, enroll: true });

export interface WantedProof {
  /** A proof of the last minutes. */
  readonly fresh: boolean;
  /**
   * An administrator without a factor activates one first. Otherwise their own organization's policy decides, and
   * without a factor no fresh proof is demanded.
   */
  readonly always: boolean;
  readonly backTo: string;
}

/** True to go on; otherwise it has answered. */
export type RequireAdministrator = (
  req: Request,
  res: Response,
  wanted: WantedProof,
) => Promise<boolean>;

/** The demands on administrators, which must not depend on what their own organization demands of them. */
export function administratorProof(config: Omit<GateConfig, 'fail'>): RequireAdministrator {
  return async function requireAdministrator(req, res, { fresh, always, backTo }) {
    if (!always && !fresh) return true;
    let stepUp = always ? (fresh ? FRESHLY_PROVEN : PROVEN) : FRESH;
    let situation = await config.inspector.inspectFurther(req, stepUp);
    const bySignIn = situation.decision.kind === 'pass' && situation.decision.why === 'sign-in';
    if (fresh && bySignIn) {
      // A sign-in proof is enough to read; a change needs a factor of ours, whatever the policy.
      stepUp = FRESHLY_PROVEN;
      situation = await config.inspector.inspectFurther(req, stepUp);
    }
    if (situation.decision.kind === 'pass') return true;
    const missing = message('gate.administrator-activates');
    await demand(config, req, res, situation, { stepUp, backTo, missing });
    return false;
  };
}
