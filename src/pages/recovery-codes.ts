import type { Request, Response } from 'express';
import type { Audit } from '../audit/events.js';
import type { Keyring, SecondFactorMethod, SecondFactorStore, Subject } from '../contracts.js';
import { RequestError } from '../errors.js';
import { bindingProof } from '../gate/binding-proof.js';
import { takeReturnTo } from '../gate/return-to.js';
import type { KnownSituation } from '../gate/situation.js';
import type { RequireFresh } from '../gate/step-up.js';
import {
  keptCodesLeft,
  newRecoveryCodes,
  type RecoveryCodeBits,
  recoveryCodeDigests,
} from '../methods/recovery-code/codes.js';
import { RECOVERY_CODE } from '../methods/recovery-code/method.js';
import { wellFormed } from '../names.js';
import { readFields } from '../web/fields.js';
import type { Places } from '../web/places.js';
import type { Responder } from '../web/respond.js';
import type { Handler } from './enrolling.js';
import { type UnkeptCodes, unkeptCodes } from './unkept-codes.js';

export interface RecoveryCodesConfig extends Places {
  readonly store: Pick<
    SecondFactorStore,
    'replaceRecoveryCodes' | 'keepRecoveryCodes' | 'readSubject' | 'now'
  >;
  readonly keyring: Keyring;
  readonly bits: RecoveryCodeBits;
  readonly audit: Audit;
  readonly respond: Responder;
  readonly requireFresh: RequireFresh;
}

export type RecoveryCodePages = ReturnType<typeof recoveryCodePages>;

/** From here on the person is told that they are running out. */
const FEW = 2;

/**
 * Recovery codes: made at the first activation and anew from My Profile. They are shown until their owner says
 * that they are kept, for a short while, in the one session that made them; and never again.
 */
export function recoveryCodePages({
  store,
  keyring,
  bits,
  audit,
  respond,
  requireFresh,
  ...returnTo
}: RecoveryCodesConfig) {
  const { path } = returnTo;
  const profile = `${path}/profile`;
  const page = `${path}/recovery-codes`;
  const unkept = unkeptCodes({ keyring, now: () => store.now() });

  /** Whether a person who has just activated a method gets their codes now. */
  function due({ facts: { policy, record } }: KnownSituation, method: SecondFactorMethod): boolean {
    const first = record.enrollments.length === 0;
    // Codes count everywhere, and what counts here alone may have been activated on less.
    const binds = method.scope !== 'organization' || bindingProof(record, policy) === 'here';
    if (!first && !binds) return false;
    return policy.methods.includes(RECOVERY_CODE) && (first || !record.recoveryCodesKept);
  }

  /** Makes new codes, which void the old ones, and shows them. */
  async function makeAndShow(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    { epoch, onward }: { readonly epoch: number; readonly onward: string },
  ): Promise<void> {
    const { codes, digests } = newRecoveryCodes(keyring, subject, bits);
    // Before anything is void: new codes that no page can show would leave this person with none.
    const send = await prepared(req, res, subject, { codes, onward });
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
    unkept.put(req, subject, { codes, onward });
    send();
  }

  function prepared(
    req: Request,
    res: Response,
    subject: Subject,
    { codes, onward }: UnkeptCodes,
  ): Promise<() => void> {
    return respond.prepare(req, res, {
      view: 'recovery-codes',
      title: 'Your recovery codes',
      subject,
      locals: { codes, download: textFile(subject.label, codes), keptAction: page },
      json: { next: 'done', url: onward, recoveryCodes: codes, keptUrl: page },
    });
  }

  /** GET: the codes that this session has made and nobody has kept. */
  const showAgain: Handler = async (req, res, situation) => {
    const { subject } = situation;
    const codes = unkeptOf(req, situation);
    const send = codes && (await prepared(req, res, subject, codes));
    if (send) send();
    else respond.onward(req, res, profile, { next: 'done' });
  };

  /** POST: they are kept. */
  const kept: Handler = async (req, res, { subject }) => {
    readFields(req, []);
    const shown = unkept.read(req, subject);
    unkept.forget(req);
    // Neither of two clicks takes anything back, and whoever took too long finds new codes in My Profile.
    if (shown === null) {
      respond.onward(req, res, takeReturnTo(req, returnTo), { next: 'done' });
      return;
    }
    // All of them: one may be spent by now.
    const digests = shown.codes.flatMap(
      (code) => recoveryCodeDigests(keyring, subject, code) ?? [],
    );
    if (!(await store.keepRecoveryCodes(subject.id, digests))) {
      throw new RequestError(
        409,
        'superseded',
        'These codes are void: new ones were made meanwhile. Keep those, or make new ones.',
        profile,
      );
    }
    respond.onward(req, res, shown.onward, { next: 'done' });
  };

  /** Where codes are shown that nobody has kept yet; null when there are none. */
  function unkeptUrl(req: Request, situation: KnownSituation): string | null {
    return unkeptOf(req, situation) === null ? null : page;
  }

  /** Whoever has used one of them has them; shown again, the spent one would stand among them. */
  function unkeptOf(req: Request, { subject, facts }: KnownSituation): UnkeptCodes | null {
    return facts.record.recoveryCodesKept ? null : unkept.read(req, subject);
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

  /**
   * Codes count in every organization. Where a first factor wants an activation key, so do they, and there is
   * none to enter here: an app, or a reset with new codes at the activation, comes first.
   */
  function refuseWithoutKey({ facts: { record, policy } }: KnownSituation): void {
    if (policy.enrollment !== 'activation-key' || bindingProof(record, policy) !== 'here') return;
    throw new RequestError(
      403,
      'activation_key_needed',
      'Your organization wants an activation key for whatever counts everywhere. Activate an authenticator app with one first, or ask an administrator to reset your two-factor authentication.',
      profile,
    );
  }

  const askRenew: Handler = async (req, res, situation) => {
    offered(situation);
    refuseWithoutKey(situation);
    if (!(await requireFresh(req, res, profile, { binding: true }))) return;
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
      json: { next: 'confirm', left: keptCodesLeft(situation.facts.record) },
    });
  };

  const renew: Handler = async (req, res, situation) => {
    readFields(req, []);
    offered(situation);
    refuseWithoutKey(situation);
    if (!(await requireFresh(req, res, profile, { binding: true }))) return;
    const { epoch } = situation.facts.record;
    await makeAndShow(req, res, situation, { epoch, onward: profile });
  };

  return { due, makeAndShow, showLeft, askRenew, renew, showAgain, kept, unkept: unkeptUrl };
}

/** Of a name in the file: whose they are should be seen, and a link has no room for thousands of characters. */
const LABEL_SHOWN = 200;

/** The codes as a file to save, in the link itself: nothing more has to be asked of the server. */
function textFile(label: string, codes: readonly string[]): string {
  const whose = wellFormed(label.slice(0, LABEL_SHOWN)).replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ');
  const text = `Recovery codes of ${whose}\nEach works once.\n\n${codes.join('\n')}\n`;
  return `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
}
