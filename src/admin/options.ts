import type { Request } from 'express';
import { z } from 'zod';
import type { Directory } from '../contracts.js';
import { type Duration, parseDuration } from '../duration.js';
import { SallyportError } from '../errors.js';
import type { Authorize } from './authorize.js';

export interface AdminOptions {
  /** The host's organizations and users. */
  readonly directory: Directory;
  /** Who may do what. Absent, every route refuses. */
  readonly authorize?: Authorize;
  /** The organization at which the pages start. Default: the one in whose name the administrator acts. */
  readonly start?: (req: Request) => string | null | undefined;
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
  readonly start: ((req: Request) => string | null | undefined) | null;
  readonly activationKeyMaxAgeMs: number;
  readonly handoverMaxAgeMs: number;
  readonly timeoutMs: number;
}

const DIRECTORY_METHODS = ['organization', 'clients', 'users', 'user'] as const;

const rule = <T>(right: string, test: (value: unknown) => boolean) =>
  z.custom<T>(test, { error: right });

const isFunction = (value: unknown): boolean => typeof value === 'function';

const duration = (fallback: Duration) =>
  rule<Duration>(
    "a duration such as '30m', '24h' or '7d'",
    (value) => parseDuration(value) !== null,
  )
    .default(fallback)
    .transform((value) => parseDuration(value) as number);

const schema = z.strictObject({
  directory: rule<Directory>(`an object with ${DIRECTORY_METHODS.join(', ')}`, (value) =>
    DIRECTORY_METHODS.every((name) =>
      isFunction((value as Record<string, unknown> | null)?.[name]),
    ),
  ),
  authorize: rule<Authorize>('a function (req, action, target) => boolean', isFunction).optional(),
  start: rule<NonNullable<AdminConfig['start']>>(
    'a function (req) => organization id',
    isFunction,
  ).optional(),
  activationKeyMaxAge: duration('24h'),
  handoverMaxAge: duration('7d'),
  timeout: duration('5s'),
});

/** Checks the options of `door.admin()`, once. ERR_OPTION names the option and what would be right. */
export function parseAdminOptions(raw: unknown): AdminConfig {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = ['admin', ...issue.path].join('.');
    throw new SallyportError(
      'ERR_OPTION',
      issue.code === 'unrecognized_keys'
        ? `${name} has unknown options: ${issue.keys.join(', ')}; there are: ${Object.keys(schema.shape).join(', ')}`
        : `${name} must be ${issue.code === 'custom' ? issue.message : 'an object'}`,
    );
  }
  const { directory, authorize, start, activationKeyMaxAge, handoverMaxAge, timeout } = parsed.data;
  return Object.freeze({
    directory,
    authorize: authorize ?? null,
    start: start ?? null,
    activationKeyMaxAgeMs: activationKeyMaxAge,
    handoverMaxAgeMs: handoverMaxAge,
    timeoutMs: timeout,
  });
}
