import type { Request, Response } from 'express';
import type { Keyring, SecondFactorStore, Sentence, Subject } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { bindingProof } from '../../gate/binding-proof.js';
import type { KnownSituation } from '../../gate/situation.js';
import { wellFormed } from '../../names.js';
import { readFields } from '../../web/fields.js';
import type { BoundMethod } from '../bound-method.js';
import { keptCodesLeft } from '../kept-codes.js';
import type { Handler, MethodPages, MethodWeb } from '../pages.js';
import { newRecoveryCodes, type RecoveryCodeBits, recoveryCodeDigests } from './codes.js';
import type { RecoveryCodesLeftLocals, RecoveryCodesLocals } from './locals.js';
import { type UnkeptCodes, unkeptCodes } from './unkept-codes.js';
import { recoveryCodeWords } from './words.js';

export interface RecoveryCodePagesConfig {
  readonly web: MethodWeb;
  readonly store: Pick<
    SecondFactorStore,
    'replaceRecoveryCodes' | 'keepRecoveryCodes' | 'readSubject' | 'now'
  >;
  readonly keyring: Keyring;
  readonly bits: RecoveryCodeBits;
  /** Whether codes that were imported as hashes can be verified. */
  readonly readsHashes: boolean;
}

/** From this number on, the person is told that the codes are running out. */
const FEW = 2;

/**
 * Recovery codes are made at the first activation, and again from My Profile. They are shown only in the session that
 * made them, for a short while, until their owner says that they are kept.
 */
export function recoveryCodePages({
  web,
  store,
  keyring,
  bits,
  readsHashes,
}: RecoveryCodePagesConfig): MethodPages {
  const { path, audit, respond, requireFresh, own } = web;
  const profile = `${path}/profile`;
  const page = `${path}/recovery-codes`;
  const unkept = unkeptCodes({ keyring, now: web.now });

  /** Whether a person who has just activated a method gets their codes now. */
  function due({ facts }: KnownSituation, method: BoundMethod): boolean {
    const { policy, record } = facts;
    const first = record.enrollments.length === 0;
    if (!first && !binds(facts, method)) return false;
    const needed = first || !record.recoveryCodesKept || cannotUseAny(record);
    return policy.methods.includes(own.name) && needed;
  }

  /** Codes count in every organization, so a method that counts only here is not enough to get them. */
  function binds(facts: KnownSituation['facts'], { scope }: BoundMethod): boolean {
    return scope !== 'organization' || bindingProof(facts) === 'here';
  }

  /** Whether none of the codes of this person can be used. */
  function cannotUseAny({ foreignCodes }: KnownSituation['facts']['record']): boolean {
    return foreignCodes === 'hashed' && !readsHashes;
  }

  /** Makes new codes, which void the old ones, and shows them. */
  async function makeAndShow(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    { epoch, onward }: { readonly epoch: number; readonly onward: string },
  ): Promise<void> {
    const { codes, digests } = newRecoveryCodes(keyring, subject, bits);
    // Prepared before the old codes are void, or a page that cannot be made would leave the person without codes.
    const send = await prepared(req, res, subject, { codes, onward });
    // A subject who was just reset must not get codes that outlive the reset.
    if (!(await store.replaceRecoveryCodes(subject.id, digests, epoch))) {
      throw new RequestError(409, 'superseded', recoveryCodeWords('codes.not-made'), profile);
    }
    audit.record('recovery-codes.made', { subject, method: own.name, from: req });
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
      view: 'recovery-code/codes',
      title: recoveryCodeWords('codes.title'),
      subject,
      locals: {
        ...{ codes, download: textFile(subject.label, codes, respond.say), keptAction: page },
      } satisfies Omit<RecoveryCodesLocals, 'frame'>,
      json: { next: 'done', url: onward, recoveryCodes: codes, keptUrl: page },
    });
  }

  /** GET: the codes that this session has made and that are not kept yet. */
  const showAgain: Handler = async (req, res, situation) => {
    const { subject } = situation;
    const codes = unkeptOf(req, situation);
    const send = codes && (await prepared(req, res, subject, codes));
    if (send) send();
    else respond.onward(req, res, profile, { next: 'done' });
  };

  /** POST: says that they are kept. */
  const kept: Handler = async (req, res, { subject }) => {
    readFields(req, {});
    const shown = unkept.read(req, subject);
    unkept.forget(req);
    // A second click changes nothing, and after too long new codes can be made in My Profile.
    if (shown === null) {
      respond.onward(req, res, web.onward(req), { next: 'done' });
      return;
    }
    // With all of them, since one may be spent by now.
    const digests = shown.codes.flatMap(
      (code) => recoveryCodeDigests(keyring, subject, code) ?? [],
    );
    if (!(await store.keepRecoveryCodes(subject.id, digests))) {
      throw new RequestError(409, 'superseded', recoveryCodeWords('codes.void'), profile);
    }
    respond.onward(req, res, shown.onward, { next: 'done' });
  };

  /** The page of codes that are not kept yet; null for none. */
  function unkeptUrl(req: Request, situation: KnownSituation): string | null {
    return unkeptOf(req, situation) === null ? null : page;
  }

  /** None once a code was used: its owner has them, and a spent one would be shown among them. */
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
      view: 'recovery-code/left',
      title: recoveryCodeWords('used.title'),
      subject,
      locals: { left, few: left <= FEW, profile, onward } satisfies Omit<
        RecoveryCodesLeftLocals,
        'frame'
      >,
      json: { next: 'done', url: onward, recoveryCodesLeft: left },
    });
  }

  function offered({ facts }: KnownSituation): void {
    const { policy, record } = facts;
    if (!policy.methods.includes(own.name) || record.enrollments.length === 0) {
      throw new RequestError(404, 'not_found', recoveryCodeWords('codes.not-offered'));
    }
  }

  /**
   * Codes count in every organization. If a first factor needs an activation key, so do codes, and none can be
   * entered here: an app, or a reset with new codes at the activation, comes first.
   */
  function lacksKey({ facts }: KnownSituation): boolean {
    return facts.policy.enrollment === 'activation-key' && bindingProof(facts) === 'here';
  }

  function refuseWithoutKey(situation: KnownSituation): void {
    if (!lacksKey(situation)) return;
    throw new RequestError(
      403,
      'activation_key_needed',
      recoveryCodeWords('codes.key-needed'),
      profile,
    );
  }

  const askRenew: Handler = async (req, res, situation) => {
    offered(situation);
    refuseWithoutKey(situation);
    if (!(await requireFresh(req, res, profile, { binding: true }))) return;
    await respond.page(req, res, {
      view: 'confirm',
      title: recoveryCodeWords('renew.title'),
      subject: situation.subject,
      locals: {
        heading: respond.say(recoveryCodeWords('renew.heading')),
        text: respond.say(recoveryCodeWords('renew.text')),
        action: `${profile}/recovery-codes`,
        confirm: respond.say(recoveryCodeWords('renew.button')),
        cancel: profile,
        danger: false,
      },
      json: { next: 'confirm', left: keptCodesLeft(situation.facts.record) },
    });
  };

  const renew: Handler = async (req, res, situation) => {
    readFields(req, {});
    offered(situation);
    refuseWithoutKey(situation);
    if (!(await requireFresh(req, res, profile, { binding: true }))) return;
    const { epoch } = situation.facts.record;
    await makeAndShow(req, res, situation, { epoch, onward: profile });
  };

  return {
    routes: [
      { verb: 'get', path: '/recovery-codes', admits: 'inside', handler: showAgain },
      { verb: 'post', path: '/recovery-codes', admits: 'inside', handler: kept },
      { verb: 'get', path: '/profile/recovery-codes', admits: 'inside', handler: askRenew },
      { verb: 'post', path: '/profile/recovery-codes', admits: 'inside', handler: renew },
    ],

    async afterActivation(req, res, situation, { method, epoch, onward }) {
      if (!due(situation, method)) return false;
      await makeAndShow(req, res, situation, { epoch, onward });
      return true;
    },

    async afterLogin(req, res, situation, { method, epoch, onward }) {
      const { policy, record } = situation.facts;
      if (!cannotUseAny(record) || !policy.methods.includes(own.name)) return false;
      if (!binds(situation.facts, method) || lacksKey(situation)) return false;
      await makeAndShow(req, res, situation, { epoch, onward });
      return true;
    },

    async afterProof(req, res, situation, onward) {
      await showLeft(req, res, situation, onward);
      return true;
    },

    unfinished: unkeptUrl,

    profile(req, situation) {
      const { policy, record } = situation.facts;
      if (!policy.methods.includes(own.name) || record.enrollments.length === 0) return null;
      return {
        view: 'recovery-code/profile',
        locals: {
          left: keptCodesLeft(record) ?? 0,
          unkept: record.recoveryCodesLeft !== null && !record.recoveryCodesKept,
          showHref: unkeptUrl(req, situation),
          href: `${profile}/recovery-codes`,
        },
      };
    },

    profileJson: ({ facts: { record } }) => ({
      recoveryCodesLeft: keptCodesLeft(record),
      recoveryCodesKept: record.recoveryCodesKept,
    }),
  };
}

/** The maximum length of a name in the file, since a link has no room for thousands of characters. */
const LABEL_SHOWN = 200;

/** The codes as a file to save, within the link, so that no further request is needed. */
function textFile(
  label: string,
  codes: readonly string[],
  say: (sentence: Sentence) => string,
): string {
  const whose = wellFormed(label.slice(0, LABEL_SHOWN)).replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ');
  const heading = say(recoveryCodeWords('codes.file-heading', { label: whose }));
  const once = say(recoveryCodeWords('codes.file-text'));
  const text = `${heading}\n${once}\n\n${codes.join('\n')}\n`;
  return `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
}
