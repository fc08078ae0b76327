import type { Request, RequestHandler, Response } from 'express';
import {
  checkOptions,
  durationOption,
  listOption,
  option,
  optionsObject,
} from '../check-options.js';
import type { MethodName, Sentence } from '../contracts.js';
import { RequestError, SallyportError } from '../errors.js';
import { message } from '../messages/english.js';
import { saveSession } from '../session/elevate.js';
import type { Duration } from '../time.js';
import { isNavigation } from '../web/accept.js';
import { formPage } from '../web/late-form.js';
import { bindingProof } from './binding-proof.js';
import type { StepUp } from './facts.js';
import { type GateConfig, nextUrl, turnAway } from './gate.js';
import { localPath, rememberInSession } from './return-to.js';
import type { Situation } from './situation.js';

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
  configOf: (req: Request) => GateConfig,
  options: RequireOptions = {},
  registered: readonly RegisteredMethod[] = [],
): RequestHandler {
  const stepUp = parseRequire(options, registered);

  return function secondFactorStepUp(req, res, next) {
    const config = configOf(req);
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

/** What our own sensitive pages demand before a change. */
const FRESH: StepUp = Object.freeze({ maxAgeMs: 5 * 60 * 1000, methods: null });

const FRESH_EVERYWHERE: StepUp = Object.freeze({ ...FRESH, everywhere: true });

export type RequireFresh = (
  req: Request,
  res: Response,
  backTo: string,
  options?: {
    /** The change shows in every organization of the person. */
    readonly binding?: boolean;
  },
) => Promise<boolean>;

/**
 * For handlers of ours: true to go on; otherwise it has answered. `backTo` is where the person is brought
 * after the proof when the request was not a GET, which is never replayed.
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
    const stepUp = always ? (fresh ? FRESHLY_PROVEN : PROVEN) : FRESH;
    const situation = await config.inspector.inspectFurther(req, stepUp);
    if (situation.decision.kind === 'pass') return true;
    const missing = message('gate.administrator-activates');
    await demand(config, req, res, situation, { stepUp, backTo, missing });
    return false;
  };
}

async function demand(
  config: Omit<GateConfig, 'fail'>,
  req: Request,
  res: Response,
  situation: Situation,
  {
    stepUp,
    backTo,
    missing = message('gate.route-activates'),
  }: {
    readonly stepUp: StepUp;
    readonly backTo?: string;
    /** What is said to whoever has nothing to prove. */
    readonly missing?: Sentence;
  },
): Promise<void> {
  const { decision } = situation;
  const toEnroll = decision.kind === 'enroll' && decision.why === 'step-up';
  if (decision.kind !== 'challenge' && !toEnroll) {
    await turnAway(config, situation, req, res);
    return;
  }
  if (!isNavigation(req)) {
    // Without it our pages would have nothing to ask: for the policy alone the session is proven enough.
    req.session.sallyport = { ...req.session.sallyport, stepUp };
    await turnAway(config, situation, req, res);
    return;
  }
  const replayable = req.method === 'GET';
  const page = replayable ? null : (backTo ?? formPage(req, config));
  const returnTo = localPath(page, config);
  req.session.sallyport = { ...req.session.sallyport, stepUp, ...(returnTo && { returnTo }) };
  if (replayable && !toEnroll) {
    await turnAway(config, situation, req, res);
    return;
  }
  // Before it can fail: the page that is shown next leads to those that ask.
  if (replayable) rememberInSession(req, res, config, { stepUp: true });
  await saveSession(req);
  if (toEnroll) {
    throw new RequestError(401, 'second_factor_missing', missing, nextUrl(config.path, decision));
  }
  throw new RequestError(
    401,
    'second_factor_required',
    message('gate.confirm-again'),
    nextUrl(config.path, decision),
  );
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
