import type { Request, Response } from 'express';
import type { Sentence } from '../contracts.js';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import { saveSession } from '../session/elevate.js';
import { isNavigation } from '../web/accept.js';
import { formPage } from '../web/late-form.js';
import type { StepUp } from './facts.js';
import { denyOrRedirect, type GateConfig, nextUrl } from './gate.js';
import { localPath, rememberInSession } from './return-to.js';
import type { Situation } from './situation.js';

export async function demand(
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
    /** The sentence for a person without a factor. */
    readonly missing?: Sentence;
  },
): Promise<void> {
  const { decision } = situation;
  const toEnroll = decision.kind === 'enroll' && decision.why === 'step-up';
  if (decision.kind !== 'challenge' && !toEnroll) {
    await denyOrRedirect(config, situation, req, res);
    return;
  }
  if (!isNavigation(req)) {
    // Noted for our pages, which otherwise ask nothing: for the policy alone the session is proven enough.
    req.session.sallyport = { ...req.session.sallyport, stepUp };
    await denyOrRedirect(config, situation, req, res);
    return;
  }
  const replayable = req.method === 'GET';
  const page = replayable ? null : (backTo ?? formPage(req, config));
  const returnTo = localPath(page, config);
  req.session.sallyport = { ...req.session.sallyport, stepUp, ...(returnTo && { returnTo }) };
  // Whoever may sign in again where they came from has a choice: the next page has it.
  const activates = toEnroll && (await config.signInOffers(req, situation)).length === 0;
  if (replayable && !activates) {
    await denyOrRedirect(config, situation, req, res);
    return;
  }
  // Before it can fail: the page that is shown next leads to those that ask.
  if (replayable) rememberInSession(req, res, config, { stepUp: true });
  await saveSession(req);
  if (activates) {
    throw new RequestError(401, 'second_factor_missing', missing, nextUrl(config.path, decision));
  }
  throw new RequestError(
    401,
    'second_factor_required',
    message('gate.confirm-again'),
    nextUrl(config.path, decision),
  );
}
