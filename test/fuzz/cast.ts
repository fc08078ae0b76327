import { MemoryStore } from 'express-session';
import { memoryStore, organizationPolicy, type SecondFactorStore } from 'sallyport';
import { sessionDigest } from '../../src/session/assurance.js';
import { administration, ORGANIZATIONS, testDirectory } from '../support/admin.js';
import { type Host, host, testClock } from '../support/app.js';
import { codeAt } from '../support/browser.js';
import { type Answered, dispatch } from '../support/dispatch.js';
import { NO_SETTING } from '../support/policy.js';

export type Role = 'nobody' | 'activating' | 'challenged' | 'inside' | 'admin' | 'partner-admin';

const STEP = 30_000;

/** Who takes part in a run: one at each place before and behind the doors. */
export interface Cast {
  readonly host: Host;
  readonly players: Readonly<Record<Role, Player>>;
  /** What administrators and people can change, as far as it can be read; and who is through both doors. */
  state(): Promise<string>;
}

export interface Player {
  readonly cookies: Map<string, string>;
  token: string;
  /** What this person would type now. */
  readonly code: string;
  readonly enrollment: string;
}

/** A small installation with the administrator's pages, and the cast in their places. */
export async function cast(): Promise<Cast> {
  const clock = testClock();
  const store = memoryStore({ now: clock.now });
  const directory = testDirectory();
  const { routes } = administration({ directory });
  const made = await host({
    store,
    sessions: new MemoryStore(),
    routes,
    options: { policy: organizationPolicy({ organization: directory.organization }) },
  });
  for (const id of ['acme', 'north']) {
    const value = {
      ...NO_SETTING,
      mode: 'required' as const,
      enrollment: 'self' as const,
      rememberDays: 7,
      graceUntil: new Date(clock.now() + 7 * 24 * 3_600_000).toISOString(),
    };
    await store.writeSetting(id, { value, changedBy: 'admin@north', expectedVersion: null });
  }

  const enrolled = async (user: string): Promise<Player> => {
    const cookies = new Map<string, string>();
    await login(made, cookies, user);
    const form = json(await call(made, cookies, 'GET', '/two-factor/activate/totp'));
    const fields = { code: codeAt(form.key, clock.now()), enrollment: form.enrollment };
    const { csrfToken } = form;
    await call(made, cookies, 'POST', '/two-factor/activate/totp', { ...fields, _csrf: csrfToken });
    const code = codeAt(form.key, clock.now() + STEP);
    const token = await tokenOf(made, cookies);
    return { cookies, token, code, enrollment: form.enrollment };
  };

  const inside = await enrolled('user3@acme');
  const admin = await enrolled('admin@acme');
  const partnerAdmin = await enrolled('admin@north');
  const other = await enrolled('user2@acme');
  const challenged = new Map<string, string>();
  await login(made, challenged, 'user2@acme');
  const activating = new Map<string, string>();
  await login(made, activating, 'user1@acme');
  const form = json(await call(made, activating, 'GET', '/two-factor/activate/totp'));
  clock.advance(STEP);

  const players = {
    nobody: { cookies: new Map<string, string>(), token: 'none', code: '000000', enrollment: 'x' },
    activating: {
      cookies: activating,
      token: form.csrfToken,
      code: codeAt(form.key, clock.now()),
      enrollment: form.enrollment,
    },
    challenged: { ...other, cookies: challenged, token: await tokenOf(made, challenged) },
    inside,
    admin,
    'partner-admin': partnerAdmin,
  };
  const sessions = Object.values(players).map(({ cookies }) => sidOf(cookies));
  return { host: made, players, state: () => stateOf(store, sessions) };
}

async function stateOf(store: SecondFactorStore, sessions: readonly string[]): Promise<string> {
  const people = ORGANIZATIONS.flatMap(({ id }) =>
    ['admin', 'user1', 'user2', 'user3'].map((name) => `${name}@${id}`),
  );
  const read = await Promise.all([
    ...people.map((id) => store.readSubject(id)),
    ...people.map((id) => store.readDevices(id)),
    ...ORGANIZATIONS.map(({ id }) => store.readSetting(id)),
    ...sessions.map(async (sid) => {
      const found = await store.readAssurance(sessionDigest(sid));
      // What a reset has ended is marked as ended at its next request; that is no change by this request.
      if (found && found.epoch !== (await store.readSubject(found.subjectId)).epoch) return 'void';
      // A session between the doors begins its time with the first request that asks; nor is that.
      return found?.state === 'pending' ? null : found;
    }),
  ]);
  return JSON.stringify(read);
}

async function login(made: Host, cookies: Map<string, string>, username: string): Promise<void> {
  await call(made, cookies, 'POST', '/login', { username, password: 'sallyport' });
}

async function tokenOf(made: Host, cookies: Map<string, string>): Promise<string> {
  return json(await call(made, cookies, 'GET', '/two-factor')).csrfToken;
}

async function call(
  { app }: Host,
  cookies: Map<string, string>,
  method: string,
  path: string,
  fields?: Record<string, string>,
): Promise<Answered> {
  const answer = await dispatch(app, {
    method,
    path,
    headers: {
      accept: 'application/json',
      cookie: cookieLine(cookies),
      ...(fields ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
    ...(fields ? { body: new URLSearchParams(fields).toString() } : {}),
  });
  keepCookies(cookies, answer);
  return answer;
}

export function cookieLine(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map((pair) => pair.join('=')).join('; ');
}

export function keepCookies(cookies: Map<string, string>, { headers }: Answered): void {
  for (const line of [headers['set-cookie'] ?? []].flat() as string[]) {
    const pair = line.split(';')[0] ?? '';
    const equals = pair.indexOf('=');
    cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
}

function sidOf(cookies: ReadonlyMap<string, string>): string {
  const value = decodeURIComponent(cookies.get('connect.sid') ?? '');
  return /^s:([^.]+)\./.exec(value)?.[1] ?? 'none';
}

function json({ status, text }: Answered) {
  if (status !== 200) throw new Error(`answered ${status}: ${text}`);
  return JSON.parse(text);
}
