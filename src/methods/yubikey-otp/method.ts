import type {
  Answered,
  EnrolledContext,
  Method,
  MethodContext,
  MethodServices,
  Rejected,
  VerifyContext,
} from '../../contracts.js';
import { RequestError, UnavailableError } from '../../errors.js';
import { rejected } from '../ask.js';
import { askingBudget } from '../asking-budget.js';
import type { MethodPlan } from '../pages.js';
import { otpValidation } from './client.js';
import { openCredentials } from './credentials.js';
import { yubikeyLookup } from './lookup.js';
import { parseYubikeyOptions, type YubikeyOtpOptions } from './options.js';
import { readOtp, serialOf } from './otp.js';
import { keyOwners } from './owners.js';
import { credentialCheck } from './save.js';
import { yubikeySection } from './section.js';
import { accountOf } from './servers.js';
import { yubikeySettings } from './settings.js';
import { YUBIKEY_WORDS, type YubikeyReason, yubikeyWords } from './words.js';

declare module '../../contracts/subject.js' {
  interface MethodNames {
    'yubikey-otp': true;
  }
}

const NAME = 'yubikey-otp';
const TITLE = 'YubiKey';

type Asking = Pick<VerifyContext, 'policy' | 'subject' | 'session' | 'enrollments' | 'now'>;
type Accepted = Extract<Answered, { kind: 'accepted' }>;

/** The key that has typed a code, the authority for it, and the person's enrollment of it. */
interface TypedBy {
  readonly account: string;
  readonly publicId: string;
  readonly own: EnrolledContext | undefined;
}

/** One at the desk, one on the key ring, one in the safe, and two to spare. */
const AT_MOST = 5;
/** With room for white space and for what was typed before the key did. */
const MAX_TYPED = 200;

/**
 * Passwords that YubiKeys type (Yubico OTP), checked by YubiCloud or an organization's own validation servers, with
 * the organization's credentials. Throws ERR_OPTION.
 * @example sallyport({ methods: [yubikeyOtp(), totp(), recoveryCodes()] })
 */
export function yubikeyOtp(options: YubikeyOtpOptions = {}): MethodPlan {
  const parsed = parseYubikeyOptions(options);
  return (services) => yubikeyMethod(services, parsed);
}

/**
 * A code has 128 bits that only the key and the validation server can make, so nothing is counted as a guess; but
 * requests to servers are limited per subject. The authority is an organization's servers, so a proof counts only
 * there: another organization's server may accept everything.
 */
function yubikeyMethod(
  { keyring, readSetting, say, store }: MethodServices,
  { ownServers, ...config }: ReturnType<typeof parseYubikeyOptions>,
) {
  const validate = otpValidation(config);
  const mayName = ownServers ?? (() => false);
  const ownKey = keyOwners({ method: NAME, store });
  const spend = askingBudget({
    ...{ method: NAME, store },
    tooOften: (minutes) => yubikeyWords('too-often', { minutes }),
  });

  async function configured({ policy }: Pick<MethodContext, 'policy'>) {
    const { source } = policy[NAME] ?? {};
    if (source === undefined) {
      throw new RequestError(403, 'yubikey_not_offered', yubikeyWords('not-offered'));
    }
    const setting = (await readSetting(source))?.[NAME];
    if (setting) return { source, credentials: setting.credentials };
    const message = `${source} has no credentials for YubiKeys, as the policy says`;
    throw new UnavailableError('ERR_POLICY', message);
  }

  /**
   * Judges a code. `decide` says, before a server is asked, what the code would be used for: `own` is the person's
   * key that has typed it; `mine`, after the servers' yes, whether the key is theirs.
   */
  async function judge(
    context: Asking,
    typed: unknown,
    decide: (typedBy: TypedBy) => Accepted | Rejected,
    mine: (typedBy: TypedBy) => Promise<boolean>,
  ): Promise<Answered> {
    const read = readOtp(typed);
    if (!read) return rejected('malformed');
    const { otp, publicId } = read;
    const { source, credentials } = await configured(context);
    const account = accountOf(credentials.servers);
    const own = context.enrollments.find(
      (one) => one.parameters === account && publicIdOf(one) === publicId,
    );
    const typedBy = { account, publicId, own };
    const answer = decide(typedBy);
    if (answer.kind === 'rejected') return answer;
    await spend(context);
    const opened = openCredentials(keyring, source, credentials, mayName);
    const said = await validate(otp, opened, context.now);
    if (said.kind !== 'ok') {
      return rejected(said.kind === 'replayed' ? 'replayed' : 'wrong-code', 'as the server says');
    }
    if (!(await mine(typedBy))) return refused('denied', 'taken');
    // Compared with the last counter in the step that accepts it, so that a repeated yes of a server counts once.
    return { ...answer, step: said.counter };
  }

  return {
    name: NAME,
    title: TITLE,
    words: YUBIKEY_WORDS,
    throttle: 'none',
    scope: 'organization',
    atMost: AT_MOST,
    answer: { code: { maxLength: MAX_TYPED } },
    views: ['yubikey-otp/setting'],
    settings: yubikeySettings,
    section: yubikeySection({
      ownServers: ownServers !== null,
      check: credentialCheck({ keyring, validate, mayName, now: () => store.now() }),
    }),

    wellFormed: ({ code }) => readOtp(code) !== null,

    prompt: () => ({
      ...{ kind: 'form', title: say(yubikeyWords('challenge.title')) },
      locals: {
        heading: say(yubikeyWords('challenge.title')),
        text: say(yubikeyWords('challenge.text')),
      },
    }),

    verify: (context, { code }) =>
      judge(
        context,
        code,
        ({ own }) =>
          own ? { kind: 'accepted', enrollmentId: own.id } : refused('wrong-code', 'not-yours'),
        async (typedBy) => {
          // Renews the claim; the owner was decided at the activation.
          if (typedBy.own) await ownKey(context.subject, typedBy.own.id, typedBy);
          return true;
        },
      ),

    lookup: yubikeyLookup(say),

    enrollment: {
      /** The authority is known now, the key only when it is touched. */
      async begin(context) {
        return { parameters: accountOf((await configured(context)).credentials.servers) };
      },

      prompt: () => ({
        ...{ kind: 'form', title: say(yubikeyWords('activate.title')) },
        locals: {
          heading: say(yubikeyWords('activate.title')),
          text: say(yubikeyWords('activate.text')),
        },
      }),

      confirm(context, { code }) {
        const { pending, subject } = context;
        return judge(
          context,
          code,
          ({ own, publicId, account }) => {
            // Begun under other servers than those that are asked now.
            if (account !== pending.parameters) return rejected('superseded', 'servers');
            if (own) return refused('denied', 'activated');
            const keep = { secret: Buffer.from(publicId) };
            return { kind: 'accepted', keep, suggestedLabel: nameOf(publicId) };
          },
          (typedBy) => ownKey(subject, pending.id, typedBy),
        );
      },

      handOver: {
        field: () => ({
          label: say(yubikeyWords('on-the-spot.label')),
          hint: say(yubikeyWords('on-the-spot.hint')),
          inputMode: 'text',
        }),
      },
    },
  } satisfies Method;
}

function refused(reason: Rejected['reason'], because: YubikeyReason): Rejected {
  return { ...rejected(reason, because), because };
}

function publicIdOf(enrolled: EnrolledContext): string {
  return Buffer.from(enrolled.secret()).toString();
}

/** The serial number, which is printed on each key. */
function nameOf(publicId: string): string {
  const serial = serialOf(publicId);
  return serial === null ? TITLE : `${TITLE} ${serial}`;
}
