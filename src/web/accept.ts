import type { Request } from 'express';
import { LRUCache } from 'lru-cache';

/** What an `Accept` header asks for: worked out once, since few are sent, and each with every request. */
interface Accepted {
  readonly html: boolean;
  readonly isLibrarys: boolean;
}

const accepted = new LRUCache<string, Accepted>({ max: 200 });
/** Browsers send less; anybody may send more. */
const LONGEST_KEPT = 300;

/**
 * Whether the answer is to be a page. `Accept: *\/*` is a program's, and a program wants JSON; so does a script
 * of a page that asks in the background, whatever it accepts: it would paste a page of ours into its own.
 */
export function wantsHtml(req: Request): boolean {
  const { accept } = req.headers;
  if (accept?.includes('text/html') !== true) return false;
  const { html, isLibrarys } = acceptedBy(req, accept);
  return html && !isBackground(req, isLibrarys);
}

function acceptedBy(req: Request, accept: string): Accepted {
  const known = accepted.get(accept);
  if (known) return known;
  const found = {
    html: req.accepts(['html', 'json']) === 'html',
    isLibrarys: weighsLikeLibrary(accept),
  };
  if (accept.length <= LONGEST_KEPT) accepted.set(accept, found);
  return found;
}

/** Whether a person is on the way to this page: only such a request is worth a redirect. */
export function isNavigation(req: Request): boolean {
  return wantsHtml(req) && !isPrefetch(req);
}

/** Whether this is a page that the person can come back to: in a tab of its own, and asked for with a GET. */
export function isPage(req: Request): boolean {
  const dest = header(req, 'sec-fetch-dest');
  return req.method === 'GET' && isNavigation(req) && (dest === null || dest === 'document');
}

// Fetch Metadata: the destinations that are navigations, of a tab or of a frame in it.
const NAVIGATED = ['document', 'iframe', 'frame', 'fencedframe', 'embed', 'object'];

function isBackground(req: Request, isLibrarys: boolean): boolean {
  // An app's WebView sends the app's name in this header when it navigates.
  if (header(req, 'x-requested-with')?.toLowerCase() === 'xmlhttprequest') return true;
  const dest = header(req, 'sec-fetch-dest');
  const mode = header(req, 'sec-fetch-mode');
  if (dest !== null) {
    return !NAVIGATED.includes(dest) || (mode !== null && mode !== 'navigate');
  }
  // `cors` alone is no browser's: Node's own fetch sends it, also where a test plays a browser with it.
  if (mode !== null) return mode !== 'navigate' && mode !== 'cors';
  return isLibrarys;
}

/** `text/html, *\/*; q=0.01` of jQuery and its like. Browsers name more, or weigh the rest at about 0.8. */
function weighsLikeLibrary(accept: string): boolean {
  const ranges = accept.split(',').map((range) => range.replaceAll(' ', '').toLowerCase());
  const rest = ranges.find((range) => range.startsWith('*/*'));
  if (rest === undefined || ranges.length !== 2) return false;
  const weight = Number(/;q=([\d.]+)/.exec(rest)?.[1] ?? 1);
  return weight === 1 || weight <= 0.1;
}

/** Asked for ahead of time, and thrown away when the answer is no success: nobody has asked for the page yet. */
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
