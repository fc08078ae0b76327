import type { Request } from 'express';
import {
  checkOptions,
  durationOption,
  functionOption,
  objectWith,
  option,
  optionsObject,
} from '../check-options.js';
import type { Awaitable, Directory } from '../contracts.js';
import type { Duration } from '../time.js';
import type { Authorize } from './authorize.js';

export interface AdminOptions {
  /** The host's organizations and users. */
  readonly directory: Directory;
  /** Who may do what. Absent, every route refuses. */
  readonly authorize?: Authorize;
  /**
   * `required`: whoever comes to these pages has proven a second factor, and whoever changes something has done
   * so in the last five minutes, whatever their own organization demands of them. `policy`: it is up to that
   * organization; an administrator for whom two-factor is off or optional then resets others with a password
   * alone. Default `required`.
   */
  readonly secondFactor?: 'required' | 'policy';
  /** The organization at which the pages start. Default: the one in whose name the administrator acts. */
  readonly start?: (req: Request) => Awaitable<string | null | undefined>;
  /** How long an activation key can be used. Default `24h`. */
  readonly activationKeyMaxAge?: Duration;
  /** How long a key that was handed over waits for the user's first login. Default `7d`. */
  readonly handoverMaxAge?: Duration;
  /** Deadline of each call of `directory` and `authorize`. Default `5s`. */
  readonly timeout?: Duration;
}

export interface AdminConfig {
  readonly directory: Directory;
  readonly authorize: Authorize | null;
  readonly start: ((req: Request) => Awaitable<string | null | undefined>) | null;
  readonly secondFactor: 'required' | 'policy';
  readonly activationKeyMaxAgeMs: number;
  readonly handoverMaxAgeMs: number;
  readonly timeoutMs: number;
}

const DIRECTORY_METHODS = ['organization', 'clients', 'users', 'user'] as const;

const schema = optionsObject({
  directory: objectWith<Directory>(
    `an object with ${DIRECTORY_METHODS.join(', ')}`,
    DIRECTORY_METHODS,
  ),
  authorize: functionOption<Authorize>('a function (req, action, target) => boolean').optional(),
  start: functionOption<NonNullable<AdminConfig['start']>>(
    'a function (req) => organization id',
  ).optional(),
  secondFactor: option<'required' | 'policy'>(
    "'required' or 'policy'",
    (value) => value === 'required' || value === 'policy',
  ).default('required'),
  activationKeyMaxAge: durationOption('24h').prefault('24h'),
  handoverMaxAge: durationOption('7d').prefault('7d'),
  timeout: durationOption('5s').prefault('5s'),
});

/** Checks the options of `door.admin()`, once. ERR_OPTION names the option, its value, and what would be right. */
export function parseAdminOptions(raw: unknown): AdminConfig {
  const { activationKeyMaxAge, handoverMaxAge, timeout, ...options } = checkOptions(raw, schema, {
    name: 'admin',
  });
  const { directory, authorize, start, secondFactor } = options;
  return Object.freeze({
    directory,
    authorize: authorize ?? null,
    start: start ?? null,
    secondFactor,
    activationKeyMaxAgeMs: activationKeyMaxAge,
    handoverMaxAgeMs: handoverMaxAge,
    timeoutMs: timeout,
  });
}
