import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import type { Addresses } from './addresses.js';

/** The addresses of a door's and its host's pages, as browsers see them at one mount. */
export interface Places {
  readonly origin: string;
  /** The prefix that a proxy removes from paths, so that requests lack it. */
  readonly stripped: string;
  /** The path of the whole app, and of our cookies. */
  readonly folder: string;
  readonly path: string;
  readonly homeUrl: string;
  readonly loginUrl: string;
}

export interface PlacesConfig extends Pick<Places, 'path' | 'homeUrl' | 'loginUrl'> {
  readonly addresses: Addresses;
  /** The prefix that browsers use and a proxy removes; empty for none. */
  readonly baseUrl: string;
}

/** An app may be mounted by a pattern, which matches as many paths as clients send. */
const MOUNTS_AT_MOST = 50;
/** A lookup may give one for each partner. */
const ADDRESSES_AT_MOST = 200;

/**
 * What belongs to a mount of the app, made once for each. The door's pages note the mount: they come first, while
 * other parts of the door may be mounted below paths of their own.
 */
export interface Mounts<T> {
  /** Called by the pages for each request: their mount is the app's. */
  note(req: Request): void;
  of(req: Request): T;
  /** The last place noted; before the first request, the one that the options name. */
  lastNoted(): Places;
}

export function mounts<T>(config: PlacesConfig, make: (places: Places) => T): Mounts<T> {
  const { addresses } = config;
  const noted = new WeakMap<Request, string>();
  // By origin, then by mount: joining the two into one key would cost more than a second lookup, for each request.
  const made = new LRUCache<string, LRUCache<string, { readonly at: T }>>({
    max: ADDRESSES_AT_MOST,
  });
  /** What was asked for last, which is nearly always what is asked for next. */
  let recent: { readonly origin: string; readonly mount: string; readonly at: T } | null = null;
  let lastNoted = placesAt(config, addresses.first, '');

  function originOf(req: Request): string {
    const origin = addresses.of(req);
    if (origin !== null) return origin;
    throw new RequestError(421, 'misdirected_request', message('request.not-our-address'));
  }

  function madeAt(origin: string, mount: string): T {
    let here = made.get(origin);
    if (!here) {
      here = new LRUCache({ max: MOUNTS_AT_MOST });
      made.set(origin, here);
    }
    let found = here.get(mount);
    if (!found) {
      found = { at: make(placesAt(config, origin, mount)) };
      here.set(mount, found);
    }
    return found.at;
  }

  return {
    note(req) {
      const { baseUrl } = req;
      // A request's path may be `/\host`, which browsers take for another site.
      if (baseUrl === '' || !/^(?:\/[^/\\\s]+)+$/.test(baseUrl)) return;
      noted.set(req, baseUrl);
      lastNoted = placesAt(config, originOf(req), baseUrl);
    },

    of(req) {
      const mount = noted.get(req) ?? '';
      const origin = originOf(req);
      if (recent?.origin !== origin || recent.mount !== mount) {
        recent = { origin, mount, at: madeAt(origin, mount) };
      }
      return recent.at;
    },

    lastNoted: () => lastNoted,
  };
}

function placesAt(
  { baseUrl, path, homeUrl, loginUrl }: PlacesConfig,
  origin: string,
  mount: string,
) {
  const base = baseUrl + mount;
  const here = { origin, stripped: baseUrl, folder: base === '' ? '/' : base };
  return Object.freeze({
    ...here,
    ...{ path: below(here, path), homeUrl: below(here, homeUrl), loginUrl: below(here, loginUrl) },
  } satisfies Places);
}

/** A path of the app's own as browsers see it; one that begins with the base is so already. */
export function below({ folder }: Pick<Places, 'folder'>, url: string): string {
  const base = folder === '/' ? '' : folder;
  return url === base || url.startsWith(`${base}/`) ? url : base + url;
}

/** The path and query that the browser asked for. */
export function askedUrl({ originalUrl }: Request, { stripped }: Pick<Places, 'stripped'>): string {
  return stripped + originalUrl;
}

/** The raw path of a URL, without its query. */
export function rawPath(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
