import { z } from 'zod';
import {
  checkOptions,
  functionOption,
  listOption,
  option,
  optionsObject,
} from '../../check-options.js';
import { type TestRunner, testRunner } from '../runner.js';
import type { Visitor } from './visitor.js';

export interface BypassChecksOptions {
  /**
   * Signs somebody in with a password and nothing more, and returns the Cookie header of that session; when
   * it returns no text, the cookies that `visitor.fetch` has kept are taken. The account must be asked for a
   * second factor: one that the policy lets in without is no test.
   */
  readonly login: (visitor: Visitor) => unknown;
  /**
   * Paths that only somebody fully signed in may see, at least one. Express does not tell the files below a
   * static mount, nor the routes of an app mounted in the app: name some of each.
   */
  readonly protectedPaths: readonly string[];
  /**
   * What is meant for everybody, as it is registered: `GET /login`, `ALL /webhook/:id`, or `USE /assets` for
   * a mount with everything below it (`USE /` names what is mounted at the root, and exempts no path).
   */
  readonly public?: readonly string[];
  /** Where the host's own server takes WebSocket upgrades. Pass that server in place of the app. */
  readonly webSocketPaths?: readonly string[];
  /** Sent with every request, e.g. `{ 'x-forwarded-proto': 'https' }` for secure cookies. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses with which layers ahead of the gate refuse what they do not like, e.g. 403 of a CSRF check. */
  readonly refusals?: readonly number[];
  /** What `door.gate({ anonymous })` is given: with `pass` nobody-signed-in is refused by the app's own checks. */
  readonly anonymous?: 'deny' | 'pass';
  /** The test runner's; by default the globals of that name. */
  readonly describe?: TestRunner['describe'];
  readonly it?: TestRunner['it'];
  /** Told what is mounted ahead of the gate, line by line. Default: `console.log`. */
  readonly report?: (line: string) => void;
}

const isText = (value: unknown): boolean => typeof value === 'string';

// What the texts say is checked where the app is known, in the suite: a wrong one fails its tests.
const schema = optionsObject({
  login: functionOption<BypassChecksOptions['login']>(
    'a function (visitor) => Cookie header or nothing',
  ),
  protectedPaths: listOption<string>("a local path such as '/api/me'", isText),
  public: listOption<string>("a text like 'GET /login' or 'USE /assets'", isText).default([]),
  webSocketPaths: listOption<string>("a local path such as '/socket'", isText).default([]),
  headers: z
    .record(z.string(), option<string>('a text', isText), {
      error: 'an object of names and texts',
    })
    .default({}),
  refusals: listOption<number>('a status from 400 to 599', isRefusal).default([]),
  anonymous: option<'deny' | 'pass'>("'deny' or 'pass'", (value) =>
    ['deny', 'pass'].includes(value as string),
  ).default('deny'),
  describe: functionOption<TestRunner['describe']>("the test runner's").optional(),
  it: functionOption<TestRunner['it']>("the test runner's").optional(),
  report: functionOption<(line: string) => void>('a function (line) => void').default(
    () => (line: string) => console.log(line),
  ),
});

/** Checks the options of `bypassChecks()`, once. Throws ERR_OPTION. */
export function parseBypassOptions(raw: unknown) {
  const options = checkOptions(raw, schema, { name: 'bypassChecks' });
  return { ...options, ...testRunner('bypassChecks', options) };
}

export type BypassConfig = ReturnType<typeof parseBypassOptions>;

function isRefusal(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599;
}
