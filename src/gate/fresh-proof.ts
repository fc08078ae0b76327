import type { Request, Response } from 'express';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { bindingProof } from './binding-proof.js';
import { demand } from './demand.js';
import type { StepUp } from './facts.js';
import type { GateConfig } from './gate.js';

/** The proof that our own pages demand before a change. */
export const FRESH: StepUp = Object.freeze({ maxAgeMs: 5 * 60 * 1000, methods: null });

const FRESH_EVERYWHERE: StepUp = Object.freeze({ ...FRESH, everywhere: true });

export type RequireFresh = (
  req: Request,
  res: Response,
  backTo: string,
  options?: {
    /** Whether the change counts in every organization of the person. */
    readonly binding?: boolean;
  },
) => Promise<boolean>;

/**
 * For our handlers: true to continue; otherwise it has answered. `backTo` is where the person is brought after the
 * proof when the request was not a GET, which is never replayed.
 */
export function freshness(config: Omit<GateConfig, 'fail'>): RequireFresh {
  const { inspector } = config;
  return async function requireFresh(req, res, backTo, { binding = false } = {}) {
    let stepUp = FRESH;
    let situation = await inspector.inspectFurther(req, FRESH);
    if (binding && situation.kind === 'known') {
      const proof = bindingProof(situation.facts);
      if (proof === 'none') throw nothingBinds();
      if (proof === 'everywhere') {
        stepUp = FRESH_EVERYWHERE;
        situation = await inspector.inspectFurther(req, stepUp);
      }
    }
    if (situation.decision.kind === 'pass') return true;
    await demand(config, req, res, situation, { stepUp, backTo });
    return false;
  };
}

export function nothingBinds(): RequestError {
  return new RequestError(403, 'nothing_binds', message('gate.nothing-binds'));
}
