import type { Request, Response } from 'express';
import { RequestError, UnavailableError } from '../errors.js';
import { nothingBinds } from '../gate/fresh-proof.js';
import { nextUrl } from '../gate/gate.js';
import { takeReturnTo } from '../gate/return-to.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import { type EnrollableMethod, enrollableMethods } from '../methods/bound-method.js';
import type { Handler } from '../methods/pages.js';
import { readFields } from '../web/fields.js';
import type { Later } from '../web/locals.js';
import { choices } from './choices.js';
import { enrolling } from './enrolling.js';
import type { Place } from './enrolling-forms.js';
import type { PageConfig } from './page-config.js';
import { openDoor } from './proof.js';
import { isUnbound } from './unbound.js';

/** The pages on which a person activates a method on the way in. */
export function activationPages(config: PageConfig) {
  const { path, respond } = config;
  const form = enrolling(config);

  /** The methods this person may activate now; sends everybody else where they belong. */
  function offered(
    req: Request,
    res: Response,
    situation: KnownSituation,
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
    if (found.length === 0) {
      throw new UnavailableError(
        'ERR_POLICY',
        'the policy accepts no method that can be activated',
      );
    }
    const binding = found.filter((method) => !isUnbound(situation, method));
    if (binding.length === 0) throw nothingBinds();
    return binding;
  }

  function placeOf(req: Request, res: Response, situation: KnownSituation): Place | null {
    const found = offered(req, res, situation);
    if (!found) return null;
    const method = found.find(({ name }) => name === req.params.method);
    if (!method) throw new RequestError(404, 'not_found', message('method.not-offered'));
    return {
      method,
      url: `${path}/activate/${method.name}`,
      others: found
        .filter((other) => other !== method)
        .map(({ name, title }) => ({ title, href: `${path}/activate/${name}` })),
      later: later(situation),
      replaces: null,
      name: null,
    };
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
    const found = offered(req, res, situation);
    if (!found) return;
    const urlOf = ({ name }: EnrollableMethod) => `${path}/activate/${name}`;
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
        ...{ purpose: 'activate', methods: choices(found, urlOf) },
        later: later(situation),
      },
      json: {
        next: 'enroll',
        methods: found.map((method) => ({
          ...{ name: method.name, title: method.title, url: urlOf(method) },
        })),
      },
    });
  };

  const show: Handler = async (req, res, situation) => {
    const place = placeOf(req, res, situation);
    if (place) await form.show(req, res, situation, place);
  };

  const begin: Handler = async (req, res, situation) => {
    const place = placeOf(req, res, situation);
    if (place) await form.start(req, res, situation, place, { restart: false });
  };

  const restart: Handler = async (req, res, situation) => {
    const place = placeOf(req, res, situation);
    if (place) await form.start(req, res, situation, place, { restart: true });
  };

  const redeem: Handler = async (req, res, situation) => {
    const place = placeOf(req, res, situation);
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
    const place = placeOf(req, res, situation);
    const verdict = place && (await form.confirm(req, res, situation, place));
    if (!verdict) return;
    await openDoor(config, req, res, situation, place.method, verdict, { activated: true });
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
