import { checkOptions, listOption, optionsObject } from '../../check-options.js';
import { type Handle, type Layer, mountPaths, sampleOf, stackOf } from './layers.js';

/** Something that is mounted in an Express app and may answer a request. */
export interface MountedRoute {
  /**
   * `route`: has methods and a path. `static`: express.static. `app`: another Express app, whose routes are
   * not to be seen. `router`: one whose path is hidden. `middleware`: any other function.
   */
  readonly kind: 'route' | 'static' | 'app' | 'router' | 'middleware';
  /** `GET`, … for a route, `ALL` for all of them; `USE` for what is mounted. */
  readonly methods: readonly string[];
  /** As it was registered, with the paths of the routers around it; null where Express does not tell. */
  readonly path: string | null;
  /** A path that it answers, with something put in for each parameter; null when there is none to be had. */
  readonly sample: string | null;
  /** The function's name. */
  readonly name: string;
  /** Whether a gate comes before it. */
  readonly behindGate: boolean;
  /**
   * Of a static mount: the paths of gates further down that it goes around. Written as `//api` or `/%61pi`, what is
   * below `/api` is not for a gate that is mounted there, and a file all the same.
   */
  readonly aroundGates: readonly string[];
}

export interface RoutesOptions {
  /** Paths that the app is known to have, for finding mounts whose path Express hides. */
  readonly hints?: readonly string[];
}

const schema = optionsObject({
  hints: listOption<string>('a path', (value) => typeof value === 'string').default([]),
});

/**
 * `GET /login`, `USE /files (serveStatic)`, `USE ? (router)`, `USE / (serveStatic), around the gate at /api`: how a
 * route is named in lists.
 * @example
 * for (const route of routesAheadOfGate(app)) console.log(routeName(route));
 */
export function routeName({ kind, methods, path, name, aroundGates }: MountedRoute): string {
  const where = `${methods.join('|')} ${path === null ? '?' : path || '/'}`;
  if (kind === 'route') return where;
  const around = aroundGates.length === 0 ? '' : `, around the gate at ${aroundGates.join(', ')}`;
  return `${where} (${name || kind})${around}`;
}

/** Everything that may answer, in the order in which Express asks it. */
export function routesOf(app: unknown, { hints = [] }: RoutesOptions = {}): MountedRoute[] {
  const found: MountedRoute[] = [];
  const gates: ((path: string | null) => boolean)[] = [];
  const gatePaths: string[] = [];
  walk(stackOf(app), '', false);
  return found;

  /** `base` is null below a mount whose path is not known. */
  function walk(stack: readonly Layer[], base: string | null, guarded: boolean): void {
    const local = hints
      .filter((hint) => base !== null && (base === '' || hint.startsWith(`${base}/`)))
      .map((hint) => hint.slice(base?.length ?? 0));
    for (const layer of stack) {
      if (isExpressOwn(layer)) continue;
      if (layer.route) addRoutes(layer.route, base, guarded);
      else
        for (const mount of mountPaths(layer, local)) addMount(layer, joined(base, mount), guarded);
    }
  }

  function addRoutes(route: NonNullable<Layer['route']>, base: string | null, guarded: boolean) {
    const methods = methodsOf(route.methods);
    const own = route.stack.some(({ handle }) => isGate(handle));
    const paths = Array.isArray(route.path)
      ? route.path.flat(Number.POSITIVE_INFINITY)
      : [route.path];
    for (const path of paths) {
      const whole = joined(base, typeof path === 'string' ? path : null);
      add({ kind: 'route', methods, name: 'route' }, whole, guarded || own);
    }
  }

  function addMount({ handle }: Layer, path: string | null, guarded: boolean): void {
    if (isGate(handle)) {
      if (path !== null) gatePaths.push(path);
      gates.push(
        (asked) => path === '' || (path !== null && asked !== null && isBelow(path, asked)),
      );
      return;
    }
    // Four parameters: it is asked about errors only.
    if (handle.length === 4) return;
    const covered = guarded || isCovered(path);
    const what = { methods: ['USE'], name: handle.name };
    if (handle.stack) {
      if (path === null) add({ ...what, kind: 'router', name: 'router' }, null, covered);
      walk(handle.stack, path, covered);
    } else if (handle.name === 'serveStatic') add({ ...what, kind: 'static' }, path, covered);
    else if (handle.name === 'mounted_app') add({ ...what, kind: 'app' }, path, covered);
    else add({ ...what, kind: 'middleware' }, path, covered);
  }

  function add(
    what: Pick<MountedRoute, 'kind' | 'methods' | 'name'>,
    path: string | null,
    guarded: boolean,
  ): void {
    const sample = path === null ? null : sampleOf(path || '/');
    const behindGate = guarded || isCovered(sample);
    const around = what.kind === 'static' && !behindGate && path !== null;
    const aroundGates = around ? gatePaths.filter((gate) => isBelow(path, gate)) : [];
    found.push({ ...what, path, sample, behindGate, aroundGates });
  }

  function isCovered(path: string | null): boolean {
    return gates.some((covers) => covers(path));
  }
}

/**
 * What is mounted ahead of the gate: it answers whoever asks, so each of these had better be meant to. Print
 * it at the start of the app, or let `bypassChecks` hold it against a list.
 * @example
 * assert.deepEqual(routesAheadOfGate(app).map(routeName), ['GET /', 'POST /login']);
 */
export function routesAheadOfGate(
  app: unknown,
  options: RoutesOptions = {},
): readonly MountedRoute[] {
  return routesOf(app, checkOptions(options, schema, { name: 'routesAheadOfGate' })).filter(
    ({ behindGate }) => !behindGate,
  );
}

/** Whether there is a gate anywhere in the app. */
export function hasGate(app: unknown): boolean {
  const search = (stack: readonly Layer[]): boolean =>
    stack.some(
      ({ handle, route }) =>
        isGate(handle) ||
        search(handle.stack ?? []) ||
        (route?.stack.some((one) => isGate(one.handle)) ?? false),
    );
  return search(stackOf(app));
}

/** By the name of the function that `door.gate()` gives; a bundler that renames functions hides it. */
function isGate({ name }: Handle): boolean {
  return name === 'secondFactorGate';
}

/** Express 4 mounts two functions of its own in every app, which answer nothing. */
function isExpressOwn({ regexp, handle }: Layer): boolean {
  return regexp?.fast_slash === true && ['query', 'expressInit'].includes(handle.name);
}

function methodsOf(methods: Readonly<Record<string, boolean>>): string[] {
  const names = Object.keys(methods).map((name) => name.toUpperCase());
  // app.all() registers every method that Node knows, router.all() the one `_all`.
  return names.includes('_ALL') || names.length > 20 ? ['ALL'] : names;
}

function joined(base: string | null, path: string | null): string | null {
  if (base === null || path === null) return null;
  return path === '/' && base !== '' ? base : base + path;
}

function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
