import type { Request, Response } from 'express';
import type { Challenge, EnrollableMethod } from '../contracts.js';
import type { KnownSituation } from '../gate/situation.js';
import { totpEnrollment } from '../methods/totp/enrollment-data.js';
import { keySettings } from '../methods/totp/words.js';
import { isolated, NAME_LENGTH } from '../names.js';
import type { Later, MethodLink } from '../web/locals.js';
import { besideProtocol } from '../web/protocol.js';
import { qrSvg } from '../web/qr.js';
import type { Responder } from '../web/respond.js';
import type { Refusal } from './proof.js';

/** Where an enrollment takes place: at login, or in My Profile. */
export interface Place {
  readonly method: EnrollableMethod;
  /** GET shows the form, POST confirms it; `/begin`, `/restart` and `/key` below it are POST. */
  readonly url: string;
  readonly others: readonly MethodLink[];
  readonly later: Later | null;
  /** The enrollment that is replaced, in My Profile. */
  readonly replaces: string | null;
  /** What the new one is called unless its owner names it otherwise; null where it is not named. */
  readonly name: string | null;
}

/** The forms of an enrollment, as pages and as JSON. `wrong`: what was wrong with the answer before. */
export function enrollingForms(respond: Pick<Responder, 'page'>) {
  /** One button: a GET begins nothing in the place of what may have been begun elsewhere. */
  async function showBegin(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later, replaces }: Place,
  ): Promise<void> {
    const action = `${url}/begin`;
    await respond.page(req, res, {
      view: 'activate-begin',
      title: 'Activate two-factor',
      subject: situation.subject,
      locals: {
        action,
        ...method.words.begin,
        replaces: replaces !== null,
        otherMethods: others,
        later,
      },
      json: {
        next: 'enroll',
        method: method.name,
        url,
        begin: action,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  async function showKey(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later, name }: Place,
    challenge: Challenge,
    wrong: Refusal | null,
  ): Promise<void> {
    const shown = totpEnrollment(challenge);
    const { enrollment, key, uri, account, issuer, digits } = shown;
    const qr = qrSvg(uri, `QR code of the key for ${isolated(account)}`);
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activate-totp',
      title: 'Activate two-factor',
      subject: situation.subject,
      locals: {
        action: url,
        restartAction: `${url}/restart`,
        enrollment,
        key,
        qr,
        uri,
        account,
        issuer,
        digits,
        settings: keySettings(shown),
        name,
        nameLength: NAME_LENGTH,
        ...said(wrong),
        otherMethods: others,
        later,
      },
      json: besideProtocol(
        { ...challenge.data, qr },
        {
          ...asJson(wrong),
          next: 'enroll',
          method: method.name,
          url,
          graceEndsAt: later?.until.iso ?? null,
        },
      ),
    });
  }

  /** The key was shown to the administrator alone: a stolen password must not be enough to see it. */
  async function showHandedOver(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others }: Place,
    challenge: Challenge,
    wrong: Refusal | null,
  ): Promise<void> {
    const { enrollment, issuer, digits } = totpEnrollment(challenge);
    const alone = situation.facts.policy.enrollment === 'self';
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activate-handover',
      title: 'Activate two-factor',
      subject: situation.subject,
      locals: {
        action: url,
        restartAction: alone ? `${url}/restart` : null,
        enrollment,
        issuer,
        digits,
        ...said(wrong),
        otherMethods: others,
      },
      json: {
        ...asJson(wrong),
        next: 'enroll',
        method: method.name,
        url,
        enrollment,
        digits,
        handedOver: true,
      },
    });
  }

  async function showActivationKey(
    req: Request,
    res: Response,
    situation: KnownSituation,
    { method, url, others, later }: Place,
    wrong: Refusal | null,
  ): Promise<void> {
    await respond.page(req, res, {
      status: wrong?.status ?? 200,
      view: 'activation-key',
      title: 'Enter your activation key',
      subject: situation.subject,
      locals: { action: `${url}/key`, error: wrong?.message ?? null, otherMethods: others, later },
      json: {
        ...asJson(wrong),
        next: 'activation-key',
        method: method.name,
        url: `${url}/key`,
        graceEndsAt: later?.until.iso ?? null,
      },
    });
  }

  return { showBegin, showKey, showHandedOver, showActivationKey };
}

function said(wrong: Refusal | null) {
  return { error: wrong?.message ?? null, retryAt: wrong?.retryAt ?? null };
}

function asJson(wrong: Refusal | null): Record<string, unknown> {
  return wrong
    ? {
        error: wrong.error,
        message: wrong.message,
        retryAt: wrong.retryAt?.iso ?? null,
        ...(wrong.clockOffMs !== null && { clockOffSeconds: wrong.clockOffMs / 1000 }),
      }
    : {};
}
