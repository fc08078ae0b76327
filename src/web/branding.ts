import { ignored } from '../awaitable.js';
import type { Subject } from '../contracts.js';
import { SallyportError } from '../errors.js';
import { wellFormed } from '../names.js';
import { isAccent } from './accent.js';

/** How an organization is shown on our pages. */
export interface Branding {
  /** At most 80 characters. */
  readonly name: string;
  /** `https:`, or a path on this origin that begins with a single `/`. */
  readonly logoUrl?: string | undefined;
  /** `#rrggbb`. */
  readonly accent?: string | undefined;
}

/**
 * The host's branding, called for every page: with null when nobody is signed in, and with the address of the page.
 * It is synchronous, so a host that reads brands from a database has to cache them.
 */
export type BrandingFunction = (
  subject: Subject | null,
  place: { readonly origin: string },
) => Branding;

/** The brand for a subject at one of the app's addresses. */
export type BrandAt = (subject: Subject | null, origin?: string) => Brand;

/** A brand that has been checked. */
export interface Brand {
  readonly name: string;
  readonly logoUrl: string | null;
  readonly accent: string | null;
}

/** Throws `SallyportError` (ERR_OPTION), naming the field and its value. */
export function parseBranding(value: unknown): Brand {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong('branding must give { name, logoUrl?, accent? }', value);
  }
  const { name, logoUrl, accent } = value as Record<string, unknown>;
  if (typeof name !== 'string' || name.trim() === '' || [...name].length > 80) {
    throw wrong('branding.name must be a text of 1 to 80 characters', name);
  }
  if (!absent(logoUrl) && !isLogoUrl(logoUrl)) {
    throw wrong('branding.logoUrl must be an https: URL or a path that begins with one /', logoUrl);
  }
  if (!absent(accent) && !isAccent(accent)) {
    throw wrong('branding.accent must look like #rrggbb', accent);
  }
  return {
    name: wellFormed(name.trim()),
    logoUrl: absent(logoUrl) ? null : (logoUrl as string),
    accent: absent(accent) ? null : (accent as string).toLowerCase(),
  };
}

/**
 * The brand for one request. A branding function that throws or returns something invalid must not break the page:
 * the default is shown, and `report` is called.
 */
export function createBranding(
  branding: BrandingFunction | undefined,
  defaults: { readonly name: string },
  report: (error: unknown) => void,
): BrandAt {
  const fallback: Brand = { name: defaults.name, logoUrl: null, accent: null };
  if (branding === undefined) return () => fallback;
  return function brandOf(subject, origin = '') {
    try {
      const given: unknown = branding(subject, { origin });
      // A promise that rejects later would otherwise end the process.
      ignored(given);
      return parseBranding(given);
    } catch (error) {
      report(error);
      return fallback;
    }
  };
}

/** The origin of a brand's logo, for the page's `img-src`; null for a logo of our own origin. */
export function logoOrigin(brand: Brand): string | null {
  return brand.logoUrl?.startsWith('https:') ? new URL(brand.logoUrl).origin : null;
}

function isLogoUrl(value: unknown): value is string {
  // No control characters, spaces and backslashes: browsers drop or replace them, so `/\host` leads to another host.
  if (typeof value !== 'string' || value.length > 2000 || !/^[!-[\]-~]+$/.test(value)) return false;
  if (value.startsWith('/')) return !value.startsWith('//');
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return url.protocol === 'https:' && url.username === '' && url.password === '';
}

function absent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function wrong(what: string, got: unknown): SallyportError {
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 100)) : kind(got);
  return new SallyportError('ERR_OPTION', `${what}, got ${shown}`);
}

function kind(value: unknown): string {
  if (value instanceof Promise) return 'a promise (branding is synchronous)';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
