import type { Request, Response } from 'express';
import type { PassportStatic } from 'passport';
import type { Attempt, EnrollableMethod, MethodName, SecondFactorMethod } from '../contracts.js';
import { RequestError, UnavailableError } from '../errors.js';
import { nextUrl } from '../gate/gate.js';
import type { KnownSituation } from '../gate/inspect.js';
import { takeReturnTo } from '../gate/return-to.js';
import { isEnrollable } from '../methods/attempt.js';
import type { TotpEnrollmentData } from '../methods/totp/method.js';
import { saveSession } from '../session/elevate.js';
import { readFields } from './fields.js';
import type { Later } from './locals.js';
import { type OpenDoorConfig, openDoor, prove, type Refusal, refusal } from './proof.js';
import { qrSvg } from './qr.js';
import { onDate } from './wording.js';

export interface PageConfig extends OpenDoorConfig {
  readonly methods: ReadonlyMap<MethodName, SecondFactorMethod>;
  readonly passport: PassportStatic;
  readonly attemptOf: (situation: KnownSituation, input: Attempt['input']) => Attempt;
  readonly now: () => number;
}

type Handler = (req: Request, res: Response, situation: KnownSituation) => Promise<void>;

/** The pages on which a person activates a method. */
export function activationPages(config: PageConfig) {
  const { path, respond, now } = config;

  /** The methods this person may activate now; sends everybody else where they belong. */
  function offered(
    req: Request,
    res: Response,
    situation: KnownSituation,
  ): EnrollableMethod[] | null {
    const { decision, facts } = situation;
    const volunteer = decision.kind === 'pass' && decision.why === 'not-enrolled';
    if (decision.kind === 'challenge') {
      respond.onward(req, res, nextUrl(path, decision), { next: 'challenge' });
      return null;
    }
    if (decision.kind !== 'enroll' && !volunteer) {
      respond.onward(req, res, takeReturnTo(req, config), { next: 'done' });
      return null;
    }
    const found = facts.policy.methods
      .map((name) => config.methods.get(name))
      .filter((method) => method !== undefined)
      .filter(isEnrollable);
    if (found.length === 0) {
      throw new UnavailableError(
        'ERR_POLICY',
        'the policy accepts no method that can be activated',
      );
    }
    return found;
  }

  function one(found: readonly EnrollableMethod[], req: Request): EnrollableMethod {
    const method = found.find(({ name }) => name === req.params.method);
    if (!method) throw new RequestError(404, 'not_found', 'This method is not offered to you.');
    return method;
  }

  function later({ decision }: KnownSituation): Later | null {
    return decision.kind === 'enroll' && decision.graceEndsAt
      ? { action: `${path}/postpone`, until: onDate(decision.graceEndsAt) }
      : null;
  }

  async function show(
    req: Request,
    res: Response,
    situation: KnownSituation,
    found: readonly EnrollableMethod[],
    method: EnrollableMethod,
    wrong: Refusal | null,
  ): Promise<void> {
    const { subject, facts } = situation;
    const basis = facts.record.enrollments.length === 0 ? 'first' : 'proven';
    const attempt = config.attemptOf(situation, {});
    const { data } = await method.beginEnrollment(attempt, { restart: false, basis });
    const shown = data as unknown as TotpEnrollmentData;
    const action = `${path}/activate/${method.name}`;
    const qr = qrSvg(shown.uri, `QR code of the key for ${shown.account}`);
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activate-totp',
      title: 'Activate two-factor',
      subject,
      locals: {
        action,
        restartAction: `${action}/restart`,
        enrollment: shown.enrollment,
        key: shown.key,
        qr,
        account: shown.account,
        issuer: shown.issuer,
        digits: shown.digits,
        error: wrong?.message ?? null,
        retryAt: wrong?.retryAt ?? null,
        otherMethods: found
          .filter((other) => other !== method)
          .map(({ name, title }) => ({ title, href: `${path}/activate/${name}` })),
        later: later(situation),
      },
      json: {
        ...(wrong
          ? { error: wrong.error, message: wrong.message, retryAt: wrong.retryAt?.iso ?? null }
          : {}),
        next: 'enroll',
        method: method.name,
        url: action,
        ...data,
        qr,
        graceEndsAt: situation.decision.kind === 'enroll' ? situation.decision.graceEndsAt : null,
      },
    });
  }

  const choose: Handler = async (req, res, situation) => {
    const found = offered(req, res, situation);
    if (!found) return;
    const links = found.map(({ name, title }) => ({
      name,
      title,
      href: `${path}/activate/${name}`,
      description: null,
    }));
    const [only] = links;
    if (only && links.length === 1) {
      respond.onward(req, res, only.href, { next: 'enroll', methods: [only.name] });
      return;
    }
    await respond.page(req, res, {
      view: 'choose-method',
      title: 'Activate two-factor',
      subject: situation.subject,
      locals: { purpose: 'activate', methods: links, later: later(situation) },
      json: {
        next: 'enroll',
        methods: links.map(({ name, title, href }) => ({ name, title, url: href })),
      },
    });
  };

  const begin: Handler = async (req, res, situation) => {
    const found = offered(req, res, situation);
    if (found) await show(req, res, situation, found, one(found, req), null);
  };

  const restart: Handler = async (req, res, situation) => {
    readFields(req, []);
    const found = offered(req, res, situation);
    if (!found) return;
    const method = one(found, req);
    const basis = situation.facts.record.enrollments.length === 0 ? 'first' : 'proven';
    await method.beginEnrollment(config.attemptOf(situation, {}), { restart: true, basis });
    respond.onward(req, res, `${path}/activate/${method.name}`, { next: 'enroll' });
  };

  const confirm: Handler = async (req, res, situation) => {
    readFields(req, ['code', 'enrollment']);
    const found = offered(req, res, situation);
    if (!found) return;
    const method = one(found, req);
    const operation = { kind: 'confirm', replaces: null } as const;
    const verdict = await prove(config.passport, req, res, method.name, operation);
    switch (verdict.kind) {
      case 'verified':
        return openDoor(config, req, res, situation, method.name, verdict);
      case 'rejected':
      case 'locked': {
        const wrong = refusal(verdict, { digits: 6, now: now(), res });
        return show(req, res, situation, found, method, wrong);
      }
      case 'unavailable':
        throw verdict.cause;
      default:
        verdict satisfies never;
    }
  };

  const postpone: Handler = async (req, res, { decision }) => {
    readFields(req, []);
    if (decision.kind !== 'enroll' || !decision.graceEndsAt) {
      throw new RequestError(409, 'not_postponable', 'Two-factor can no longer be postponed.');
    }
    req.session.sallyport = {
      ...req.session.sallyport,
      postponedUntil: decision.graceEndsAt.getTime(),
    };
    const url = takeReturnTo(req, config);
    await saveSession(req);
    respond.onward(req, res, url, { next: 'done' });
  };

  return { choose, begin, restart, confirm, postpone };
}
