import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import { ignored } from '../awaitable.js';
import { shown } from '../check-options.js';
import { UnavailableError } from '../errors.js';
import { attached } from '../session/attached.js';

/**
 * Where browsers find the app: one origin; several, of which the first names the door; or a function from a host,
 * with its port, to the origin that browsers see there, null for a host that is not the app's.
 */
export type OriginOption =
  | string
  | readonly string[]
  | ((host: string) => string | null | undefined);

export interface Addresses {
  /** The origin to use without a request: the first one; empty for a lookup. */
  readonly first: string;
  /** The origins known beforehand; none for a lookup. */
  readonly listed: readonly string[];
  /** The origin that a request came to; null for an unknown host. Throws ERR_OPTION when a lookup gives no origin. */
  of(req: Request): string | null;
  /** With several origins, the one that `of` found for this request before; otherwise null. */
  known(asked: object): string | null;
}

/** How many answers of a lookup are remembered as checked. */
const CHECKED_AT_MOST = 1000;

/**
 * A request's host only selects one of the given origins; it never becomes an origin itself. With a single origin it
 * is ignored.
 */
export function addresses(option: OriginOption): Addresses {
  if (typeof option === 'string') {
    return { first: option, listed: [option], of: () => option, known: () => null };
  }
  if (typeof option === 'function') return lookedUp(option);
  const byHost = new Map(option.map((origin) => [new URL(origin).host, origin]));
  const listed = [...byHost.values()];
  const { of, known } = askedOnce((req) => byHost.get(hostOf(req) ?? '') ?? null);
  return {
    first: listed[0] as string,
    ...{ listed, of },
    known: listed.length > 1 ? known : () => null,
  };
}

/** Finds the origin once per request: several parts ask, and all must get the same answer. */
function askedOnce(find: Addresses['of']): Pick<Addresses, 'of' | 'known'> {
  const found = attached<object, { readonly origin: string | null }>('sallyport.address');
  return {
    of(req) {
      const known = found.of(req);
      if (known) return known.origin;
      const origin = find(req);
      found.set(req, { origin });
      return origin;
    },
    known: (asked) => found.of(asked)?.origin ?? null,
  };
}

function lookedUp(lookUpHost: Extract<OriginOption, (host: string) => unknown>): Addresses {
  const checked = new LRUCache<string, true>({ max: CHECKED_AT_MOST });
  const check = (given: unknown, host: string): string => {
    const known = `${given} ${host}`;
    if (typeof given === 'string' && checked.has(known)) return given;
    if (!isOrigin(given) || new URL(given).host !== host) {
      throw new UnavailableError(
        'ERR_OPTION',
        `origin(${shown(host)}) must give the origin of that host, e.g. 'https://${host}', or null, got ${shown(given)}`,
      );
    }
    checked.set(known, true);
    return given;
  };
  return { first: '', listed: [], ...askedOnce(lookUp) };

  function lookUp(req: Request): string | null {
    const host = hostOf(req);
    if (host === null) return null;
    let given: unknown;
    try {
      given = lookUpHost(host);
    } catch (cause) {
      throw new UnavailableError('ERR_OPTION', `origin(${shown(host)}) threw`, { cause });
    }
    // A promise that rejects later would otherwise end the process.
    ignored(given);
    return given === null || given === undefined ? null : check(given, host);
  }
}

/** Scheme, host and port without a path. */
export function isOrigin(value: unknown): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { origin, protocol } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && origin === value;
}

/**
 * The host that a request came to, as in a URL: in lower case and without the default port. A proxy's header counts
 * if Express trusts the proxy.
 */
function hostOf(req: Request): string | null {
  const trusts: unknown = req.app.get('trust proxy fn');
  const { remoteAddress } = req.socket;
  const forwarded = req.get('x-forwarded-host');
  const trusted =
    forwarded !== undefined && typeof trusts === 'function' && trusts(remoteAddress, 0) === true;
  const host = (trusted ? forwarded.split(',')[0]?.trim() : req.get('host')) ?? '';
  // Nothing but a host: in a URL, `user@host`, a path or a blank would mean something else.
  if (!/^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(host)) return null;
  const url = `${req.protocol}://${host}`;
  return URL.canParse(url) ? new URL(url).host : null;
}
