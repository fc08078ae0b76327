import type { AppUnderTest } from './app-under-test.js';
import { type BypassChecksOptions, parseBypassOptions } from './bypass-options.js';
import {
  brokenBodyProbes,
  forgedProbes,
  givenToNobody,
  type Hole,
  holes,
  METHODS,
  methodProbes,
  partialProbes,
  type Standing,
} from './probes.js';
import { routeName } from './routes.js';
import { assertStillBefore, type Prepared, prepare } from './standing.js';
import { upgradeHoles } from './upgrades.js';

const TIMEOUT_MS = 60_000;

const LISTED = 25;

/**
 * A suite that proves, over real HTTP on loopback, that nothing of an app is to be had with a session that
 * has proven a password only: every route and mount that can be found, and the paths named, by each method,
 * in many spellings, as JSON and as HTML, in parts, with forged headers, and as a WebSocket. It asks for real:
 * run it on test data, since a route that it does reach will do what it does.
 *
 * @example
 * bypassChecks(() => createApp(testOptions), {
 *   login: async ({ fetch }) => {
 *     const form = new URLSearchParams({ username: 'ann@example.com', password: 'correct horse' });
 *     await fetch('/login', { method: 'POST', body: form });
 *   },
 *   protectedPaths: ['/', '/api/me', '/files/report.txt'],
 *   public: ['GET /login', 'POST /login', 'POST /logout', 'GET /healthz', 'USE /'],
 * });
 */
export function bypassChecks(app: AppUnderTest, given: BypassChecksOptions): void {
  const options = parseBypassOptions(given);
  const { describe, it, report } = options;
  let preparing: Promise<Prepared> | undefined;

  const test = (title: string, run: (prepared: Prepared) => Promise<void>): void => {
    async function check(this: unknown): Promise<void> {
      // mocha takes its deadline from here, vitest from the third argument of it().
      (this as { timeout?: (ms: number) => unknown } | undefined)?.timeout?.(TIMEOUT_MS);
      preparing ??= prepare(app, options);
      await run(await preparing);
    }
    it(title, check, TIMEOUT_MS);
  };
  const search = (
    title: string,
    find: (standing: Standing) => Promise<readonly Hole[]>,
    advise: (found: readonly Hole[]) => readonly string[] = adviceOn,
  ): void =>
    test(title, async ({ standing }) => {
      const found = await find(standing);
      none(
        found.map(({ what }) => what),
        advise(found),
      );
    });

  describe('a session that has proven a password only', () => {
    test('stands before the gate', async ({ standing }) => assertStillBefore(standing));

    test('finds nothing ahead of the gate but what is named public', async (prepared) => {
      const { ahead, unnamed } = prepared;
      report(ahead.length === 0 ? 'Nothing is mounted ahead of the gate.' : 'Ahead of the gate:');
      for (const route of ahead) report(`  ${routeName(route)}`);
      none(unnamed.map((route) => `${routeName(route)}: ${adviceFor(route.path)}`));
    });

    for (const method of METHODS) {
      search(`gets nothing by ${method}, however the path is written`, (standing) =>
        holes(methodProbes(method, standing), standing),
      );
    }
    search('gets no part of anything, and no word that it has not changed', (standing) =>
      holes(partialProbes(standing), standing),
    );
    search('gets nothing by a body that cannot be read', (standing) =>
      holes(brokenBodyProbes(standing), standing),
    );
    search('gains nothing by headers that a proxy might have added', (standing) =>
      holes(forgedProbes(standing), standing),
    );
    test('gets no WebSocket', async ({ standing }) =>
      none(await upgradeHoles(standing, options.webSocketPaths)));
    if (options.anonymous === 'pass') {
      search('is no worse off than nobody, who gets nothing that is protected', givenToNobody);
    } else {
      search(
        'is no worse off than nobody, who gets nothing either',
        (standing) => {
          const plain = METHODS.flatMap((method) => methodProbes(method, standing));
          const once = plain.filter(({ path, odd }) => !odd && standing.targets.includes(path));
          return holes(once, standing, { signedIn: false });
        },
        (found) => [PARTLY_PUBLIC, ...adviceOn(found)],
      );
    }
    test('stands before the gate still', async ({ standing, close }) => {
      await assertStillBefore(standing);
      close();
    });
  });
}

function adviceFor(path: string | null): string {
  return path === null
    ? 'Express does not tell its path; name one of its routes in `public` or `protectedPaths`'
    : 'mount it below door.gate(), or name it in `public`';
}

const PARTLY_PUBLIC =
  "An app whose gate lets nobody-signed-in pass (door.gate({ anonymous: 'pass' })) says so here, too: anonymous: 'pass'.";

/** The options that settle what was found, if it is meant. */
function adviceOn(found: readonly Hole[]): readonly string[] {
  const statuses = new Set(found.flatMap(({ answered }) => (answered ? [answered.status] : [])));
  const refused = [...statuses].filter((status) => status >= 400 && status < 500);
  return [
    ...(refused.length < statuses.size
      ? ["What is meant for everybody is named in `public`, e.g. 'GET /login'."]
      : []),
    ...(refused.length > 0
      ? [
          `A layer of yours that refuses ahead of the gate, such as a CSRF guard, is named by its status: refusals: [${refused.join(', ')}].`,
        ]
      : []),
  ];
}

function none(found: readonly string[], advice: readonly string[] = []): void {
  if (found.length === 0) return;
  const more = found.length > LISTED ? [`… and ${found.length - LISTED} more`] : [];
  const list = ['reached without a second factor:', ...found.slice(0, LISTED), ...more];
  throw new Error([list.join('\n  '), ...advice].join('\n'));
}
