/** What is read of a layer of Express's router, 4 or 5. None of it is public, so nothing is relied on. */
export interface Layer {
  readonly handle: Handle;
  readonly route?: Route | undefined;
  /** Express 5.3 and later: the path as it was given. */
  readonly rawPath?: unknown;
  /** Express 5: mounted at `/`. */
  readonly slash?: boolean;
  /** Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean; readonly fast_star?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
  readonly path?: string | undefined;
  match?(path: string): unknown;
}

export interface Handle {
  readonly name: string;
  readonly length: number;
  readonly stack?: readonly Layer[];
}

interface Route {
  readonly path: unknown;
  readonly methods: Readonly<Record<string, boolean>>;
  readonly stack: readonly { readonly handle: Handle }[];
}

/** An Express app or router, or a function that looks like one. */
export function stackOf(app: unknown): readonly Layer[] {
  // Express 4 keeps it here, and throws when asked for `router`.
  const { _router } = app as { _router?: { stack?: readonly Layer[] } };
  if (_router?.stack) return _router.stack;
  try {
    const { router, stack } = app as { router?: { stack?: unknown }; stack?: unknown };
    const found = router?.stack ?? stack;
    return Array.isArray(found) ? (found as readonly Layer[]) : [];
  } catch {
    return [];
  }
}

/**
 * The paths at which a layer is mounted, `''` for the root; null where Express does not say: 5.0 to 5.2 keep
 * a mount's path to themselves, and so does any version for a pattern. A mount that matches one of the
 * `hints` (local paths) is known all the same.
 */
export function mountPaths(layer: Layer, hints: readonly string[]): readonly (string | null)[] {
  if (layer.rawPath !== undefined) {
    const given = Array.isArray(layer.rawPath) ? layer.rawPath : [layer.rawPath];
    return given.map((path) => (typeof path === 'string' ? withoutSlash(path) : null));
  }
  if (layer.regexp) {
    const { fast_slash: slash, fast_star: star } = layer.regexp;
    return [slash || star ? '' : readRegExp(layer.regexp, layer.keys ?? [])];
  }
  if (layer.slash) return [''];
  const found = hints.flatMap(prefixes).find((prefix) => matches(layer, prefix) === prefix);
  return [found ?? null];
}

/** How much of a path a layer takes; null when it does not match. */
function matches(layer: Layer, path: string): string | null {
  if (typeof layer.match !== 'function') return null;
  try {
    const result = layer.match(path) as boolean | { readonly path: string };
    if (!result) return null;
    return typeof result === 'object' ? result.path : (layer.path ?? null);
  } catch {
    return null;
  }
}

/** A path that a pattern of Express matches; null for one that cannot be filled in. */
export function sampleOf(pattern: unknown): string | null {
  if (typeof pattern !== 'string') return null;
  let path = pattern;
  for (let before = ''; before !== path; ) {
    before = path;
    // Optional parts of Express 5, the inner ones first.
    path = path.replace(/\{[^{}]*\}/g, '');
  }
  return path
    .replace(/:(?:\w+|"[^"]*")(?:\((?:\\.|[^()\\])*\))?[?+*]?/g, '1')
    .replace(/\*(?:\w+|"[^"]*")?|\((?:\\.|[^()\\])*\)[?+*]?/g, 'x')
    .replace(/\\(.)|[?+]/g, '$1');
}

/** `/a/b/c` → `/a`, `/a/b`, `/a/b/c`. */
function prefixes(path: string): string[] {
  const parts = path.split('/').slice(1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`);
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/** Express 4 keeps only what became of the path: `^\/files\/?(?=\/|$)`. */
function readRegExp(
  { source }: RegExp,
  keys: readonly { readonly name: string | number }[],
): string | null {
  let key = 0;
  const path = source
    .replace(/^\^/, '')
    .replace(/(?:\\\/\?)?(?:\(\?=\\\/\|\$\)|\$)$/, '')
    .replace(/\(\?:\(\[\^\\\/\]\+\?\)\)/g, () => `:${keys[key++]?.name ?? 'x'}`)
    .replace(/\\([/.])/g, '$1');
  return /^(?:\/[\w.:@~%-]+)*\/?$/.test(path) ? withoutSlash(path) : null;
}
