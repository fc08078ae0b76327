import express, { type Express, type Request } from 'express';
import session, { MemoryStore, type Store } from 'express-session';
import { type AuthenticateOptions, Passport } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import {
  type AuditEvent,
  type Door,
  type GateOptions,
  memoryStore,
  type PolicyFunction,
  type SallyportOptions,
  type SecondFactorStore,
  type Subject,
  sallyport,
} from 'sallyport';

export const KEY = Buffer.alloc(32, 7).toString('base64');
export const ORIGIN = 'http://localhost:3000';
/** 2026-01-01, in the middle of a time step. */
const START = Date.UTC(2026, 0, 1, 0, 0, 15);

export interface Clock {
  now: () => number;
  advance(ms: number): void;
}

export function testClock(start = START): Clock {
  let time = start;
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
  };
}

export interface HostOptions {
  readonly store?: SecondFactorStore;
  readonly sessions?: Store;
  readonly policy?: PolicyFunction;
  readonly cookie?: session.CookieOptions;
  /** The session cookie's name. */
  readonly sessionName?: string;
  readonly resave?: boolean;
  /** Whatever else express-session is given. */
  readonly session?: Partial<session.SessionOptions>;
  readonly options?: Partial<SallyportOptions>;
  readonly gate?: GateOptions;
  /** How the host has Passport sign people in. */
  readonly login?: AuthenticateOptions;
  /** What the host mounts ahead of everything. */
  readonly before?: (app: Express) => void;
  /** What it mounts between the session and our pages. */
  readonly abovePages?: (app: Express) => void;
  /** What it mounts between the login and the gate. */
  readonly above?: (app: Express) => void;
  /** What express-session is given in place of the guarded store. */
  readonly unguarded?: Store;
  /** Routes above the gate, of somebody who may have given the password only. */
  readonly beforeGate?: (app: Express) => void;
  /** Routes below the gate. */
  readonly routes?: (app: Express, door: Door) => void;
}

export interface Host {
  readonly app: Express;
  readonly door: Door;
  readonly events: AuditEvent[];
  readonly errors: unknown[];
}

const clocks = new WeakMap<Express, () => number>();

/** The time of a host’s store: what codes are made for. */
export function timeOf(app: Express): number {
  const now = clocks.get(app);
  if (!now) throw new Error('this app is no host of ours');
  return now();
}

/**
 * A host as small as they come: whoever gives the password `sallyport` is signed in under the name they
 * gave, `name@tenant`. Required two-factor unless a policy is given.
 */
export async function host({
  store = memoryStore(),
  sessions = new MemoryStore(),
  policy = () => ({ mode: 'required' }),
  cookie = {},
  sessionName = 'connect.sid',
  resave = false,
  session: sessionOptions = {},
  options = {},
  gate = {},
  login = {},
  before,
  abovePages,
  above,
  beforeGate,
  unguarded,
  routes,
}: HostOptions = {}): Promise<Host> {
  const events: AuditEvent[] = [];
  const errors: unknown[] = [];
  const passport = new Passport();
  passport.use(
    new LocalStrategy((username, password, done) =>
      done(null, password === 'sallyport' ? { id: username } : false),
    ),
  );
  passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
  passport.deserializeUser((id: string, done) => done(null, { id }));

  const door = sallyport({
    ...hostOptions(),
    store,
    policy,
    passport,
    onEvent: (event) => void events.push(event),
    onError: (error) => void errors.push(error),
    ...options,
  });
  await door.ready();

  const app = express();
  // Express prints errors that nobody handles, but not in a test.
  app.set('env', 'test');
  before?.(app);
  app.use(
    session({
      secret: 'test',
      name: sessionName,
      resave,
      saveUninitialized: false,
      store: unguarded ?? door.sessions(sessions),
      cookie,
      ...sessionOptions,
    }),
  );
  app.use(passport.initialize(), passport.session());
  abovePages?.(app);
  app.use(door.pages());
  app.get('/login', (_req, res) => void res.send('login page'));
  app.post('/login', express.urlencoded({ extended: false }), (req, res, next) =>
    passport.authenticate('local', {
      successRedirect: '/',
      failureRedirect: '/login',
      ...login,
    })(req, res, next),
  );
  app.post('/logout', (req, res, next) =>
    req.logout((error) => (error ? next(error) : res.redirect('/login'))),
  );
  app.get('/healthz', (_req, res) => void res.send('ok'));
  beforeGate?.(app);
  above?.(app);
  app.use(door.gate(gate));
  routes?.(app, door);
  app.get('/api/me', async (req, res) => {
    const { subject, assurance } = await door.check(req);
    res.json({ subject, assurance });
  });
  app.use((req, res) => void res.send(`inside ${req.method} ${req.path}`));
  clocks.set(app, () => store.now());
  return { app, door, events, errors };
}

const nobodys = memoryStore();

/** The least that the library wants to know. */
export function hostOptions(): SallyportOptions {
  return {
    origin: ORIGIN,
    issuer: 'Test Console',
    keys: [KEY],
    store: nobodys,
    subject: subjectOf,
    policy: () => ({ mode: 'required' }),
    loginUrl: '/login',
  };
}

export function subjectOf(req: Request): Subject | undefined {
  const user = req.user as { id: string } | undefined;
  return user && { id: user.id, tenantId: user.id.split('@')[1] ?? 'none', label: user.id };
}
