import type { Express, Request } from 'express';
import {
  type AdminOptions,
  type AdminTarget,
  type Directory,
  type DirectoryOrganization,
  type DirectoryPage,
  type DirectoryQuery,
  type DirectoryUser,
  memoryStore,
  organizationPolicy,
  type SecondFactorStore,
} from 'sallyport';
import type { Response } from 'supertest';
import {
  type Clock,
  type Host,
  type HostOptions,
  host,
  subjectOf,
  testClock,
  timeOf,
} from './app.js';
import { Browser, codeAt } from './browser.js';

/** Two partners; the first one has two clients, whose users are `user1@acme` and so on. */
export const ORGANIZATIONS: readonly DirectoryOrganization[] = [
  { id: 'north', name: 'North Networks', kind: 'partner', partnerId: null },
  { id: 'acme', name: 'Acme', kind: 'client', partnerId: 'north' },
  { id: 'globex', name: 'Globex', kind: 'client', partnerId: 'north' },
  { id: 'south', name: 'South Systems', kind: 'partner', partnerId: null },
  { id: 'initech', name: 'Initech', kind: 'client', partnerId: 'south' },
];

export interface TestDirectory extends Directory {
  /** Every call, as `users acme cursor=50`. */
  readonly calls: string[];
}

/** A directory in memory, of as many users per organization as `sizes` says (by default 3 and an administrator). */
export function testDirectory(sizes: Readonly<Record<string, number>> = {}): TestDirectory {
  const calls: string[] = [];
  const known = new Map<string, readonly DirectoryUser[]>();
  const usersOf = (id: string): readonly DirectoryUser[] => {
    const users = known.get(id) ?? makeUsers(id);
    known.set(id, users);
    return users;
  };
  const makeUsers = (id: string): DirectoryUser[] => {
    if (!ORGANIZATIONS.some((one) => one.id === id)) return [];
    const numbers = Array.from({ length: sizes[id] ?? 3 }, (_, at) => `user${at + 1}`);
    return ['admin', ...numbers].map((name) => ({
      id: `${name}@${id}`,
      label: `${name}@${id}.example`,
    }));
  };
  return {
    calls,
    organization: (id) => ORGANIZATIONS.find((one) => one.id === id) ?? null,
    clients(partnerId, query) {
      calls.push(`clients ${partnerId} cursor=${query.cursor}`);
      const found = ORGANIZATIONS.filter((one) => one.partnerId === partnerId);
      return pageOf(found, query, ({ name }) => name);
    },
    async users(organizationId, query) {
      calls.push(`users ${organizationId} cursor=${query.cursor}`);
      return pageOf(usersOf(organizationId), query, ({ label }) => label);
    },
    async user(organizationId, userId) {
      calls.push(`user ${organizationId} ${userId}`);
      return usersOf(organizationId).find(({ id }) => id === userId) ?? null;
    },
  };
}

function pageOf<T>(
  all: readonly T[],
  { search, cursor, limit }: DirectoryQuery,
  textOf: (item: T) => string,
): DirectoryPage<T> {
  const found = all.filter((item) => textOf(item).toLowerCase().includes(search.toLowerCase()));
  const start = cursor === null ? 0 : Number(cursor);
  const end = start + limit;
  return {
    items: found.slice(start, end),
    next: end < found.length ? String(end) : null,
    total: found.length,
  };
}

/** `admin@north` administers north and its clients, `admin@acme` acme alone, and users nothing. */
export function testAuthorize(req: Request, _action: string, { organization }: AdminTarget) {
  const subject = subjectOf(req);
  if (!subject?.id.startsWith('admin@')) return false;
  return organization.id === subject.tenantId || organization.partnerId === subject.tenantId;
}

export interface AdministrationOptions {
  readonly directory?: Directory;
  readonly admin?: Partial<AdminOptions>;
  /** Where it is mounted. */
  readonly at?: string;
}

/** For `world().host(…)`: the small host with the administrator's pages at `/setup`. */
export function administration({
  directory = testDirectory(),
  admin = {},
  at = '/setup',
}: AdministrationOptions = {}): Required<Pick<HostOptions, 'options' | 'routes'>> {
  return {
    options: { policy: organizationPolicy({ organization: directory.organization }) },
    routes(app, door) {
      app.use(at, door.admin({ directory, authorize: testAuthorize, ...admin }));
    },
  };
}

export interface AdminHost extends Host {
  readonly store: SecondFactorStore;
  readonly clock: Clock;
}

/** The same in one step, in memory. */
export async function adminHost({
  clock = testClock(),
  store = memoryStore({ now: clock.now }),
  host: more = {},
  ...options
}: AdministrationOptions & {
  readonly clock?: Clock;
  readonly store?: SecondFactorStore;
  readonly host?: HostOptions;
} = {}): Promise<AdminHost> {
  const { options: own, ...rest } = administration(options);
  const made = await host({ store, ...rest, ...more, options: { ...own, ...more.options } });
  return { ...made, store, clock };
}

/** An administrator's authenticator app: its key, and the last time step of which a code was used. */
interface Authenticator {
  key: string | null;
  lastStep: number;
}

const STEP_MS = 30_000;
const authenticators = new WeakMap<Express, Map<string, Authenticator>>();

/** A code that has not been used: of three steps in a row each is good once. */
function unusedStep(one: Authenticator, now: number): number {
  one.lastStep = Math.max(one.lastStep + 1, Math.floor(now / STEP_MS) - 1);
  return one.lastStep * STEP_MS;
}

/** An administrator's browser: signed in, with the token of the forms at hand. */
export class AdminBrowser extends Browser {
  /** Signed in with the password alone. */
  static async signedIn({ app }: Pick<Host, 'app'>, username: string): Promise<AdminBrowser> {
    const browser = new AdminBrowser(app);
    await browser.login(username);
    return browser;
  }

  /**
   * Through both doors, with a proof of this moment. The first time an app is activated, on the way from an
   * administrator's page.
   */
  static async proven(
    { app }: Pick<Host, 'app'>,
    username: string,
    page = '/setup/',
  ): Promise<AdminBrowser> {
    const browser = await AdminBrowser.signedIn({ app }, username);
    const known = authenticators.get(app) ?? new Map<string, Authenticator>();
    authenticators.set(app, known);
    const own = known.get(username) ?? { key: null, lastStep: 0 };
    known.set(username, own);
    await browser.get(page);
    const at = unusedStep(own, timeOf(app));
    if (own.key === null) own.key = await browser.activateHere(at);
    else await browser.mustAnswer(codeAt(own.key, at));
    return browser;
  }

  private async mustAnswer(code: string): Promise<void> {
    const { status, text } = await this.answerChallenge(code);
    if (status !== 303) throw new Error(`the proof was answered ${status}: ${text.slice(0, 2000)}`);
  }

  /** Fills in a form: posts its fields with the token. */
  async submit(
    path: string,
    fields: Readonly<Record<string, string | readonly string[]>> = {},
  ): Promise<Response> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...fields, _csrf: await this.csrf() })) {
      for (const one of typeof value === 'string' ? [value] : value) body.append(name, one);
    }
    return this.send('post', path).type('form').send(body.toString());
  }

  /** The same as a program: JSON, the token in a header. */
  async call(path: string, body: object = {}): Promise<Response> {
    return this.json('post', path, body).set('x-csrf-token', await this.csrf());
  }
}

/** The fields of the form at `action`, as a browser would send them: hidden ones, and what is chosen. */
export function formFields(html: string, action: string): Record<string, string | string[]> {
  const form = [...html.matchAll(/<form\b[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].find(
    ([, found]) => found === action,
  )?.[2];
  if (form === undefined) throw new Error(`no form at ${action} in:\n${html.slice(0, 3000)}`);
  const fields: Record<string, string[]> = {};
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(tag)?.[1];
    const type = /\btype="([^"]*)"/.exec(tag)?.[1] ?? 'text';
    if (!name || name === '_csrf') continue;
    if (['radio', 'checkbox'].includes(type) && !/\schecked\b/.test(tag)) continue;
    fields[name] = [...(fields[name] ?? []), /\bvalue="([^"]*)"/.exec(tag)?.[1] ?? ''];
  }
  for (const [, name, options] of form.matchAll(
    /<select\b[^>]*\bname="([^"]*)"[^>]*>([\s\S]*?)<\/select>/g,
  )) {
    fields[name!] = [/value="([^"]*)" selected/.exec(options!)?.[1] ?? ''];
  }
  for (const [, name, text] of form.matchAll(
    /<textarea\b[^>]*\bname="([^"]*)"[^>]*>([\s\S]*?)<\/textarea>/g,
  )) {
    fields[name!] = [text!];
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, [first = '', ...more]]) => [
      name,
      more.length === 0 ? first : [first, ...more],
    ]),
  );
}
