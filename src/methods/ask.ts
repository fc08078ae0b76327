import { z } from 'zod';
import { ignored, isThenable } from '../awaitable.js';
import type { Answered, Awaitable, Digest, Kept, Prompt, Rejected } from '../contracts.js';
import { LateError, withDeadline } from '../deadline.js';
import { RequestError, SallyportError, UnavailableError } from '../errors.js';

/** Calls a method, which may be a host's own. An error, or no answer in time, is a 503 and never a pass. */
export type Ask = <T>(what: string, run: () => Awaitable<T>) => Awaitable<T>;

/** The same for a synchronous call. */
export type AskNow = <T>(what: string, run: () => T) => T;

export function asking(
  method: string,
  timeoutMs: number,
): { readonly ask: Ask; readonly askNow: AskNow } {
  function failed(what: string, cause: unknown): Error {
    // An error thrown on purpose says how it is answered.
    if (cause instanceof SallyportError || cause instanceof RequestError) return cause;
    const how =
      cause instanceof LateError ? `did not answer within ${timeoutMs} ms` : 'threw an error';
    return new UnavailableError('ERR_METHOD', `${method}.${what}() ${how}`, { cause });
  }

  return {
    ask(what, run) {
      try {
        const answer = run();
        if (!isThenable(answer)) return answer;
        return withDeadline(Promise.resolve(answer), timeoutMs).catch((cause: unknown) => {
          throw failed(what, cause);
        });
      } catch (cause) {
        throw failed(what, cause);
      }
    },

    askNow(what, run) {
      let answer: ReturnType<typeof run>;
      try {
        answer = run();
      } catch (cause) {
        throw failed(what, cause);
      }
      if (!isThenable<unknown>(answer)) return answer;
      ignored(answer);
      throw nonsense(method, what, 'at once, and not by a promise');
    },
  };
}

const REASONS = [
  ...['wrong-code', 'replayed', 'expired', 'superseded', 'denied', 'not-accepted', 'malformed'],
  'ended',
] as const satisfies readonly string[];

const digest = z.custom<Digest>((value) => Object(value).bytes instanceof Uint8Array);

const SECRET_BYTES = 2048;
const PARAMETERS_LENGTH = 32;
const keptSecret = z.instanceof(Uint8Array).refine(({ length }) => length <= SECRET_BYTES);
const keptParameters = z.string().max(PARAMETERS_LENGTH);
const keptSchema = z.looseObject({
  secret: keptSecret.optional(),
  parameters: keptParameters.optional(),
});

const answeredSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('accepted'),
    enrollmentId: z.string().optional(),
    step: z.int().nonnegative().optional(),
    spends: z.array(digest).optional(),
    guessable: z.boolean().optional(),
    loginOnly: z.boolean().optional(),
    remember: z.boolean().optional(),
    label: z.string().max(64).optional(),
    suggestedLabel: z.string().max(64).optional(),
    keep: z
      .strictObject({ secret: keptSecret.optional(), parameters: keptParameters.optional() })
      .optional(),
    detail: z.string().max(500).optional(),
  }),
  z.strictObject({
    kind: z.literal('rejected'),
    reason: z.enum(REASONS),
    because: z.string().max(64).optional(),
    copied: z.string().optional(),
    clockOffMs: z.number().optional(),
    detail: z.string().max(500).optional(),
  }),
]);

/** Refuses an invalid answer: only a well-formed verdict can let somebody in. */
export function checkAnswered(method: string, what: string, given: Answered): Answered {
  const parsed = answeredSchema.safeParse(given);
  if (parsed.success) return given;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  const right = "{ kind: 'accepted', … } or { kind: 'rejected', reason }";
  throw nonsense(method, what, field === '' ? right : `${right}; wrong is ${field}`);
}

/** Refuses an invalid result of `begin`. */
export function checkKept(method: string, what: string, given: Kept): Kept {
  if (keptSchema.safeParse(given).success) return given;
  const right = `{ secret?: at most ${SECRET_BYTES} bytes, parameters?: a text of at most ${PARAMETERS_LENGTH} characters }`;
  throw nonsense(method, what, right);
}

const promptSchema = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('form'), title: z.string(), view: z.string().optional() }),
  z.looseObject({ kind: z.literal('leave'), url: z.url() }),
]);

/** Functions within a prompt are called like the prompt itself, within the same rules. */
export function checkPrompt(method: string, what: string, given: Prompt, askNow: AskNow): Prompt {
  if (!promptSchema.safeParse(given).success) {
    throw nonsense(method, what, "{ kind: 'form', title, … } or { kind: 'leave', url }");
  }
  if (given.kind === 'leave') return given;
  const { locals, json, ...rest } = given;
  return {
    ...rest,
    ...(locals && { locals: isMaker(locals) ? () => now('locals', locals) : locals }),
    ...(json && { json: isMaker(json) ? () => members(now('json', json)) : members(json) }),
  };

  function members(of: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(of).map(([name, value]) => [
        name,
        typeof value === 'function' ? () => now(`json.${name}`, () => value()) : value,
      ]),
    );
  }

  function now<T>(name: string, make: () => T): T {
    return askNow(`${what}.${name}`, make);
  }
}

function isMaker<T extends object>(part: T | (() => T)): part is () => T {
  return typeof part === 'function';
}

export function nonsense(method: string, what: string, right: string): UnavailableError {
  return new UnavailableError('ERR_METHOD', `${method}.${what}() must answer ${right}`);
}

export function rejected(reason: Rejected['reason'], detail?: string): Rejected {
  return { kind: 'rejected', reason, ...(detail !== undefined && { detail }) };
}
