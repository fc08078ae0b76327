import { fileURLToPath } from 'node:url';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
} from 'express';
import session, { type Store } from 'express-session';
import helmet from 'helmet';
import defaultPassport, { type PassportStatic } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import {
  type Door,
  type PolicyInput,
  type SecondFactorStore,
  type Subject,
  sallyport,
} from 'sallyport';
import { type Account, type Accounts, DEMO_PASSWORD, organizations } from './accounts.js';
import { sameOrigin } from './same-origin.js';

export interface ConsoleOptions {
  /** Scheme, host and port that browsers use. */
  readonly origin: string;
  /** Seals what people enroll: 32 bytes, base64. */
  readonly keys: readonly string[];
  readonly sessionSecret: string;
  readonly accounts: Accounts;
  /** Where sessions are kept: any store of express-session. */
  readonly sessionStore: Store;
  /** Where enrollments are kept: memoryStore() or redisStore(). */
  readonly store: SecondFactorStore;
}

declare module 'express-session' {
  interface SessionData {
    /** When the password was right, ISO 8601. The host's own data survives the second door. */
    signedInAt?: string;
  }
}

const SESSION_HOURS = 8;

/** A small multi-tenant console. What it does about two-factor is between the two marks. */
export async function createApp(options: ConsoleOptions): Promise<{ app: Express; door: Door }> {
  const { origin, accounts } = options;
  const https = origin.startsWith('https:');
  const app = express();
  // One of its own, so that several apps can live in one process; usually the imported one is just right.
  const passport = new defaultPassport.Passport() as PassportStatic;

  // This process speaks plain HTTP, so an https: origin means one proxy in front that ends TLS. Without this
  // Express takes the connection for an insecure one, and no secure cookie is set.
  if (https) app.set('trust proxy', 1);
  app.set('views', path('views')).set('view engine', 'ejs');

  // ---- before anybody is known: nothing here needs a session, so a health check works without Redis -------
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { styleSrc: ["'self'"], upgradeInsecureRequests: https ? [] : null },
      },
      referrerPolicy: { policy: 'same-origin' },
      strictTransportSecurity: https,
    }),
  );
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.use(express.static(path('public'), { index: false }));

  // ---- two-factor ------------------------------------------------------------------------------------------
  const door = sallyport({
    origin,
    issuer: 'Northwind Console',
    keys: options.keys,
    store: options.store,
    subject: (req) => subjectOf(accountOf(req)),
    policy: (subject) => policyFor(subject),
    branding: (subject) => brandOf(subject),
    loginUrl: '/login',
    passport,
  });
  await door.ready();

  app.use(
    session({
      // __Host- makes browsers insist on Secure and Path=/; over plain HTTP they would refuse it.
      name: https ? '__Host-console' : 'console',
      secret: options.sessionSecret,
      store: door.sessions(options.sessionStore),
      resave: false,
      saveUninitialized: false,
      cookie: {
        httpOnly: true,
        sameSite: 'lax',
        secure: https,
        path: '/',
        maxAge: SESSION_HOURS * 60 * 60 * 1000,
      },
    }),
  );
  usePasswords(passport, accounts);
  app.use(passport.initialize(), passport.session());
  app.use(door.pages());
  mountLogin(app, passport, accounts);
  app.use(door.gate({ exempt: ['GET /healthz'] }));
  // ---- everything from here on is behind both doors --------------------------------------------------------

  app.get('/', async (req, res) => {
    const { assurance, policy } = await door.check(req);
    const { signedInAt } = req.session;
    res.render('dashboard', { account: accountOf(req), signedInAt, assurance, policy });
  });
  app.get('/api/me', async (req, res) => {
    const { subject, assurance, expiresAt } = await door.check(req);
    res.set('Cache-Control', 'no-store').json({ subject, assurance, expiresAt });
  });
  app.use('/files', express.static(path('files'), { index: false }));

  app.use((_req, res) => void res.status(404).render('problem', problems.missing));
  app.use(failed);
  return { app, door };
}

/** Who stands at the door. Administrators who act as somebody else are still themselves. */
function subjectOf(account: Account | null): Subject | null {
  if (!account) return null;
  return { id: account.id, tenantId: account.organization.id, label: account.email };
}

/** What an organization asks of its people. An organization nobody knows gets no answer, so no entry. */
function policyFor({ tenantId }: Subject): PolicyInput {
  const organization = organizations.find(({ id }) => id === tenantId);
  if (!organization) throw new Error(`there is no organization ${tenantId}`);
  return { mode: organization.twoFactor, methods: ['totp'] };
}

function brandOf(subject: Subject | null) {
  const organization = organizations.find(({ id }) => id === subject?.tenantId);
  return { name: organization?.name ?? 'Northwind Console', accent: organization?.accent };
}

function usePasswords(passport: PassportStatic, accounts: Accounts): void {
  passport.use(
    new LocalStrategy((username, password, done) => {
      accounts
        .authenticate(username, password)
        .then((account) => done(null, account ?? false), done);
    }),
  );
  passport.serializeUser((user, done) => done(null, (user as Account).id));
  passport.deserializeUser((id, done) => done(null, accounts.byId(id) ?? false));
}

function mountLogin(app: Express, passport: PassportStatic, accounts: Accounts): void {
  const form: RequestHandler[] = [
    sameOrigin(),
    express.urlencoded({ extended: false, limit: '4kb' }),
    express.json({ limit: '4kb' }),
  ];
  app.get('/login', (req, res) => {
    const { failed, as } = req.query;
    // ?as= is the demo's shortcut: it fills the form in for one of the accounts listed below it.
    const chosen = accounts.all.find(({ email }) => email === as)?.email ?? '';
    res.set('Cache-Control', 'no-store').render('login', {
      accounts: accounts.all,
      organizations,
      password: DEMO_PASSWORD,
      chosen,
      failed: failed !== undefined,
    });
  });
  // Passport changes the session's id here: the one from before the password is worth nothing afterwards.
  app.post(
    '/login',
    ...form,
    passport.authenticate('local', { failureRedirect: '/login?failed' }),
    (req, res) => {
      req.session.signedInAt = new Date().toISOString();
      res.redirect(303, '/');
    },
  );
  app.post('/logout', ...form, (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.redirect(303, '/login')));
  });
}

function accountOf(req: Request): Account | null {
  return (req.user as Account | undefined) ?? null;
}

const problems = {
  missing: {
    title: 'There is no such page',
    text: 'The address may be mistyped, or the page is gone.',
  },
  broken: { title: 'Something went wrong', text: 'Wait a moment, then try again.' },
  refused: { title: 'That did not work', text: 'The request was not one that we can serve.' },
};

const failed: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const status = Number.isInteger(error?.status) ? error.status : 500;
  if (status >= 500) console.error(error);
  res
    .status(status)
    .set(error?.headers ?? {})
    .render('problem', status < 500 ? problems.refused : problems.broken);
};

function path(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
