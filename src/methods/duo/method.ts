import {
  type Awaitable,
  authorityId,
  type Method,
  type MethodContext,
  type MethodServices,
  type Place,
  type Rejected,
} from '../../contracts.js';
import { RequestError, UnavailableError } from '../../errors.js';
import { rejected } from '../ask.js';
import { askingBudget } from '../asking-budget.js';
import type { PagedMethod } from '../pages.js';
import { isAnswer, readAnswer } from './answer.js';
import type { Asked, Outages } from './challenge.js';
import { type DuoClient, type DuoClients, duoClients } from './client.js';
import { openCredentials } from './credentials.js';
import { DEFAULT_ACCEPTED } from './factors.js';
import { DuoError } from './failure.js';
import { duoNames } from './names.js';
import { type DuoOptions, type ParsedDuoOptions, parseDuoOptions } from './options.js';
import { duoPages } from './pages.js';
import { readResult } from './result.js';
import { type CheckKeys, duoKeyCheck } from './save.js';
import { duoSection } from './section.js';
import { type DuoSetting, duoSettings } from './settings.js';
import { type DuoTransaction, duoTransactions } from './transaction.js';
import { DUO_WORDS, duoWords } from './words.js';

declare module '../../contracts/subject.js' {
  interface MethodNames {
    duo: true;
  }
}

const TITLE = 'Duo Security';
const MAX_LABEL = 64;

/** The callback address: at the origin that the browser has come from. */
function callbackAt(place: Place | null | undefined): string | undefined {
  return place ? `${place.origin}${place.path}/duo/callback` : undefined;
}

export interface DuoMethod extends PagedMethod {
  readonly name: 'duo';
  /** Checks an organization's keys before they are stored. */
  readonly checkKeys: CheckKeys;
  readonly outages: Outages;
}

export function isDuo(method: Method): method is DuoMethod {
  return method.name === 'duo' && 'checkKeys' in method;
}

/**
 * Duo through its Universal Prompt, with each organization's own keys. Throws ERR_OPTION, and ERR_DEPENDENCY for
 * a version of the SDK that cannot be given deadlines.
 * @example sallyport({ methods: [totp(), duo({ timeout: '3s' }), recoveryCodes()] })
 */
export function duo(options: DuoOptions = {}): (services: MethodServices) => DuoMethod {
  const parsed = parseDuoOptions(options);
  return (services) => {
    // The SDK needs one even to check keys, where nobody is redirected.
    const origin = services.origin || 'https://localhost';
    const clients = duoClients({
      ...parsed,
      get redirectUrl() {
        return callbackAt({ origin, path: services.path() }) as string;
      },
    });
    return duoMethod({
      ...{ ...services, ...parsed, clients },
      configurationOf: async (id) => (await services.readSetting(id))?.duo ?? null,
    });
  };
}

export interface DuoConfig
  extends Pick<MethodServices, 'store' | 'keyring' | 'say'>,
    Pick<ParsedDuoOptions, 'username' | 'promptOrigin'> {
  readonly clients: DuoClients;
  /** What an organization has stored for Duo; null for nothing. */
  readonly configurationOf: (organizationId: string) => Awaitable<DuoSetting | null>;
  /** The place of a login that a phone shows for keys lent by the partner; '' for none. */
  readonly brandName: MethodServices['brandName'];
}

/** The result of one visit to the prompt. */
type Redeemed =
  | {
      readonly kind: 'allowed';
      readonly transaction: DuoTransaction;
      readonly device: string | null;
      readonly loginOnly: boolean;
      readonly detail: string;
    }
  | Rejected;

/**
 * Nothing can be guessed here, so nothing is counted: an answer redeems a single-use transaction of ours and Duo's
 * signed result for it.
 */
export function duoMethod(config: DuoConfig): DuoMethod {
  const { store, keyring, clients, username: usernameOf } = config;
  const checkKeys = duoKeyCheck({ keyring, clients, say: config.say });
  const transactions = duoTransactions({ store, keyring });
  const tooOften = (minutes: number) => duoWords('failed.too-often', { minutes });
  const spend = askingBudget({ method: 'duo', store, tooOften });
  const ownName = duoNames({ store });

  async function configured({ policy }: Pick<Asked, 'policy'>) {
    if (!policy.duo) {
      throw new RequestError(403, 'duo_not_offered', duoWords('failed.not-offered'));
    }
    const { source } = policy.duo;
    const configuration = await config.configurationOf(source);
    if (!configuration) {
      throw new UnavailableError('ERR_POLICY', `${source} has no keys for Duo, as the policy says`);
    }
    return { source, ...configuration };
  }

  async function connect(
    asked: Asked,
  ): Promise<Pick<DuoTransaction, 'source' | 'keys'> & { readonly client: DuoClient }> {
    const { source, keys } = await configured(asked);
    const client = clients(openCredentials(keyring, source, keys), callbackAt(asked.place));
    await spend(asked);
    await client.healthCheck();
    return { source, keys, client };
  }

  /** The address of the prompt, new each time, since its state is used once. */
  async function leave(
    context: MethodContext,
    purpose: Pick<DuoTransaction, 'purpose' | 'enrollment' | 'stepUp'>,
  ) {
    const { subject, session, remember } = context;
    const username = usernameOf(subject);
    if (typeof username !== 'string' || username.trim() === '') {
      throw new UnavailableError('ERR_SUBJECT', 'duo.username(subject) must be a non-empty string');
    }
    const { source, keys, client } = await connect(context);
    await ownName(subject, { account: authorityId(keys.apiHost), username }, 'asked');
    const { state, url, nonce, redirectUrl } = await client.prompt(username, {
      // An activation changes factors, which needs a fresh answer.
      fresh: purpose.stepUp || purpose.purpose === 'enroll',
      destination: source === subject.tenantId ? null : destinationOf(context),
    });
    await transactions.put({
      ...{ state, session, username, redirectUrl, nonce, remember, source, keys, ...purpose },
      subjectId: subject.id,
      tenantId: subject.tenantId,
    });
    return { kind: 'leave', url: atPrompt(url) } as const;
  }

  function atPrompt(url: string): string {
    if (config.promptOrigin === null) return url;
    const { pathname, search } = new URL(url);
    return config.promptOrigin + pathname + search;
  }

  function destinationOf({ subject, place }: MethodContext): string | null {
    const name = config.brandName(subject, place).replace(/\p{C}/gu, '').trim();
    return name === '' ? null : name.slice(0, MAX_LABEL);
  }

  async function redeem(
    asked: Asked,
    input: Readonly<Record<string, unknown>>,
    purpose: DuoTransaction['purpose'],
    now: number,
  ): Promise<Redeemed> {
    const { state, code, error } = readAnswer(input);
    // Taken first, so that this state is used once, whatever happens next.
    const transaction = await transactions.take(state, asked);
    if (!transaction || transaction.purpose !== purpose) return rejected('expired', 'state');
    if (error !== null) return rejected('denied', `error ${error}`);
    if (asked.policy.duo?.source !== transaction.source) return rejected('expired', 'source');

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
    const { accepted = DEFAULT_ACCEPTED } = await configured(asked);
    const result = readResult(token, { username, now, accepted, stepUp });
    if (result.kind === 'deny') return rejected(result.reason, result.detail);
    await ownName(asked.subject, { account: authorityId(keys.apiHost), username }, 'proven');
    const { device, loginOnly, detail } = result;
    return { kind: 'allowed', transaction, device, loginOnly, detail };
  }

  const outages: Outages = {
    async whenUnavailable(asked) {
      const { whenUnavailable } = await configured(asked);
      return asked.policy.duo?.whenUnavailable ?? whenUnavailable;
    },

    async outage(asked) {
      try {
        await connect(asked);
        return null;
      } catch (error) {
        if (error instanceof DuoError) return error;
        throw error;
      }
    },
  };

  return {
    name: 'duo',
    title: TITLE,
    words: DUO_WORDS,
    throttle: 'none',
    scope: 'organization',
    answer: {},
    views: ['duo/prompt', 'duo/fallback', 'duo/setting', 'duo/floor'],
    settings: duoSettings,
    section: duoSection(checkKeys, config.say),
    checkKeys,

    wellFormed: (input) => isAnswer(input),

    prompt: (context) =>
      leave(context, {
        ...{ purpose: 'verify', enrollment: null },
        stepUp: context.purpose === 'step-up',
      }),

    async verify(context, input) {
      const redeemed = await redeem(context, input, 'verify', context.now);
      if (redeemed.kind === 'rejected') return redeemed;
      const { detail, loginOnly, transaction } = redeemed;
      const account = authorityId(transaction.keys.apiHost);
      const own = context.enrollments.find(({ parameters }) => parameters === account);
      if (!own) return rejected('superseded', 'not enrolled');
      return {
        ...{ kind: 'accepted', enrollmentId: own.id, detail, loginOnly },
        remember: transaction.remember,
      };
    },

    enrollment: {
      /** Duo keeps the phone; we keep no secret, only the Duo account. */
      async begin(context) {
        return { parameters: authorityId((await configured(context)).keys.apiHost) };
      },

      // A person with a factor has just proven it, so another one needs no less than a step-up.
      prompt: (context) =>
        leave(context, {
          ...{ purpose: 'enroll', enrollment: context.pending.id },
          stepUp: context.pending.basis === 'proven',
        }),

      async confirm(context, input) {
        const redeemed = await redeem(context, input, 'enroll', context.now);
        if (redeemed.kind === 'rejected') return redeemed;
        const { transaction, device, loginOnly, detail } = redeemed;
        const { id, parameters } = context.pending;
        if (id !== transaction.enrollment) return rejected('superseded', 'enrollment');
        if (parameters !== authorityId(transaction.keys.apiHost)) {
          return rejected('superseded', 'account');
        }
        return {
          ...{ kind: 'accepted', loginOnly, detail },
          // The phone is known only now.
          ...(device !== null && { label: `${TITLE}, ${device}`.slice(0, MAX_LABEL) }),
        };
      },
    },

    outages,
    pages: (web) => duoPages(web, outages),
  };
}
