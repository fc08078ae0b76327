import {
  type Attempt,
  authorityId,
  type Challenge,
  type EnrollableMethod,
  type Keyring,
  type PendingEnrollment,
  type RefusalReason,
  type SecondFactorStore,
  type Subject,
  type Verdict,
  type WhenUnavailable,
} from '../../contracts.js';
import { randomId } from '../../crypto/random.js';
import { RequestError, UnavailableError } from '../../errors.js';
import { basisHolds, besidesOf } from '../attempt.js';
import { isAnswer, readAnswer } from './answer.js';
import { duoBudget } from './budget.js';
import type { DuoClient, DuoClients } from './client.js';
import { openCredentials, type ReadConfiguration } from './credentials.js';
import { DEFAULT_ACCEPTED } from './factors.js';
import { DuoError } from './failure.js';
import { duoNames } from './names.js';
import { readResult } from './result.js';
import { type DuoTransaction, duoTransactions } from './transaction.js';
import { DUO_WORDS } from './words.js';

const TITLE = 'Duo Security';
const MAX_LABEL = 64;

export interface DuoConfig {
  readonly store: Pick<
    SecondFactorStore,
    | 'readSubject'
    | 'putTransaction'
    | 'takeTransaction'
    | 'beginEnrollment'
    | 'resumeEnrollment'
    | 'confirmEnrollment'
    | 'commitAttempt'
    | 'countUse'
    | 'claim'
    | 'now'
  >;
  readonly keyring: Keyring;
  readonly clients: DuoClients;
  readonly configurationOf: ReadConfiguration;
  /** The name by which Duo knows a subject. */
  readonly username: (subject: Subject) => string;
  /** What a phone is to show as the place of a login by keys that the partner lends; null for nothing. */
  readonly destination?: (subject: Subject) => string | null;
  /** Replaces the origin of the prompt's address, so that a browser reaches a simulator; null for Duo. */
  readonly promptOrigin: string | null;
  readonly enrollmentMaxAgeMs: number;
}

export interface DuoMethod extends EnrollableMethod {
  /** What the tenant has chosen for the time that Duo cannot be reached. */
  whenUnavailable(attempt: Attempt): Promise<WhenUnavailable>;
  /** How Duo fails now; null when it answers. */
  outage(attempt: Attempt): Promise<DuoError | null>;
}

/** What one visit to the prompt came to. */
type Redeemed =
  | {
      readonly kind: 'allowed';
      readonly transaction: DuoTransaction;
      readonly device: string | null;
      readonly loginOnly: boolean;
      readonly detail: string;
    }
  | Extract<Verdict, { kind: 'rejected' }>;

/**
 * Duo through its Universal Prompt. Nothing is guessable here and so nothing is counted: what is redeemed is a
 * transaction of ours, single use, and Duo's signed word for it.
 */
export function duo(config: DuoConfig): DuoMethod {
  const { store, keyring, clients, username: usernameOf } = config;
  const transactions = duoTransactions({ store, keyring });
  const spend = duoBudget({ store });
  const ownName = duoNames({ store });

  async function configured({ policy }: Attempt) {
    if (!policy.duo) {
      throw new RequestError(
        403,
        'duo_not_offered',
        'Duo Security is not set up for your organization (any longer). Ask your administrator for help.',
      );
    }
    const { source } = policy.duo;
    const configuration = await config.configurationOf(source);
    if (!configuration) {
      throw new UnavailableError('ERR_POLICY', `${source} has no keys for Duo, as the policy says`);
    }
    return { source, ...configuration };
  }

  /** Whose Duo it is: an activation at one account is none at any other. */
  async function accountOf(attempt: Attempt): Promise<string> {
    return authorityId((await configured(attempt)).keys.apiHost);
  }

  async function connect(
    attempt: Attempt,
  ): Promise<Pick<DuoTransaction, 'source' | 'keys'> & { readonly client: DuoClient }> {
    const { source, keys } = await configured(attempt);
    const client = clients(openCredentials(keyring, source, keys));
    await spend(attempt);
    await client.healthCheck();
    return { source, keys, client };
  }

  async function prompt(
    attempt: Attempt,
    purpose: Pick<DuoTransaction, 'purpose' | 'enrollment'>,
    data: Challenge['data'] = {},
  ): Promise<Challenge> {
    const { subject, session } = attempt;
    const username = usernameOf(subject);
    if (typeof username !== 'string' || username.trim() === '') {
      throw new UnavailableError('ERR_SUBJECT', 'duo.username(subject) must be a non-empty string');
    }
    const { source, keys, client } = await connect(attempt);
    await ownName(subject, { account: authorityId(keys.apiHost), username }, 'asked');
    const { stepUp = false } = attempt;
    const { state, url, nonce, redirectUrl } = await client.prompt(username, {
      // An activation changes what the person has.
      fresh: stepUp || purpose.purpose === 'enroll',
      destination: source === subject.tenantId ? null : destinationOf(subject),
    });
    await transactions.put({
      ...{ state, session, username, redirectUrl, nonce, stepUp, source, keys, ...purpose },
      remember: attempt.input.remember === '1',
      subjectId: subject.id,
      tenantId: subject.tenantId,
    });
    return { method: 'duo', kind: 'redirect', data: { ...data, url: atPrompt(url) } };
  }

  function atPrompt(url: string): string {
    if (config.promptOrigin === null) return url;
    const { pathname, search } = new URL(url);
    return config.promptOrigin + pathname + search;
  }

  function destinationOf(subject: Subject): string | null {
    const name = config.destination?.(subject)?.replace(/\p{C}/gu, '').trim();
    return name ? name.slice(0, MAX_LABEL) : null;
  }

  function enrolling(attempt: Attempt, { id, basis }: PendingEnrollment): Promise<Challenge> {
    // Whoever has a factor has just proven it: another one rests on no less than a step-up.
    const asked = { ...attempt, stepUp: basis === 'proven' };
    return prompt(asked, { purpose: 'enroll', enrollment: id }, { enrollment: id, basis });
  }

  async function redeem(
    attempt: Attempt,
    purpose: DuoTransaction['purpose'],
    now: number,
  ): Promise<Redeemed> {
    const { state, code, error } = readAnswer(attempt.input);
    // Taken before anything else: whatever comes next, this state has had its one use.
    const transaction = await transactions.take(state, attempt);
    if (!transaction || transaction.purpose !== purpose) return rejected('expired', 'state');
    if (error !== null) return rejected('denied', `error ${error}`);
    if (attempt.policy.duo?.source !== transaction.source) return rejected('expired', 'source');

    const { source, keys, username, redirectUrl, nonce, stepUp } = transaction;
    const client = clients(openCredentials(keyring, source, keys), redirectUrl);
    let token: unknown;
    try {
      token = await client.redeem(code, username, nonce);
    } catch (failure) {
      if (failure instanceof DuoError && !failure.outage && failure.kind !== 'tls') {
        return rejected('denied', failure.summary);
      }
      throw failure;
    }
    const { accepted = DEFAULT_ACCEPTED } = await configured(attempt);
    const result = readResult(token, { username, now, accepted, stepUp });
    if (result.kind === 'deny') return rejected(result.reason, result.detail);
    await ownName(attempt.subject, { account: authorityId(keys.apiHost), username }, 'proven');
    const { device, loginOnly, detail } = result;
    return { kind: 'allowed', transaction, device, loginOnly, detail };
  }

  return {
    name: 'duo',
    title: TITLE,
    words: DUO_WORDS,
    atMost: 1,
    counting: 'none',
    scope: 'organization',

    wellFormed: (input) => isAnswer(input),

    challenge: (attempt) => prompt(attempt, { purpose: 'verify', enrollment: null }),

    async verify(attempt, { at }): Promise<Verdict> {
      const redeemed = await redeem(attempt, 'verify', at);
      if (redeemed.kind === 'rejected') return redeemed;
      const { subject, epoch } = attempt;
      const { enrollments } = await store.readSubject(subject.id);
      const account = authorityId(redeemed.transaction.keys.apiHost);
      const own = enrollments.find(
        ({ method, parameters }) => method === 'duo' && parameters === account,
      );
      if (!own) return rejected('superseded', 'not enrolled');
      const accepted = { enrollmentId: own.id, step: null, epoch };
      const commit = await store.commitAttempt(subject.id, accepted);
      if (commit.kind === 'ended') return rejected('ended', 'session');
      if (commit.kind !== 'committed') return rejected('superseded', commit.kind);
      const { detail, loginOnly, transaction } = redeemed;
      return {
        ...{ kind: 'verified', enrollmentId: own.id, epoch: commit.epoch, at, detail },
        ...(loginOnly && { loginOnly }),
        ...(transaction.remember && { remember: true }),
        via: transaction.tenantId,
      };
    },

    async beginEnrollment(
      attempt,
      { restart, basis, activationKey = null, unlessPending = false, lifetimeMs },
    ) {
      const parameters = await accountOf(attempt);
      const begin = (anew: boolean) =>
        store.beginEnrollment(
          attempt.subject.id,
          {
            ...proposal(keyring, attempt, { id: randomId(), basis, label: TITLE, parameters }),
            lifetimeMs: lifetimeMs ?? config.enrollmentMaxAgeMs,
          },
          { restart: anew, activationKey, unlessPending },
        );
      const found = await begin(restart);
      // Begun with another account: for another organization, or before its keys were replaced.
      const pending = found && found.parameters !== parameters ? await begin(true) : found;
      return pending && enrolling(attempt, pending);
    },

    async resumeEnrollment(attempt) {
      const pending = await store.resumeEnrollment(attempt.subject.id, attempt.session);
      if (pending?.method !== 'duo') return null;
      return pending.parameters === (await accountOf(attempt)) ? enrolling(attempt, pending) : null;
    },

    async confirmEnrollment(attempt, { at }, { replaces }): Promise<Verdict> {
      const redeemed = await redeem(attempt, 'enroll', at);
      if (redeemed.kind === 'rejected') return redeemed;
      const { subject, session, epoch } = attempt;
      const pending = await store.resumeEnrollment(subject.id, session);
      const { transaction, device, loginOnly, detail } = redeemed;
      if (pending?.method !== 'duo' || pending.id !== transaction.enrollment) {
        return rejected('superseded', 'enrollment');
      }
      if (pending.parameters !== authorityId(transaction.keys.apiHost)) {
        return rejected('superseded', 'account');
      }
      const { id, basis } = pending;
      if (!basisHolds(attempt.policy, basis)) return rejected('superseded', 'enrollment');
      const confirmed = await store.confirmEnrollment(subject.id, {
        ...{ id, session, replaces, epoch, besides: besidesOf(attempt, basis) },
        step: -1,
        // Which phone it is, is known only now.
        label: device === null ? undefined : `${TITLE}, ${device}`.slice(0, MAX_LABEL),
      });
      switch (confirmed.kind) {
        case 'confirmed':
          return {
            ...{
              kind: 'verified',
              enrollmentId: id,
              epoch: confirmed.epoch,
              at,
              detail,
            },
            ...(loginOnly && { loginOnly }),
            via: transaction.tenantId,
          };
        case 'superseded':
        case 'expired':
        case 'ended':
          return rejected(confirmed.kind, 'enrollment');
        default:
          return confirmed satisfies never;
      }
    },

    async whenUnavailable(attempt) {
      const { whenUnavailable } = await configured(attempt);
      return attempt.policy.duo?.whenUnavailable ?? whenUnavailable;
    },

    async outage(attempt) {
      try {
        await connect(attempt);
        return null;
      } catch (error) {
        if (error instanceof DuoError) return error;
        throw error;
      }
    },
  };
}

function proposal(
  keyring: Keyring,
  { subject, session }: Attempt,
  {
    id,
    basis,
    label,
    parameters,
  }: Pick<PendingEnrollment, 'id' | 'basis' | 'label' | 'parameters'>,
): Omit<PendingEnrollment, 'expiresAt'> {
  // Duo keeps the phone; there is nothing of ours to seal.
  const sealed = keyring.seal(Buffer.alloc(0), JSON.stringify(['duo', subject.id, id]));
  return { id, basis, label, session, method: 'duo', sealed, parameters };
}

function rejected(
  reason: RefusalReason | 'ended',
  detail: string,
): Extract<Verdict, { kind: 'rejected' }> {
  return { kind: 'rejected', reason, detail };
}
