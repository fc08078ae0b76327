import { type RequestListener, Server } from 'node:http';
import { SallyportError } from '../../errors.js';
import { refusal } from './answers.js';
import type { AppUnderTest } from './app-under-test.js';
import type { BypassConfig } from './bypass-options.js';
import { openWire, type Wire } from './exchange.js';
import { learnNothing } from './nothing.js';
import type { Standing } from './probes.js';
import { publicRoutes } from './public-routes.js';
import { hasGate, type MountedRoute, routesAheadOfGate, routesOf } from './routes.js';
import { visitor } from './visitor.js';

export interface Prepared {
  readonly standing: Standing;
  readonly ahead: readonly MountedRoute[];
  /** Those of them that nobody has named public. */
  readonly unnamed: readonly MountedRoute[];
  close(): void;
}

type Options = Pick<BypassConfig, 'login' | 'protectedPaths' | 'public' | 'headers' | 'refusals'>;

/** Starts the app, signs in with the password, and learns how the gate of this app answers. */
export async function prepare(target: AppUnderTest, options: Options): Promise<Prepared> {
  const { protectedPaths, headers, refusals, public: named } = options;
  if (protectedPaths.length === 0 || !protectedPaths.every((path) => /^\/(?!\/)/.test(path))) {
    throw new SallyportError('ERR_OPTION', 'protectedPaths must name at least one local path');
  }
  const started = await startable(target);
  const app = started instanceof Server ? expressOf(started) : started;
  if (!hasGate(app)) {
    throw new SallyportError(
      'ERR_OPTION',
      'bypassChecks: no door.gate() is mounted in this app, or it is not an Express app',
    );
  }
  const hints = [...protectedPaths, ...named.map((entry) => entry.replace(/^\S* /, ''))];
  const routes = routesOf(app, { hints });
  const ahead = routesAheadOfGate(app, { hints });
  const publicly = publicRoutes(named, routes);

  const wire = await openWire(started);
  const own = visitor(wire.origin, headers);
  const returned = await options.login(own);
  const cookie = typeof returned === 'string' ? returned : own.cookie();
  const samples = routes.map(({ sample }) => sample).filter((sample) => sample !== null);
  return {
    standing: {
      ...{ wire, cookie, headers, publicly, protectedPaths, refusals },
      nothing: await learnNothing(wire, { ...headers, cookie }),
      gate: { locations: await learn(wire, headers, cookie, protectedPaths[0] as string) },
      targets: [...new Set([...protectedPaths, ...samples])],
    },
    ahead,
    unnamed: ahead.filter((route) => route.kind !== 'middleware' && !publicly.names(route)),
    close: () => wire.close(),
  };
}

/**
 * The control: without it, a login that fails, or an account that needs no second factor, would pass every
 * check or none, and say nothing of the gate.
 */
export async function assertStillBefore(
  standing: Pick<Standing, 'wire' | 'cookie' | 'headers' | 'protectedPaths'>,
): Promise<void> {
  const { wire, cookie, headers, protectedPaths } = standing;
  for (const path of protectedPaths) {
    const answered = await wire.ask({
      ...{ method: 'GET', path },
      headers: { ...headers, accept: 'application/json', cookie },
    });
    const answer = refusal(answered);
    if (answer?.error === 'second_factor_required') continue;
    throw new Error(
      answer
        ? `GET ${path}: the session is not signed in with a password; see the option login`
        : `GET ${path}: the gate should have asked for a second factor, got ${answered.status}`,
    );
  }
}

/** Where the gate sends browsers: it tells programs the same address. */
async function learn(
  wire: Wire,
  headers: Readonly<Record<string, string>>,
  cookie: string,
  path: string,
): Promise<string[]> {
  const ask = async (more: Readonly<Record<string, string>>) =>
    refusal(
      await wire.ask({
        ...{ method: 'GET', path },
        headers: { ...headers, accept: 'application/json', ...more },
      }),
    );
  const [between, outside] = [await ask({ cookie }), await ask({})];
  const pages = /^(.*)\/(?:activate|challenge)$/.exec(between?.url ?? '')?.[1];
  const own = pages === undefined ? [] : ['activate', 'challenge', 'expired'];
  return [...own.map((page) => `${pages}/${page}`), ...(outside ? [outside.url] : [])];
}

async function startable(target: AppUnderTest): Promise<RequestListener | Server> {
  if (target instanceof Server) return target;
  // An Express app is a function as well, but with `handle`.
  if ('handle' in target) return target as RequestListener;
  return (target as () => Promise<RequestListener | Server>)();
}

function expressOf(server: Server): unknown {
  return server.listeners('request').find((listener) => 'handle' in listener) ?? null;
}
