import { z } from 'zod';
import {
  checkOptions,
  functionOption,
  integerOption,
  option,
  optionsObject,
  textOption,
} from '../../check-options.js';
import type { DuoApp } from './app.js';
import { API_HOST_PATTERN, DEFAULT_API_HOST } from './hosts.js';
import { type DuoUserState, isUserState, userStates } from './users.js';

export interface DuoSimulatorOptions {
  /** The protected applications; `duoKeys()` makes a pair of keys. */
  readonly apps: readonly DuoApp[];
  /** User names and how Duo knows them. Whoever is not listed is `unenrolled`. */
  readonly users: Readonly<Record<string, DuoUserState>>;
  /** Further names of users: alias → user name. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Duo's clock, in ms. The SDK always takes the machine's: set the two far apart only to have Duo refuse. */
  readonly now: () => number;
  /** TLS port of the API on 127.0.0.1; 0 (default) takes a free one. */
  readonly port?: number;
  /** Port of the plain http prompt on 127.0.0.1; 0 (default) takes a free one. */
  readonly promptPort?: number;
  /** The API hostname to be; `api-5150cafe.duosecurity.com` by default. */
  readonly apiHost?: string;
}

const schema = optionsObject({
  apps: z.array(
    optionsObject({
      clientId: option<string>('20 letters and digits', matches(/^[A-Za-z0-9]{20}$/)),
      clientSecret: option<string>('40 letters and digits', matches(/^[A-Za-z0-9]{40}$/)),
      name: textOption(100).optional(),
    }),
    { error: 'a list of { clientId, clientSecret, name }' },
  ),
  users: z.record(
    z.string(),
    option<DuoUserState>(`one of ${userStates.join(', ')}`, isUserState),
    {
      error: 'an object of user names and states',
    },
  ),
  aliases: z
    .record(z.string(), textOption(200, 'a user name'), {
      error: 'an object of aliases and user names',
    })
    .optional(),
  now: functionOption<() => number>('a function that gives milliseconds since 1970'),
  port: integerOption(0, 65_535).default(0),
  promptPort: integerOption(0, 65_535).default(0),
  apiHost: option<string>(`a name such as ${DEFAULT_API_HOST}`, matches(API_HOST_PATTERN)).default(
    DEFAULT_API_HOST,
  ),
});

/** Checks the options of `duoSimulator()`, once. Throws ERR_OPTION. */
export function parseSimulatorOptions(raw: unknown) {
  return checkOptions(raw, schema, { name: 'duoSimulator', secrets: ['clientSecret'] });
}

function matches(pattern: RegExp) {
  return (value: unknown): boolean => typeof value === 'string' && pattern.test(value);
}
