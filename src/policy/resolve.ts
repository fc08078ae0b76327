import { z } from 'zod';
import { isThenable } from '../awaitable.js';
import type {
  Awaitable,
  Message,
  Policy,
  PolicyContext,
  PolicyFunction,
  PolicyMethod,
  Subject,
} from '../contracts.js';
import { LateError, withDeadline } from '../deadline.js';
import { UnavailableError } from '../errors.js';
import { proofRule } from './proof-rules.js';

/** A text, or a message of the catalog: policies of ours give these. */
const sentence = z.union([
  z.string(),
  z.custom<Message>((rule) => typeof Object(rule).key === 'string' && Object(rule).values),
]);
const reason = z.strictObject({ level: z.string(), id: z.string(), rule: sentence });

/** The fields that the part of any method may have. */
const sharedPart = z.object({
  source: z.string().optional(),
  account: z.string().optional(),
  accepts: z.string().max(10_000).refine(isPattern, 'must be a regular expression').optional(),
});

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) !== null;
  } catch {
    return false;
  }
}

const MAX_REMEMBER_SECONDS = 30 * 24 * 3600;

const policyShape = {
  mode: z.enum(['off', 'optional', 'required']),
  methods: z.array(z.string()).optional(),
  enrollment: z.enum(['self', 'activation-key']).optional(),
  graceUntil: z.date().nullish(),
  maxAgeSeconds: z.number().positive().nullish(),
  rememberDeviceSeconds: z.number().positive().max(MAX_REMEMBER_SECONDS).nullish(),
  proofs: z.array(proofRule).max(400).nullish(),
  because: z.array(reason).optional(),
};

export interface ResolveConfig {
  readonly policy: PolicyFunction;
  readonly timeoutMs: number;
  /** The registered methods; a policy that leaves `methods` out accepts them all, in this order. */
  readonly methods: readonly PolicyMethod[];
}

export type ResolvePolicy = (subject: Subject) => Awaitable<Policy>;

/**
 * Calls the host's policy within a deadline, and validates its answer. An error, no answer in time, or an invalid
 * answer throws `UnavailableError` ERR_POLICY: missing never means off. An answer given synchronously is validated
 * synchronously, and one that is deeply frozen only once.
 */
export function policyResolver({ policy, timeoutMs, methods }: ResolveConfig): ResolvePolicy {
  const validated = new WeakMap<object, Policy>();
  const parsePolicy = policyParser(methods);

  function validate(raw: unknown): Policy {
    const known = typeof raw === 'object' && raw !== null ? validated.get(raw) : undefined;
    if (known) return known;
    const parsed = parsePolicy(raw);
    // A Date can be changed inside a frozen object, so a policy with a grace period is read each time.
    if (isDeeplyFrozen(raw) && parsed.graceUntil === null) validated.set(raw as object, parsed);
    return parsed;
  }

  return function resolvePolicy(subject) {
    const context = new LazyContext();
    let answer: Awaitable<unknown>;
    try {
      answer = policy(subject, context);
    } catch (cause) {
      throw new UnavailableError('ERR_POLICY', 'the policy threw', { cause });
    }
    if (!isThenable(answer)) return validate(answer);
    return withinDeadline(answer, timeoutMs, context).then(validate);
  };
}

/** Makes the signal only when the policy asks for it, which few do. */
class LazyContext implements PolicyContext {
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason);
  }
}

async function withinDeadline(
  answer: Promise<unknown>,
  timeoutMs: number,
  context: LazyContext,
): Promise<unknown> {
  try {
    return await withDeadline(Promise.resolve(answer), timeoutMs);
  } catch (cause) {
    if (!(cause instanceof LateError)) {
      throw new UnavailableError('ERR_POLICY', 'the policy rejected', { cause });
    }
    const message = `the policy did not answer within ${timeoutMs} ms`;
    const late = new UnavailableError('ERR_POLICY', message);
    context.abort(late);
    throw late;
  }
}

/** Validates one answer, including the parts of these methods, and fills in the defaults of `PolicyInput`. */
export function policyParser(registered: readonly PolicyMethod[]): (raw: unknown) => Policy {
  const known = registered.map(({ name }) => name);
  const withPart = registered.filter(({ settings }) => settings);
  const schema = z.strictObject({
    ...policyShape,
    ...Object.fromEntries(withPart.map(({ name, settings }) => [name, settings?.policy.nullish()])),
  });

  return function parsePolicy(raw) {
    const parsed = schema.safeParse(raw);
    if (!parsed.success) {
      throw new UnavailableError('ERR_POLICY', `not a policy: ${z.prettifyError(parsed.error)}`);
    }
    const {
      mode,
      methods: named = known,
      enrollment,
      graceUntil,
      maxAgeSeconds,
      rememberDeviceSeconds,
      proofs,
      because,
    } = parsed.data;
    const parts = Object.fromEntries(
      withPart.map(({ name }) => {
        const part: unknown = Reflect.get(parsed.data, name);
        // A method's own schema must not drop the fields that decisions depend on.
        const shared = part ? sharedPart.safeParse(Reflect.get(Object(raw), name)) : null;
        if (shared?.error) {
          throw new UnavailableError(
            'ERR_POLICY',
            `not a policy: ${name}: ${z.prettifyError(shared.error)}`,
          );
        }
        return [name, part ? Object.freeze({ ...part, ...shared?.data }) : null];
      }),
    );
    // A method that needs a part, such as keys, is not offered without it, even if it is named.
    const lacking = withPart.filter(({ name, settings }) => settings?.required && !parts[name]);
    const methods = named.filter((name) => !lacking.some((one) => one.name === name));
    const unknown = methods.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      throw new UnavailableError(
        'ERR_POLICY',
        `policy names methods that are not registered: ${unknown.join(', ')} (registered: ${known.join(', ')})`,
      );
    }
    if (mode === 'required' && methods.length === 0) {
      const left = lacking.filter(({ name }) => named.includes(name)).map(({ name }) => name);
      const why =
        left.length > 0 ? `: without a field of that name there is no ${left.join(', ')}` : '';
      throw new UnavailableError('ERR_POLICY', `policy is required and accepts no method${why}`);
    }
    return Object.freeze({
      mode,
      methods: Object.freeze([...methods]),
      ...parts,
      enrollment: enrollment ?? 'self',
      graceUntil: graceUntil ? new Date(graceUntil) : null,
      maxAgeSeconds: maxAgeSeconds ?? null,
      rememberDeviceSeconds: rememberDeviceSeconds ?? null,
      proofs: Object.freeze(proofs ?? []),
      because: Object.freeze(because ?? []),
      // Each method's own schema has validated its part.
    }) as Policy;
  };
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}
