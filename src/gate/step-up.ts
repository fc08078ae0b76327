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
  /** A method must be proven from which a look-alike page gets nothing. */
  readonly phishingResistant?: boolean;
  /**
   * What becomes of somebody who has nothing to prove, and of whom the policy demands nothing: they activate something
   * first, or pass. Default `activate`.
   */
  readonly unenrolled?: 'activate' | 'pass';
}

/** What is known here of a door's method. */
export interface RegisteredMethod {
  readonly name: MethodName;
  readonly phishingResistant: boolean;
}

/**
 * Demands a fresh proof on one route. Whoever has nothing to prove activates something first, also where the policy demands
 * nothing: that it is off is no proof. What a sign-in elsewhere has proven is enough while it is young enough, unless
 * `methods` names what must be proven. A browser is sent to the challenge and comes back to the same place, a
 * program gets 401 with what is missing. Anything but a GET is never replayed: it gets the same 401, and is
 * sent again by whoever sent it.
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
    // Methods that are named are ours.
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
