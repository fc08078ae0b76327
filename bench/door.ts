import type { Request, RequestHandler } from 'express';
import { MemoryStore } from 'express-session';
import pg from 'pg';
import { createClient } from 'redis';
import {
  type Door,
  type GateOptions,
  type SallyportOptions,
  type SecondFactorStore,
  sallyport,
} from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import { sessionDigest } from '../src/session/assurance.js';
import type { Login } from '../src/session/session-data.js';

export const KEY = Buffer.alloc(32, 1).toString('base64');

/** A client of the bench's own. Its errors come with the command that failed; the server is stopped under it. */
export async function connected(redisUrl: string) {
  const client = createClient({ url: redisUrl });
  client.on('error', () => {});
  await client.connect();
  return client;
}

export interface BenchDoor {
  readonly door: Door;
  readonly store: SecondFactorStore;
  close(): Promise<void>;
}

/** What the pages of a bench are at, for authenticators that go by it. */
export const ORIGIN = 'http://localhost:3000';

/** A policy that is a constant, so that what remains is the library's own cost. */
export function constantPolicy(method: 'totp' | 'security-key'): SallyportOptions['policy'] {
  const policy = Object.freeze({ mode: 'required', methods: Object.freeze([method]) });
  return () => policy;
}

export interface BenchDoorOptions {
  /** Default: everybody uses an app. */
  readonly policy?: (store: SecondFactorStore) => SallyportOptions['policy'];
  /** The store's clock. Default: the server's. */
  readonly now?: () => number;
}

/** A store over the Redis or Postgres of this address, and what ends what it is made of once it is closed. */
export function benchStore(
  url: string,
  options: { readonly initialize: true; readonly now?: () => number },
): { readonly store: SecondFactorStore; end(): Promise<void> } {
  if (!url.startsWith('postgres:')) {
    const store = redisStore(createClient({ url }), { prefix: 'bench:', ...options });
    return { store, async end() {} };
  }
  const pool = new pg.Pool({ connectionString: url });
  return {
    store: postgresStore(pool, { prefix: 'bench_', ...options }),
    end: () => pool.end(),
  };
}

/** A door over the Redis or Postgres of this address, on the same data in every process that has one. */
export async function benchDoor(
  url: string,
  { policy = () => constantPolicy('totp'), now }: BenchDoorOptions = {},
): Promise<BenchDoor> {
  const own = { initialize: true, ...(now ? { now } : {}) } as const;
  const { store, end } = benchStore(url, own);
  const door = sallyport({
    origin: ORIGIN,
    issuer: 'Bench',
    keys: [KEY],
    store,
    subject: (req) => req.user as never,
    policy: policy(store),
    loginUrl: '/login',
  });
  await door.ready();
  return {
    door,
    store,
    async close() {
      await door.close();
      await end();
    },
  };
}

/** What every session of the bench says of its login. */
const LOGIN = 'login';

/** Enrolls a subject; answers the epoch that holds from then on. */
async function enroll(
  store: SecondFactorStore,
  subjectId: string,
  sessionId: string,
): Promise<number> {
  const session = sessionDigest(sessionId);
  const id = enrollmentOf(subjectId);
  await store.beginEnrollment(
    subjectId,
    {
      id,
      method: 'totp',
      label: 'Authenticator app',
      sealed: Buffer.alloc(53, 7),
      parameters: 'sha1/6/30',
      session,
      basis: 'first',
      lifetimeMs: 600_000,
    },
    { restart: false },
  );
  const confirmed = await store.confirmEnrollment(subjectId, {
    id,
    session,
    step: 1,
    replaces: null,
    epoch: 0,
  });
  if (confirmed.kind !== 'confirmed') throw new Error(`the enrollment is ${confirmed.kind}`);
  return confirmed.epoch;
}

/** Enrolls a subject and proves a session, as an activation does. Answers what the session has to say of its login. */
export async function prove(
  store: SecondFactorStore,
  subjectId: string,
  sessionId: string,
): Promise<Login> {
  const epoch = await enroll(store, subjectId, sessionId);
  const session = sessionDigest(sessionId);
  const factors = [{ method: 'totp', enrollmentId: enrollmentOf(subjectId), at: store.now() }];
  await store.prove(session, { subjectId, epoch, login: LOGIN, factors, lifetimeMs: 3_600_000 });
  return { id: LOGIN, session, subject: subjectId, epoch, until: null };
}

function enrollmentOf(subjectId: string): string {
  return `e-${subjectId}`.slice(0, 12);
}

/** A request as the gate sees it behind express-session and Passport. */
export function requestOf(
  door: Door,
  { login, sessionId, tenantId = 'acme' }: RequestFacts,
): Request {
  const { subject: id } = login;
  return {
    method: 'GET',
    originalUrl: '/reports?month=3',
    headers: { accept: 'text/html' },
    sessionID: sessionId,
    session: { sallyport: { login } },
    sessionStore: door.sessions(new MemoryStore()),
    user: { id, tenantId, label: id },
  } as unknown as Request;
}

export interface RequestFacts {
  readonly login: Login;
  readonly sessionId: string;
  readonly tenantId?: string;
}

/** The gate itself, without its side for failures. */
export function gateOf(door: Door, options?: GateOptions): RequestHandler {
  const found = door
    .gate(options)
    .find((part): part is RequestHandler => part.name === 'secondFactorGate');
  if (!found) throw new Error('no gate');
  return found;
}
