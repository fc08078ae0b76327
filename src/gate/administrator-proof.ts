import type { Request, Response } from 'express';
import { message } from '../messages/english.js';
import { demand } from './demand.js';
import type { StepUp } from './facts.js';
import { FRESH } from './fresh-proof.js';
import type { GateConfig } from './gate.js';

/** Of an administrator: any proof of a second factor to read, a fresh one to change something. */
const PROVEN: StepUp = Object.freeze({
  ...{ maxAgeMs: null, methods: null },
  ...{ enroll: true, signIn: 'any' },
});

const FRESHLY_PROVEN: StepUp = Object.freeze({ ...FRESH, enroll: true });

export interface WantedProof {
  /** Of the last minutes. */
  readonly fresh: boolean;
  /**
   * Whoever has nothing to prove activates something first. Otherwise the policy of their own organization says
   * what is proven at login, and who has nothing to prove freshly is not asked to.
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

/** The same for administrators: what they may do to others must not rest on what is demanded of themselves. */
export function administratorProof(config: Omit<GateConfig, 'fail'>): RequireAdministrator {
  return async function requireAdministrator(req, res, { fresh, always, backTo }) {
    if (!always && !fresh) return true;
    let stepUp = always ? (fresh ? FRESHLY_PROVEN : PROVEN) : FRESH;
    let situation = await config.inspector.inspectFurther(req, stepUp);
    const bySignIn = situation.decision.kind === 'pass' && situation.decision.why === 'sign-in';
    if (fresh && bySignIn) {
      // A sign-in elsewhere lets an administrator look; a change takes a factor of ours, whatever their policy says.
      stepUp = FRESHLY_PROVEN;
      situation = await config.inspector.inspectFurther(req, stepUp);
    }
    if (situation.decision.kind === 'pass') return true;
    const missing = message('gate.administrator-activates');
    await demand(config, req, res, situation, { stepUp, backTo, missing });
    return false;
  };
}
