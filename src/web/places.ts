import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import type { Addresses } from './addresses.js';

/** Where the pages of a door and of its host are, as the browsers of one mount know them. */
export interface Places {
  readonly origin: string;
  /** What a proxy takes off the paths before it hands them on: no request has it. */
  readonly stripped: string;
  /** Where the app is: all of it is below, and our cookies go no further. */
  readonly folder: string;
  readonly path: string;
  readonly homeUrl: string;
  readonly loginUrl: string;
}

export interface PlacesConfig extends Pick<Places, 'path' | 'homeUrl' | 'loginUrl'> {
  readonly addresses: Addresses;
  /** The path below which browsers find the app, where a proxy takes it off; empty where none does. */
  readonly baseUrl: string;
}

/** An app may be mounted by a pattern, so that what it is mounted at is as many-fold as people type it. */
const MOUNTS_AT_MOST = 50;
/** Of a lookup as many as partners have. */
const ADDRESSES_AT_MOST = 200;

/**
 * What belongs to the place where an app is mounted, made once for each. The door's pages say where that is: they
 * come first, and what else the door gives may be mounted further down, below paths of its own.
 */
export interface Mounts<T> {
  /** Called by the pages for each request: the app is where they are. */
  note(req: Request): void;
  of(req: Request): T;
  /** The last place noted; before the first request, the one that the options name. */
  lastNoted(): Places;
}

export function mounts<T>(config: PlacesConfig, make: (places: Places) => T): Mounts<T> {
  const { addresses } = config;
  const noted = new WeakMap<Request, string>();
  // By origin and then by mount: a key that is put together costs more than the lookup, and each request asks.
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
      // `/\host` may be sent as a request's path, and a browser takes it for another site.
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
  // What begins with it already is what browsers see.
  const below = (url: string) => (url === base || url.startsWith(`${base}/`) ? url : base + url);
  return Object.freeze({
    ...{ origin, stripped: baseUrl, folder: base === '' ? '/' : base },
    ...{ path: below(path), homeUrl: below(homeUrl), loginUrl: below(loginUrl) },
  } satisfies Places);
}

/** What the browser asked for: a path of this site, with its query. */
export function askedUrl({ originalUrl }: Request, { stripped }: Pick<Places, 'stripped'>): string {
  return stripped + originalUrl;
}

/** The raw path of what was asked for, without its query. */
export function rawPath(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
