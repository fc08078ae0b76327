import { checkOptions, objectWith, option, optionsObject } from '../check-options.js';
import type { MethodName } from '../contracts.js';
import { SallyportError } from '../errors.js';
import type { RunAttempt } from './attempt.js';
import type { BoundMethod } from './bound-method.js';
import type { PassportLike } from './passport-like.js';
import { type StrategyConfig, secondFactorStrategy } from './strategy.js';

export interface NamedStrategiesConfig {
  readonly methods: ReadonlyMap<MethodName, BoundMethod>;
  readonly run: RunAttempt;
  /** Reads the answer from the request's body. */
  readonly attemptOf: StrategyConfig['attemptOf'];
}

export type NameStrategies = (
  passport: PassportLike,
  options?: { readonly prefix?: string },
) => void;

const passportSchema = optionsObject({
  passport: objectWith<PassportLike>('a Passport instance', ['use', 'authenticate']),
});

const schema = optionsObject({
  prefix: option<string>(
    "letters, digits and dashes, e.g. 'partner'",
    (value) => typeof value === 'string' && /^[\w-]{1,40}$/.test(value),
  ).default('sallyport'),
});

/**
 * The door that has registered each name on each Passport of this process, since a name leads to one door's keys and
 * store.
 */
const owners = new WeakMap<PassportLike, Map<string, object>>();

/**
 * Registers a door's methods under names, `sallyport-totp` for `totp`, for code of the host's that calls strategies
 * by name. Our own pages do not use names, since a Passport may be shared by the whole process and the last
 * registration of a name wins. Throws ERR_OPTION when another door has the name.
 */
export function namedStrategies({
  methods,
  run,
  attemptOf,
}: NamedStrategiesConfig): NameStrategies {
  const door = {};
  return function nameStrategies(given, options = {}) {
    const { passport } = checkOptions({ passport: given }, passportSchema, {
      name: 'options',
      path: '',
    });
    const { prefix } = checkOptions(options, schema, { name: 'passport' });
    const owned = owners.get(passport) ?? new Map<string, object>();
    owners.set(passport, owned);
    const strategies = [...methods.values()].map((method) =>
      secondFactorStrategy(method, { name: `${prefix}-${method.name}`, run, attemptOf }),
    );
    for (const { name } of strategies) {
      const owner = owned.get(name) ?? door;
      if (owner === door) continue;
      throw new SallyportError(
        'ERR_OPTION',
        `passport.prefix must be one that no other door uses on this Passport, got '${prefix}': ${name} is another door's`,
      );
    }
    for (const strategy of strategies) {
      owned.set(strategy.name, door);
      passport.use(strategy.name, strategy);
    }
  };
}
