import { SallyportError } from '../../errors.js';
import type { MountedRoute } from './routes.js';

/** What the host has named as meant for everybody. */
export interface PublicRoutes {
  /** Whether a route, or a mount, was named: by its methods and its path as registered. */
  names(route: MountedRoute): boolean;
  /** Whether a request is for something that was named. */
  answers(method: string, path: string): boolean;
  /** Paths without parameters among them. */
  readonly paths: readonly string[];
}

const ENTRY = /^([A-Z]+) (\/\S*)$/;

/** Each entry is `METHOD /path`, `ALL /path`, or `USE /path` for a mount with everything below it. */
export function publicRoutes(
  entries: readonly string[],
  routes: readonly MountedRoute[],
): PublicRoutes {
  const named = entries.map((entry) => {
    const [, method, path] = ENTRY.exec(String(entry)) ?? [];
    if (method === undefined || path === undefined) {
      throw new SallyportError(
        'ERR_OPTION',
        `public: an entry is like 'GET /login' or 'USE /assets', got ${JSON.stringify(entry)}`,
      );
    }
    return { method, path };
  });

  const isNamed = (method: string, path: string): boolean =>
    named.some(
      (one) =>
        one.path === (path || '/') &&
        (one.method === method ||
          one.method === 'ALL' ||
          // Express answers HEAD with the handler of GET.
          (method === 'HEAD' && one.method === 'GET')),
    );
  const names = ({ methods, path }: MountedRoute): boolean =>
    path !== null && methods.every((method) => isNamed(method, path));

  // A route with parameters is asked for by a path that was made up for it.
  const answered = new Set(
    routes.flatMap(({ kind, methods, path, sample }) =>
      kind !== 'route' || path === null || sample === null
        ? []
        : [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])]
            .filter((method) => isNamed(method, path))
            .map((method) => `${method} ${sample}`),
    ),
  );
  // `USE /` names what is mounted there; it does not give away all of the app.
  const folders = named.filter(({ method, path }) => method === 'USE' && path !== '/');

  return {
    names,
    paths: [...new Set(named.map(({ path }) => path))].filter((path) => /^[\w/.~-]+$/.test(path)),
    answers: (method, path) =>
      isNamed(method, path) ||
      answered.has(`${method} ${path}`) ||
      answered.has(`ALL ${path}`) ||
      folders.some((folder) => path === folder.path || path.startsWith(`${folder.path}/`)),
  };
}
