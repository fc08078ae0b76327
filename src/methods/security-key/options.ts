import { isIP } from 'node:net';
import {
  checkOptions,
  durationOption,
  listOption,
  option,
  optionsObject,
} from '../../check-options.js';
import { SallyportError } from '../../errors.js';
import type { Duration } from '../../time.js';

export interface SecurityKeyOptions {
  /**
   * The domain that keys are made for: the host name of `origin`, or a domain above it that it shares with other
   * hosts, e.g. `example.com`. Keys are lost when it changes. Default: the host name of `origin`.
   */
  readonly rpId?: string;
  /**
   * Further origins whose answers are accepted, e.g. `https://console.example.org`. Those of another domain are
   * told to browsers at `/.well-known/webauthn`, which `door.pages()` serves.
   */
  readonly origins?: readonly string[];
  /** How long the browser waits for a key. At most, and by default, `2m`. */
  readonly timeout?: Duration;
}

export interface ParsedSecurityKeyOptions {
  readonly rpId: string;
  /** The door's first. */
  readonly origins: readonly string[];
  readonly timeoutMs: number;
}

const MAX_TIMEOUT_MS = 2 * 60 * 1000;

const schema = optionsObject({
  rpId: option<string>("a domain, e.g. 'example.com'", isDomain).optional(),
  origins: listOption<string>("an origin, e.g. 'https://console.example.org'", isOrigin, {
    atLeastOne: 'origin',
  }).optional(),
  timeout: durationOption('2m').prefault('2m'),
});

/** What does not need the door: throws ERR_OPTION. */
export function parseSecurityKeyOptions(
  options: SecurityKeyOptions,
): (origin: string) => ParsedSecurityKeyOptions {
  const { rpId, origins = [], timeout } = checkOptions(options, schema, { name: 'securityKey' });
  if (timeout > MAX_TIMEOUT_MS) {
    throw new SallyportError(
      'ERR_OPTION',
      `securityKey.timeout must be at most '2m', got ${timeout} ms`,
    );
  }
  return (origin) => {
    const { hostname } = new URL(origin);
    const domain = rpId ?? hostname;
    // Whether it is one that anybody can register below (`co.uk`) only browsers know: they refuse it.
    if (hostname !== domain && !hostname.endsWith(`.${domain}`)) {
      throw new SallyportError(
        'ERR_OPTION',
        `securityKey.rpId must be the host name of origin (${hostname}) or a domain above it, got '${domain}'`,
      );
    }
    return { rpId: domain, origins: [...new Set([origin, ...origins])], timeoutMs: timeout };
  };
}

function isDomain(value: unknown): boolean {
  if (typeof value !== 'string' || isIP(value) !== 0) return false;
  return value === 'localhost' || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value);
}

/** Browsers know keys in a secure context only. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { origin, protocol, hostname } = new URL(value);
  return origin === value && (protocol === 'https:' || hostname === 'localhost');
}
