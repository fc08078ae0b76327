import { described, type Gate, isExpressOwn, isGiven, isTurnedAway } from './answers.js';
import type { Answered, Asked, Wire } from './exchange.js';
import type { PublicRoutes } from './public-routes.js';
import { spellings } from './spellings.js';

export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What the probes of one app have in common. */
export interface Standing {
  readonly wire: Wire;
  readonly gate: Gate;
  /** The session that has proven a password and nothing more. */
  readonly cookie: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly publicly: PublicRoutes;
  /** Where to knock: every route that has an example, and the host's protected paths. */
  readonly targets: readonly string[];
  readonly protectedPaths: readonly string[];
  /** Whether an answer says nothing of an address: it is the one to a path that surely does not exist. */
  readonly nothing: (asked: Asked, answered: Answered) => boolean;
  /** Statuses besides the gate's own with which the host's layers ahead of it refuse. */
  readonly refusals: readonly number[];
}

export interface Probe extends Asked {
  /** What was tried, for the list. */
  readonly what: string;
  /** Whether a 400 will do: the path is not written as anybody would. */
  readonly odd?: boolean;
  /** Statuses that will do as well. */
  readonly refusals?: readonly number[];
}

const JSON_ACCEPT = { accept: 'application/json' };
const HTML_ACCEPT = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** Each target by one method, in all spellings, as a program and as a browser. */
export function methodProbes(method: string, { targets, publicly }: Standing): Probe[] {
  const open = publicly.paths.slice(0, 5);
  const content = ['POST', 'PUT', 'PATCH'].includes(method)
    ? { headers: { 'content-type': 'application/json' }, body: '{}' }
    : {};
  return targets
    .filter((path) => !publicly.answers(method, path))
    .flatMap((target) =>
      spellings(target, open).flatMap(({ path, plain }): Probe[] => {
        const probe = { ...content, method, path };
        const json = { ...probe, headers: { ...content.headers, ...JSON_ACCEPT }, what: 'JSON' };
        if (!plain) return [{ ...json, odd: true }];
        const html = { ...probe, headers: { ...content.headers, ...HTML_ACCEPT }, what: 'HTML' };
        return [json, html];
      }),
    );
}

/** What caches and downloads send: a 206 or a 304 gives away what a 200 would. */
export function partialProbes(standing: Standing): Probe[] {
  return withHeaders(standing, {
    Range: { range: 'bytes=0-9' },
    'several ranges': { range: 'bytes=0-0,-1' },
    'If-None-Match': { 'if-none-match': '*' },
    'If-Modified-Since': { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' },
    'If-Range': { range: 'bytes=0-9', 'if-range': 'Fri, 01 Jan 2100 00:00:00 GMT' },
  });
}

/**
 * Bodies that a parser ahead of the gate fails on. Express then looks for an error handler, past the gate, and one
 * that lets the request go on reaches what stands below it.
 */
export function brokenBodyProbes({ targets, publicly }: Standing): Probe[] {
  const json = { 'content-type': 'application/json' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const kinds = {
    'JSON that cannot be read': { headers: json, body: '{' },
    'a form in an unknown encoding': { headers: { ...form, 'content-encoding': 'x' }, body: 'a=b' },
  };
  return ['POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
    targets
      .filter((path) => !publicly.answers(method, path))
      .flatMap((path) =>
        Object.entries(kinds).map(([what, { headers, body }]) => ({
          ...{ method, path, what, body, refusals: [400, 413, 415] },
          headers: { ...headers, ...JSON_ACCEPT },
        })),
      ),
  );
}

/** What proxies add and clients can forge. */
export function forgedProbes(standing: Standing): Probe[] {
  const [open = '/login'] = standing.publicly.paths;
  return withHeaders(standing, {
    'X-Original-URL': { 'x-original-url': open },
    'X-Rewrite-URL': { 'x-rewrite-url': open },
    'X-Forwarded-Prefix': { 'x-forwarded-prefix': open },
    'X-Forwarded-Uri': { 'x-forwarded-uri': open },
    'X-Forwarded-For': { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
    'X-Forwarded-Host': { 'x-forwarded-host': 'localhost' },
    'X-HTTP-Method-Override': { 'x-http-method-override': 'OPTIONS' },
    'X-Requested-With': { 'x-requested-with': 'XMLHttpRequest' },
    Purpose: { purpose: 'prefetch', 'sec-purpose': 'prefetch' },
    Authorization: { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` },
  });
}

function withHeaders(
  { targets, publicly }: Standing,
  kinds: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Probe[] {
  return targets
    .filter((path) => !publicly.answers('GET', path))
    .flatMap((path) =>
      Object.entries(kinds).map(([what, headers]) => ({
        ...{ method: 'GET', path, what },
        headers: { ...JSON_ACCEPT, ...headers },
      })),
    );
}

/** The protected paths, by each method, for somebody who is not signed in where such requests pass the gate. */
export async function givenToNobody(standing: Standing): Promise<readonly Hole[]> {
  const plain = METHODS.flatMap((method) => methodProbes(method, standing));
  const once = plain.filter(({ path, odd }) => !odd && standing.protectedPaths.includes(path));
  const found = await holes(once, standing, { signedIn: false });
  return found.filter(({ answered }) => answered === null || isGiven(answered));
}

/** A request that something else than the gate has answered. */
export interface Hole {
  /** In words. */
  readonly what: string;
  /** Null where there was no answer. */
  readonly answered: Answered | null;
}

/** Sends all of them and says which were answered by something else than the gate. */
export async function holes(
  probes: readonly Probe[],
  { wire, gate, cookie, headers, refusals, nothing }: Standing,
  { signedIn = true } = {},
): Promise<Hole[]> {
  const found: Hole[] = [];
  const waiting = [...probes];
  const worker = async (): Promise<void> => {
    for (let probe = waiting.shift(); probe; probe = waiting.shift()) {
      const { what, odd, refusals: own = [], ...asked } = probe;
      const session = signedIn ? { cookie } : {};
      const sent = { ...asked, headers: { ...asked.headers, ...headers, ...session } };
      let answered: Answered;
      try {
        answered = await wire.ask(sent);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        found.push({ what: `${asked.method} ${asked.path} (${what}): ${message}`, answered: null });
        continue;
      }
      // The gate answers so where it sends browsers and nothing is there: not well mounted, and no hole.
      const nowhere = answered.status === 503 && gate.locations.includes(asked.path);
      const refused =
        nowhere ||
        refusals.includes(answered.status) ||
        own.includes(answered.status) ||
        (odd && answered.status === 400) ||
        isExpressOwn(asked.method, answered) ||
        nothing(asked, answered);
      if (!refused && !isTurnedAway(asked.method, answered, gate)) {
        const said = `${asked.method} ${asked.path} (${what}): ${described(answered)}`;
        found.push({ what: said, answered });
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return found;
}
