import type { Request, RequestHandler, Response } from 'express';
import {
  checkOptions,
  durationOption,
  listOption,
  option,
  optionsObject,
} from '../check-options.js';
import type { MethodName } from '../contracts.js';
import { SallyportError } from '../errors.js';
import type { Duration } from '../time.js';
import { demand } from './demand.js';
import type { StepUp } from './facts.js';
import type { GateConfig } from './gate.js';

export interface RequireOptions {
  /** How old the proof may be at most. */
  readonly maxAge?: Duration;
  /** One of these must be proven; by default any that the policy accepts. */
  readonly methods?: readonly MethodName[];
  /** A phishing-resistant method must be proven. */
  readonly phishingResistant?: boolean;
  /**
   * Whether a person without a factor, of whom the policy demands nothing, has to activate one first, or passes.
   * Default `activate`.
   */
  readonly unenrolled?: 'activate' | 'pass';
}

/** The parts of a method that are used here. */
export interface RegisteredMethod {
  readonly name: MethodName;
  readonly phishingResistant: boolean;
}

/**
 * Demands a fresh proof on one route. A person without a factor has to activate one first, even if the policy demands
 * nothing. A sign-in proof is enough while it is young enough, unless `methods` names what must be proven. A browser
 * is sent to the challenge and returns to the same page, a program gets 401 with what is missing. Only a GET is
 * repeated; other requests get the same 401, and the client has to send them again.
 */
export function requireProof(
  configOf: (req: Request, res: Response) => GateConfig | null,
  options: RequireOptions = {},
  registered: readonly RegisteredMethod[] = [],
): RequestHandler {
  const stepUp = parseRequire(options, registered);

  return function secondFactorStepUp(req, res, next) {
    const config = configOf(req, res);
    if (!config) return;
    (async () => config.inspector.inspect(req, stepUp))()
      .then(async (situation) => {
        if (situation.decision.kind === 'pass') return true;
        await demand(config, req, res, situation, { stepUp });
        return false;
      })
      .then(
        (passed) => {
          if (passed) next();
        },
        (error: unknown) => config.fail(req, res, error),
      );
  };
}

function parseRequire(raw: unknown, registered: readonly RegisteredMethod[]): StepUp {
  const names = registered.map(({ name }) => name);
  const { maxAge, methods, phishingResistant, unenrolled } = checkOptions(
    raw,
    optionsObject({
      maxAge: durationOption('5m').optional(),
      methods: listOption<MethodName>(
        `one of ${names.join(', ')}`,
        (name) => typeof name === 'string' && names.includes(name),
        { atLeastOne: 'method' },
      ).optional(),
      phishingResistant: option<boolean>(
        'true or false',
        (value) => typeof value === 'boolean',
      ).default(false),
      unenrolled: option<'activate' | 'pass'>("'activate' or 'pass'", (value) =>
        ['activate', 'pass'].includes(value as string),
      ).default('activate'),
    }),
    { name: 'require' },
  );
  const allowed = phishingResistant ? resistant(methods ?? names, registered) : methods;
  return Object.freeze({
    maxAgeMs: maxAge ?? null,
    methods: allowed ?? null,
    enroll: unenrolled === 'activate',
    // Named methods are our own, not sign-in proofs.
    signIn: methods ? undefined : phishingResistant ? 'phishing-resistant' : 'any',
  });
}

function resistant(
  names: readonly MethodName[],
  registered: readonly RegisteredMethod[],
): readonly MethodName[] {
  const found = registered.filter((one) => one.phishingResistant && names.includes(one.name));
  if (found.length > 0) return found.map(({ name }) => name);
  throw new SallyportError(
    'ERR_OPTION',
    `require.phishingResistant must have a method that is, e.g. securityKey(), among ${names.join(', ')}`,
  );
}
