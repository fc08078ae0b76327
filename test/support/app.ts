import express, { type Express, type Request } from 'express';
import session, { MemoryStore, type Store } from 'express-session';
import { Passport, type PassportStatic } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import {
  type AuditEvent,
  type Door,
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
export const START = Date.UTC(2026, 0, 1, 0, 0, 15);

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
  readonly resave?: boolean;
  readonly options?: Partial<SallyportOptions>;
  /** Routes below the gate. */
  readonly routes?: (app: Express, door: Door) => void;
}

export interface Host {
  readonly app: Express;
  readonly door: Door;
  readonly events: AuditEvent[];
  readonly errors: unknown[];
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
  resave = false,
  options = {},
  routes,
}: HostOptions = {}): Promise<Host> {
  const events: AuditEvent[] = [];
  const errors: unknown[] = [];
  const passport = new Passport() as unknown as PassportStatic;
  passport.use(
    new LocalStrategy((username, password, done) =>
      done(null, password === 'sallyport' ? { id: username } : false),
    ),
  );
  passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
  passport.deserializeUser((id: string, done) => done(null, { id }));

  const door = sallyport({
    origin: ORIGIN,
    issuer: 'Test Console',
    keys: [KEY],
    store,
    subject: subjectOf,
    policy,
    loginUrl: '/login',
    passport,
    onEvent: (event) => void events.push(event),
    onError: (error) => void errors.push(error),
    ...options,
  });
  await door.ready();

  const app = express();
  app.use(
    session({
      secret: 'test',
      resave,
      saveUninitialized: false,
      store: door.sessions(sessions),
      cookie,
    }),
  );
  app.use(passport.initialize(), passport.session());
  app.use(door.pages());
  app.get('/login', (_req, res) => void res.send('login page'));
  app.post('/login', express.urlencoded({ extended: false }), (req, res, next) =>
    passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' })(
      req,
      res,
      next,
    ),
  );
  app.post('/logout', (req, res, next) =>
    req.logout((error) => (error ? next(error) : res.redirect('/login'))),
  );
  app.get('/healthz', (_req, res) => void res.send('ok'));
  app.use(door.gate());
  routes?.(app, door);
  app.get('/api/me', async (req, res) => {
    const { subject, assurance } = await door.check(req);
    res.json({ subject, assurance });
  });
  app.use((req, res) => void res.send(`inside ${req.method} ${req.path}`));
  return { app, door, events, errors };
}

export function subjectOf(req: Request): Subject | undefined {
  const user = req.user as { id: string } | undefined;
  return user && { id: user.id, tenantId: user.id.split('@')[1] ?? 'none', label: user.id };
}
