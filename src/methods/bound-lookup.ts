import type {
  Attempt,
  Authenticator,
  LookupContext,
  Method,
  MethodLookup,
  Prompt,
  Rejected,
  Shown,
  Subject,
} from '../contracts.js';
import { type Ask, type AskNow, checkAnswered, checkPrompt, nonsense, rejected } from './ask.js';
import type { BindConfig } from './bind-config.js';
import { type ChallengeKey, challengeStates } from './challenge-state.js';
import { foundBy } from './found-by.js';
import type { Secrets } from './secrets.js';

/** How long an administrator may take to present the authenticator. */
const LOOK_MS = 5 * 60 * 1000;
/** No enrollment has this id. */
const LOOK = 'look up';

/** One look-up by an administrator. */
export interface Look extends Pick<Attempt, 'subject' | 'session' | 'place'> {
  readonly organizationId: string;
}

/** What an authenticator has shown, and whether it is a given enrollment. */
export interface FoundAuthenticator {
  readonly kind: 'found';
  readonly foundBy: string;
  isFrom(owner: Subject, authenticator: Authenticator): Promise<boolean>;
}

export interface BoundLookup {
  prompt(look: Look): Promise<Extract<Prompt, { kind: 'form' }>>;
  read(
    look: Look,
    answer: Readonly<Record<string, unknown>>,
  ): Promise<FoundAuthenticator | Rejected>;
}

/** How a method asks for a found authenticator: the state that it starts is used once, in the same session. */
export function boundLookup(
  { name, wellFormed }: Pick<Method, 'name' | 'wellFormed'>,
  lookup: MethodLookup,
  {
    ask,
    askNow,
    secrets,
    store,
    keyring,
  }: { readonly ask: Ask; readonly askNow: AskNow; readonly secrets: Secrets } & Pick<
    BindConfig,
    'store' | 'keyring'
  >,
): BoundLookup {
  const states = challengeStates({ store, keyring, limited: false });
  const keyOf = ({ subject, session }: Look): ChallengeKey => ({
    ...{ method: name, attempt: { subject, session }, enrollment: LOOK },
  });
  const contextOf = ({ organizationId, place }: Look, challenge: unknown): LookupContext => ({
    ...{ organizationId, place: place ?? null, now: store.now(), challenge },
  });

  async function started(look: Look): Promise<unknown> {
    if (!lookup.start) return null;
    return states.start(keyOf(look), LOOK_MS, () => ask('lookup.start', () => lookup.start?.()));
  }

  /** Takes the started state, once; or the refusal if there is none any more. */
  async function taken(look: Look): Promise<{ readonly challenge: unknown } | Rejected> {
    if (!lookup.start) return { challenge: null };
    const key = keyOf(look);
    const found = await states.read(key);
    if (!found) return rejected('expired');
    return (await states.take(key, found, LOOK_MS))
      ? { challenge: found.state }
      : rejected('replayed');
  }

  return {
    async prompt(look) {
      const context = contextOf(look, await started(look));
      const prompt = await ask('lookup.prompt', () => lookup.prompt(context));
      const checked = checkPrompt(name, 'lookup.prompt', prompt, askNow);
      if (checked.kind === 'form') return checked;
      throw nonsense(name, 'lookup.prompt', "{ kind: 'form', title, … }");
    },

    async read(look, answer) {
      if (askNow('wellFormed', () => wellFormed?.(answer) ?? true) !== true) {
        return rejected('malformed');
      }
      const start = await taken(look);
      if ('kind' in start) return start;
      const context = contextOf(look, start.challenge);
      const shown = checkShown(name, await ask('lookup.read', () => lookup.read(context, answer)));
      if (shown.kind === 'rejected') return shown;
      return {
        kind: 'found',
        foundBy: foundBy(name, shown.token),
        async isFrom(owner, authenticator) {
          const enrollment = secrets.of(owner).enrolled(authenticator);
          const isFrom = await ask(
            'lookup.isFrom',
            () => lookup.isFrom?.({ ...context, enrollment }, answer) ?? true,
          );
          return isFrom === true;
        },
      };
    },
  };
}

function checkShown(method: string, given: Shown | Rejected): Shown | Rejected {
  const { kind, token } = Object(given);
  if (kind === 'shown' && typeof token === 'string' && token !== '') return given;
  const right = "{ kind: 'shown', token } or { kind: 'rejected', reason }";
  if (kind !== 'rejected') throw nonsense(method, 'lookup.read', right);
  checkAnswered(method, 'lookup.read', given as Rejected);
  return given;
}
