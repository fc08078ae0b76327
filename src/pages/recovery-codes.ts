import type { Request, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { Keyring, SecondFactorStore } from '../contracts.js';
import { RequestError } from '../errors.js';
import type { KnownSituation } from '../gate/inspect.js';
import type { RequireFresh } from '../gate/step-up.js';
import { newRecoveryCodes } from '../methods/recovery-code/codes.js';
import { RECOVERY_CODE } from '../methods/recovery-code/method.js';
import type { Handler } from './enrolling.js';
import { readFields } from './fields.js';
import type { Responder } from './respond.js';

export interface RecoveryCodesConfig {
  readonly path: string;
  readonly store: Pick<SecondFactorStore, 'replaceRecoveryCodes' | 'readSubject'>;
  readonly keyring: Keyring;
  readonly audit: Audit;
  readonly respond: Responder;
  readonly requireFresh: RequireFresh;
}

export type RecoveryCodePages = ReturnType<typeof recoveryCodePages>;

/** From here on the person is told that they are running out. */
const FEW = 2;

/** Recovery codes: made at the first activation and anew from My Profile; shown once. */
export function recoveryCodePages({
  path,
  store,
  keyring,
  audit,
  respond,
  requireFresh,
}: RecoveryCodesConfig) {
  const profile = `${path}/profile`;

  /** Whether a person who has just activated a method gets their codes now. */
  function due({ facts }: KnownSituation): boolean {
    return facts.policy.methods.includes(RECOVERY_CODE) && facts.record.recoveryCodesLeft === null;
  }

  /** Makes new codes, which void the old ones, and shows them: on the answer to a POST, and nowhere else. */
  async function makeAndShow(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    { epoch, onward }: { readonly epoch: number; readonly onward: string },
  ): Promise<void> {
    const { codes, digests } = newRecoveryCodes(keyring, subject);
    // Whoever was reset a moment ago has no right to codes that would outlive the reset.
    if (!(await store.replaceRecoveryCodes(subject.id, digests, epoch))) {
      throw new RequestError(
        409,
        'superseded',
        'Your methods have changed meanwhile, so no recovery codes were made.',
        profile,
      );
    }
    audit.record('recovery-codes.made', { subject, method: RECOVERY_CODE, from: req.ip ?? null });
    await respond.page(req, res, {
      view: 'recovery-codes',
      title: 'Your recovery codes',
      subject,
      locals: { codes, download: textFile(subject.label, codes), onward },
      json: { next: 'done', url: onward, recoveryCodes: codes },
    });
  }

  /** After a login with a recovery code: how many are left. */
  async function showLeft(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    onward: string,
  ): Promise<void> {
    const left = (await store.readSubject(subject.id)).recoveryCodesLeft ?? 0;
    await respond.page(req, res, {
      view: 'recovery-codes-left',
      title: 'Recovery code used',
      subject,
      locals: { left, few: left <= FEW, profile, onward },
      json: { next: 'done', url: onward, recoveryCodesLeft: left },
    });
  }

  function offered({ facts }: KnownSituation): void {
    const { policy, record } = facts;
    if (!policy.methods.includes(RECOVERY_CODE) || record.enrollments.length === 0) {
      throw new RequestError(404, 'not_found', 'Recovery codes are not offered to you.');
    }
  }

  const askRenew: Handler = async (req, res, situation) => {
    offered(situation);
    if (!(await requireFresh(req, res, profile))) return;
    await respond.page(req, res, {
      view: 'confirm',
      title: 'New recovery codes',
      subject: situation.subject,
      locals: {
        heading: 'Make new recovery codes?',
        text: 'You get ten new ones, shown once. The old ones are void at once.',
        action: `${profile}/recovery-codes`,
        confirm: 'Make new codes',
        cancel: profile,
        danger: false,
      },
      json: { next: 'confirm', left: situation.facts.record.recoveryCodesLeft },
    });
  };

  const renew: Handler = async (req, res, situation) => {
    readFields(req, []);
    offered(situation);
    if (!(await requireFresh(req, res, profile))) return;
    const { epoch } = situation.facts.record;
    await makeAndShow(req, res, situation, { epoch, onward: profile });
  };

  return { due, makeAndShow, showLeft, askRenew, renew };
}

/** The codes as a file to save, in the link itself: nothing more has to be asked of the server. */
function textFile(label: string, codes: readonly string[]): string {
  const text = `Recovery codes of ${label}\nEach works once.\n\n${codes.join('\n')}\n`;
  return `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
}
