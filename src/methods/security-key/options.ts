import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import {
  checkOptions,
  durationOption,
  listOption,
  option,
  optionsObject,
} from '../../check-options.js';
import type { MethodServices } from '../../contracts.js';
import { SallyportError } from '../../errors.js';
import type { Duration } from '../../time.js';
import type { Metadata } from './metadata/blob.js';
import { isPemCertificate, metadataFrom, metadataOption } from './metadata/option.js';

export interface SecurityKeyOptions {
  /**
   * The domain that keys are made for: the host name of `origin`, or a domain above it that it shares with other
   * hosts, e.g. `example.com`. Keys are lost when it changes. Default: the host name of `origin`; where the app has
   * several addresses, that of each, whose keys then work there alone.
   */
  readonly rpId?: string;
  /**
   * Further origins whose answers are accepted, e.g. `https://console.example.org`. Those of another domain are
   * told to browsers at `/.well-known/webauthn`, which `door.pages()` serves.
   */
  readonly origins?: readonly string[];
  /** How long the browser waits for a key. At most, and by default, `2m`. */
  readonly timeout?: Duration;
  /**
   * FIDO's metadata of authenticators, as https://mds3.fidoalliance.org gives it: the path of the file, or what it
   * holds. Where an organization takes certain models, a key's maker then has to vouch for its model. It is read and
   * checked once, and nobody is asked.
   */
  readonly metadata?: string | Uint8Array;
  /** Roots that lead to whoever signs `metadata`, as PEM, in the place of FIDO's: for one's own list, and in tests. */
  readonly metadataRoots?: readonly string[];
}

/** What keys are made for and asked at, at one of the app's addresses. */
export interface Party {
  readonly rpId: string;
  /** The address's own first. */
  readonly origins: readonly string[];
}

export interface ParsedSecurityKeyOptions {
  readonly timeoutMs: number;
  /** Keys are each address's own: they are kept with the domain that they were made for. */
  readonly perAddress: boolean;
  /** At an address; where none is known, at the door's first. Throws ERR_OPTION for one that is not below `rpId`. */
  partyAt(place: { readonly origin: string } | null): Party;
  /** What browsers are told at `/.well-known/webauthn`; empty where there is nothing to tell. */
  readonly related: readonly string[];
  /** What is known of models; null where keys are taken at their word. */
  readonly metadata: Metadata | null;
}

const MAX_TIMEOUT_MS = 2 * 60 * 1000;
const PARTIES_AT_MOST = 1000;

const schema = optionsObject({
  rpId: option<string>("a domain, e.g. 'example.com'", isDomain).optional(),
  origins: listOption<string>("an origin, e.g. 'https://console.example.org'", isOrigin, {
    atLeastOne: 'origin',
  }).optional(),
  timeout: durationOption('2m').prefault('2m'),
  metadata: metadataOption().optional(),
  metadataRoots: listOption<string>("a CA's certificate as PEM", isPemCertificate, {
    atLeastOne: 'certificate',
  }).optional(),
});

/** What does not need the door: throws ERR_OPTION. */
export function parseSecurityKeyOptions(
  options: SecurityKeyOptions,
): (door: Pick<MethodServices, 'origin' | 'origins'>) => ParsedSecurityKeyOptions {
  const {
    rpId,
    origins = [],
    timeout,
    metadata: blob,
    metadataRoots = null,
  } = checkOptions(options, schema, { name: 'securityKey' });
  if (timeout > MAX_TIMEOUT_MS) {
    throw new SallyportError(
      'ERR_OPTION',
      `securityKey.timeout must be at most '2m', got ${timeout} ms`,
    );
  }

  if (blob === undefined && metadataRoots !== null) {
    throw new SallyportError(
      'ERR_OPTION',
      'securityKey.metadataRoots is for metadata, which is not given',
    );
  }
  const metadata = blob === undefined ? null : metadataFrom(blob, metadataRoots);

  function partyOf(origin: string): Party {
    const { hostname } = new URL(origin);
    const domain = rpId ?? hostname;
    // Whether it is one that anybody can register below (`co.uk`) only browsers know: they refuse it.
    if (hostname !== domain && !hostname.endsWith(`.${domain}`)) {
      throw new SallyportError(
        'ERR_OPTION',
        `securityKey.rpId must be the host name of origin (${hostname}) or a domain above it, got '${domain}'`,
      );
    }
    return { rpId: domain, origins: [...new Set([origin, ...origins])] };
  }

  return ({ origin, origins: listed = [origin] }) => {
    const parties = new LRUCache<string, Party>({ max: PARTIES_AT_MOST });
    const partyAt = (at: string): Party => {
      const party = parties.get(at) ?? partyOf(at);
      parties.set(at, party);
      return party;
    };
    // What is wrong is said when the door is made, as far as its addresses are known then.
    for (const one of listed) if (one !== '') partyAt(one);
    const related = [...new Set([...listed.filter((one) => one !== ''), ...origins])];
    return {
      timeoutMs: timeout,
      metadata,
      perAddress: rpId === undefined && (listed.length > 1 || origin === ''),
      partyAt: (place) => partyAt(place?.origin ?? origin),
      related: origins.length > 0 ? related : [],
    };
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
