import type { Request } from 'express';
import { LRUCache } from 'lru-cache';

/** What an `Accept` header asks for, cached: there are few different ones, and each request sends one. */
interface Accepted {
  readonly html: boolean;
  readonly isFromLibrary: boolean;
}

const accepted = new LRUCache<string, Accepted>({ max: 200 });
/** In characters. Browsers send shorter ones; a client may send longer ones. */
const LONGEST_CACHED = 300;

/**
 * Whether the answer is to be a page. `Accept: *\/*` is sent by programs, which get JSON. So does a script that asks
 * in the background, whatever it accepts, since it would paste our page into its own.
 */
export function wantsHtml(req: Request): boolean {
  const { accept } = req.headers;
  if (accept?.includes('text/html') !== true) return false;
  const { html, isFromLibrary } = acceptedBy(req, accept);
  return html && !isBackground(req, isFromLibrary);
}

function acceptedBy(req: Request, accept: string): Accepted {
  const known = accepted.get(accept);
  if (known) return known;
  const found = {
    html: req.accepts(['html', 'json']) === 'html',
    isFromLibrary: weighsLikeLibrary(accept),
  };
  if (accept.length <= LONGEST_CACHED) accepted.set(accept, found);
  return found;
}

/** Whether a person is navigating to this page: only such a request is answered with a redirect. */
export function isNavigation(req: Request): boolean {
  return wantsHtml(req) && !isPrefetch(req);
}

/** Whether the person can come back to this page: a navigation of a tab, by GET. */
export function isPage(req: Request): boolean {
  const dest = header(req, 'sec-fetch-dest');
  return req.method === 'GET' && isNavigation(req) && (dest === null || dest === 'document');
}

// Fetch Metadata: the destinations that are navigations, of a tab or of a frame in it.
const NAVIGATED = ['document', 'iframe', 'frame', 'fencedframe', 'embed', 'object'];

function isBackground(req: Request, isFromLibrary: boolean): boolean {
  // An app's WebView sends the app's name in this header when it navigates.
  if (header(req, 'x-requested-with')?.toLowerCase() === 'xmlhttprequest') return true;
  const dest = header(req, 'sec-fetch-dest');
  const mode = header(req, 'sec-fetch-mode');
  if (dest !== null) {
    return !NAVIGATED.includes(dest) || (mode !== null && mode !== 'navigate');
  }
  // A browser sends `cors` with a destination; Node's fetch sends it alone, also in tests that act as a browser.
  if (mode !== null) return mode !== 'navigate' && mode !== 'cors';
  return isFromLibrary;
}

/** `text/html, *\/*; q=0.01` of jQuery and its like. Browsers name more, or weigh the rest at about 0.8. */
function weighsLikeLibrary(accept: string): boolean {
  const ranges = accept.split(',').map((range) => range.replaceAll(' ', '').toLowerCase());
  const rest = ranges.find((range) => range.startsWith('*/*'));
  if (rest === undefined || ranges.length !== 2) return false;
  const weight = Number(/;q=([\d.]+)/.exec(rest)?.[1] ?? 1);
  return weight === 1 || weight <= 0.1;
}

/** Whether a browser asks ahead of time, before the person has asked for the page. */
function isPrefetch(req: Request): boolean {
  return (
    header(req, 'sec-purpose')?.startsWith('prefetch') === true ||
    ['purpose', 'x-purpose', 'x-moz'].some((name) =>
      ['prefetch', 'preview'].includes(header(req, name) ?? ''),
    )
  );
}

function header(req: Request, name: string): string | null {
  const value = req.headers[name];
  return typeof value === 'string' ? value : null;
}
