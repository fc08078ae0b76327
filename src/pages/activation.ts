import type { Request, Response } from 'express';
import { RequestError, UnavailableError } from '../errors.js';
import { nothingBinds } from '../gate/fresh-proof.js';
import { nextUrl } from '../gate/gate.js';
import { takeReturnTo } from '../gate/return-to.js';
import { offersAsJson } from '../gate/sign-in-again.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import { type EnrollableMethod, enrollableMethods } from '../methods/bound-method.js';
import type { Handler } from '../methods/pages.js';
import { readFields } from '../web/fields.js';
import type { Later, MethodLink } from '../web/locals.js';
import { choices } from './choices.js';
import { enrolling } from './enrolling.js';
import type { Place } from './enrolling-forms.js';
import type { PageConfig } from './page-config.js';
import { completeVerification } from './proof.js';
import { signInAgainPages, signInChoices, signInLinks } from './sign-in-again.js';
import { isUnbound } from './unbound.js';

/** The pages on which a person activates a method while signing in. */
export function activationPages(config: PageConfig) {
  const { path, respond } = config;
  const form = enrolling(config);
  const signInAgain = signInAgainPages(config);

  /** The methods this person may activate now; redirects others to their next step. */
  function offered(
    req: Request,
    res: Response,
    situation: KnownSituation,
    /** `orNone`: whoever has another way is told of none, where otherwise there would be an error. */
    { orNone = false } = {},
  ): EnrollableMethod[] | null {
    const { decision, facts } = situation;
    const volunteer =
      decision.kind === 'pass' && (decision.why === 'not-enrolled' || decision.why === 'postponed');
    if (decision.kind === 'challenge') {
      respond.onward(req, res, nextUrl(path, decision), { next: 'challenge' });
      return null;
    }
    if (decision.kind !== 'enroll' && !volunteer) {
      respond.onward(req, res, takeReturnTo(req, config), { next: 'done' });
      return null;
    }
    const found = enrollableMethods(config.methods, facts.policy.methods);
    if (found.length === 0 && !orNone) {
      throw new UnavailableError(
        'ERR_POLICY',
        'the policy accepts no method that can be activated',
      );
    }
    const binding = found.filter((method) => !isUnbound(situation, method));
    if (binding.length === 0 && !orNone) throw nothingBinds();
    return binding;
  }

  async function placeOf(
    req: Request,
    res: Response,
    situation: KnownSituation,
  ): Promise<Place | null> {
    const found = offered(req, res, situation);
    if (!found) return null;
    const method = found.find(({ name }) => name === req.params.method);
    if (!method) throw new RequestError(404, 'not_found', message('method.not-offered'));
    return {
      method,
      url: `${path}/activate/${method.name}`,
      others: [
        ...found.filter((other) => other !== method).map(linkTo),
        ...signInLinks(await config.signInOffers(req, situation)),
      ],
      later: later(situation),
      replaces: null,
      name: null,
    };
  }

  const urlOf = ({ name }: EnrollableMethod) => `${path}/activate/${name}`;

  function linkTo(method: EnrollableMethod): MethodLink {
    return { title: method.title, href: urlOf(method) };
  }

  function later({ decision }: KnownSituation): Later | null {
    return decision.kind === 'enroll' && decision.graceEndsAt
      ? {
          action: `${path}/postpone`,
          until: respond.times.onDate(decision.graceEndsAt),
          left: respond.times.timeLeft(decision.graceEndsAt.getTime() - config.now()),
        }
      : null;
  }

  const choose: Handler = async (req, res, situation) => {
    const offers = await config.signInOffers(req, situation);
    const found = offered(req, res, situation, { orNone: offers.length > 0 });
    if (!found) return;
    const json = {
      next: 'enroll',
      methods: found.map((method) => ({
        ...{ name: method.name, title: method.title, url: urlOf(method) },
      })),
    };
    // Whoever has given less there than is asked for would most likely give no more.
    if (offers.some(({ fits }) => fits) || found.length === 0) {
      return signInAgain.show(req, res, situation, offers, {
        ...{ others: found.map(linkTo), later: later(situation), json },
      });
    }
    const [only, ...others] = found;
    if (only && others.length === 0) {
      respond.onward(req, res, urlOf(only), { next: 'enroll', methods: [only.name] });
      return;
    }
    await respond.page(req, res, {
      view: 'choose-method',
      title: message('activate.title'),
      subject: situation.subject,
      locals: {
        ...{ purpose: 'activate', later: later(situation) },
        methods: [...choices(found, urlOf), ...signInChoices(offers)],
      },
      json: { ...json, ...offersAsJson(offers) },
    });
  };

  const show: Handler = async (req, res, situation) => {
    const place = await placeOf(req, res, situation);
    if (place) await form.show(req, res, situation, place);
  };

  const begin: Handler = async (req, res, situation) => {
    const place = await placeOf(req, res, situation);
    if (place) await form.start(req, res, situation, place, { restart: false });
  };

  const restart: Handler = async (req, res, situation) => {
    const place = await placeOf(req, res, situation);
    if (place) await form.start(req, res, situation, place, { restart: true });
  };

  const redeem: Handler = async (req, res, situation) => {
    const place = await placeOf(req, res, situation);
    if (place) await form.redeem(req, res, situation, place);
  };

  /** Whether the first one has made it active, so that this session is asked for it, and has no new one yet. */
  function isSecondClick(req: Request, situation: KnownSituation): boolean {
    const method = enrollableMethods(config.methods, situation.facts.policy.methods).find(
      ({ name }) => name === req.params.method,
    );
    if (situation.decision.kind !== 'challenge' || !method) return false;
    return form.isConfirming(req, situation, { method, replaces: null, name: null });
  }

  const confirm: Handler = async (req, res, situation) => {
    if (isSecondClick(req, situation) && (await config.tryAgain(req, res, true))) return;
    const place = await placeOf(req, res, situation);
    const verdict = place && (await form.confirm(req, res, situation, place));
    if (!verdict) return;
    await completeVerification(config, req, res, situation, place.method, verdict, {
      activated: true,
    });
  };

  const postpone: Handler = async (req, res, { subject, facts, decision }) => {
    readFields(req, {});
    if (decision.kind !== 'enroll' || !decision.graceEndsAt) {
      throw new RequestError(409, 'not_postponable', message('activate.not-postponable'));
    }
    req.session.sallyport = {
      ...req.session.sallyport,
      postponedUntil: decision.graceEndsAt.getTime(),
    };
    await config.renew(req, { subjectId: subject.id, epoch: facts.record.epoch });
    respond.onward(req, res, takeReturnTo(req, config), { next: 'done' });
  };

  return { choose, show, begin, restart, redeem, confirm, postpone };
}
