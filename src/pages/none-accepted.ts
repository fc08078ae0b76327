import type { Request, Response } from 'express';
import { RequestError } from '../errors.js';
import type { SignInOffer } from '../gate/sign-in-again.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import { activatable } from './activatable.js';
import type { PageConfig } from './page-config.js';
import { signInAgainPages } from './sign-in-again.js';

/** The page of a challenge for which the person has nothing. */
export function noneAccepted(config: PageConfig) {
  const { path, respond } = config;
  const signInAgain = signInAgainPages(config);

  /** Of a route that takes only methods which the person has not: the way to what they may do about it. */
  return async function refuse(
    req: Request,
    res: Response,
    situation: KnownSituation,
    offers: readonly SignInOffer[],
  ): Promise<void> {
    const text = message('method.none-accepted');
    const taken = situation.facts.stepUp?.methods ?? [];
    const addable = activatable(config.methods, situation).filter(({ name }) =>
      taken.includes(name),
    );
    const [first] = addable;
    const home = `${path}/profile`;
    const json = {
      ...{ error: 'no_method', message: respond.say(text) },
      ...{ next: 'enroll', methods: addable.map(({ name }) => name) },
    };
    if (offers.length > 0) {
      const others = addable.map(({ name, title }) => ({
        ...{ title, href: `${home}/activate/${name}` },
      }));
      return signInAgain.show(req, res, situation, offers, {
        ...{ others, later: null, status: 403, json: { ...json, url: home } },
      });
    }
    if (!first) throw new RequestError(403, 'no_method', text);
    const url = addable.length === 1 ? `${home}/activate/${first.name}` : home;
    await respond.page(req, res, {
      status: 403,
      view: 'message',
      title: text,
      subject: situation.subject,
      locals: {
        ...{ status: 403, heading: respond.say(text) },
        ...{ text: respond.say(message('method.add-one')), advice: null },
        primary: { label: respond.say(message('action.activate')), href: url },
      },
      json: { ...json, url },
    });
  };
}
