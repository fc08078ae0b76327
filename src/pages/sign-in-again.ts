import type { Request, Response } from 'express';
import { RequestError } from '../errors.js';
import { noteRenewal } from '../gate/renewed-before.js';
import { localPath, rememberOverSignIn, takeWanted } from '../gate/return-to.js';
import { offersAsJson, type SignInOffer } from '../gate/sign-in-again.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { Handler } from '../methods/pages.js';
import { saveSession } from '../session/elevate.js';
import type { ChooseMethodLocals, Later, MethodLink } from '../web/locals.js';
import type { PageConfig } from './page-config.js';

/** Offers among the other ways, as links. */
export function signInLinks(offers: readonly SignInOffer[]): readonly MethodLink[] {
  return offers.map(({ label: title, url: href, text }) => ({ title, href, text }));
}

/** The same where methods are chosen. */
export function signInChoices(offers: readonly SignInOffer[]): ChooseMethodLocals['methods'] {
  return offers.map(({ label: title, url: href, text: description }) => ({
    ...{ title, href, description, firstWith: null },
  }));
}

/** To sign in again where one came from: the page that says so, and the way there. */
export function signInAgainPages(config: PageConfig) {
  const { respond, signInOffers } = config;

  /** The page for whoever has nothing else to prove; `others` is what they may activate. */
  async function show(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    offers: readonly SignInOffer[],
    { others, later, status = 200, json }: Beside,
  ): Promise<void> {
    const inVain = offers.some((offer) => offer.inVain);
    const heading = respond.say(
      message(inVain ? 'sign-in-again.title-in-vain' : 'sign-in-again.title'),
    );
    await respond.page(req, res, {
      ...{ status, view: 'sign-in-again', title: heading, subject },
      locals: {
        ...{ heading, inVain, otherMethods: others, later },
        text: inVain ? respond.say(message('sign-in-again.text-in-vain')) : null,
        signIns: offers.map(({ label, url, text }) => ({ label, href: url, text })),
      },
      json: { ...json, ...offersAsJson(offers) },
    });
  }

  /** GET: leads to where the host has it begin, and keeps the way back. */
  const leave: Handler = async (req, res, situation) => {
    if (situation.decision.kind === 'pass') {
      respond.onward(req, res, takeWanted(req, res, config), { next: 'done' });
      return;
    }
    // An app of one page has its own place to come back to.
    const wanted = localPath(req.query.returnTo, config);
    if (wanted !== null) req.session.sallyport = { ...req.session.sallyport, returnTo: wanted };
    const { by } = req.query;
    const offer = (await signInOffers(req, situation)).find((one) => one.by === by);
    if (!offer) throw new RequestError(404, 'not_found', message('sign-in-again.not-offered'));
    rememberOverSignIn(res, config, localPath(req.session.sallyport?.returnTo, config));
    noteRenewal(res, config, offer, situation.facts.login.id);
    // The host's sign-in puts what it needs into the same session at once.
    await saveSession(req);
    respond.onward(req, res, offer.leadsTo, { next: 'login' });
  };

  return { show, leave };
}

interface Beside {
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  readonly status?: number;
  readonly json: Readonly<Record<string, unknown>>;
}
