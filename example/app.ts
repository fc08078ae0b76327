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
  type AdminTarget,
  type Door,
  duo,
  organizationPolicy,
  recoveryCodes,
  type SecondFactorStore,
  type Subject,
  sallyport,
  securityKey,
  totp,
  yubikeyOtp,
} from 'sallyport';
import { type Account, type Accounts, DEMO_PASSWORD, type Organization } from './accounts.js';
import { directoryOf } from './directory.js';
import type { DemoDuo } from './duo.js';
import { sameOrigin } from './same-origin.js';
import { seedSettings } from './settings.js';
import type { DemoYubikey } from './yubikey.js';

export interface ConsoleOptions {
  /** Scheme, host and port that browsers use; several where organizations have addresses of their own. */
  readonly origin: string | readonly string[];
  /** Seals what people enroll: 32 bytes, base64. */
  readonly keys: readonly string[];
  readonly sessionSecret: string;
  readonly accounts: Accounts;
  /** Where sessions are kept: any store of express-session. */
  readonly sessionStore: Store;
  /** Where enrollments are kept: memoryStore(), redisStore() or postgresStore(). */
  readonly store: SecondFactorStore;
  /** Where Duo is, and what Globex begins with; without it nobody has keys for Duo. */
  readonly duo?: Pick<DemoDuo, 'options' | 'globex'> | undefined;
  /** Where YubiKeys are checked, and what Northwind begins with and lends to its clients. */
  readonly yubikey?: Pick<DemoYubikey, 'options' | 'northwind' | 'touch'> | undefined;
}

declare module 'express-session' {
  interface SessionData {
    /** When the password was right, ISO 8601. The host's own data survives the second door. */
    signedInAt?: string;
  }
}

const SESSION_HOURS = 8;
/** So many accounts of an organization are offered on the login page. */
const SHOWN = 4;

/** A small multi-tenant console. What it does about two-factor is between the two marks. */
export async function createApp(options: ConsoleOptions): Promise<{ app: Express; door: Door }> {
  const { origin, accounts, store } = options;
  const https = [origin].flat().every((one) => one.startsWith('https:'));
  const app = express();
  // One of its own, so that several apps can live in one process; usually the imported one is just right.
  const passport = new defaultPassport.Passport() as PassportStatic;

  // This process speaks plain HTTP, so an https: origin means one proxy in front that ends TLS. Without this
  // Express takes the connection for an insecure one, and no secure cookie is set.
  if (https) app.set('trust proxy', 1);
  app.set('views', path('views')).set('view engine', 'ejs');

  // ---- before anybody is known: nothing here needs a session, so a health check works without a store -------
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
    store,
    subject: (req) => subjectOf(accountOf(req)),
    policy: organizationPolicy({ organization: (id) => accounts.organization(id) }),
    branding: (subject, place) =>
      brandOf(
        subject ? accounts.organization(subject.tenantId) : organizationAt(place.origin, accounts),
      ),
    loginUrl: '/login',
    accountUrl: (subject) => setupOf(accounts.byId(subject.id)),
    passport,
    methods: [
      securityKey(),
      totp(),
      duo(options.duo?.options),
      yubikeyOtp(options.yubikey?.options),
      recoveryCodes(),
    ],
  });
  await door.ready();
  await seedSettings(store);
  if (options.duo) {
    const saved = await door.duo.save('globex', options.duo.globex, { actor: 'the demo' });
    if (saved.kind !== 'saved') console.warn(`Globex has no keys for Duo: ${saved.kind}`);
  }
  if (options.yubikey) {
    const fields = { enabled: 'yes', ...options.yubikey.northwind, lendToClients: 'yes' };
    const by = { actor: 'the demo' };
    const saved = await door.organizations.save('northwind', 'yubikey-otp', fields, by);
    if (saved.kind !== 'saved') console.warn(`Northwind has no YubiKeys: ${saved.message}`);
  }

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
  mountLogin(app, passport, options);
  app.use(door.gate({ exempt: ['GET /healthz'] }));
  // ---- everything from here on is behind both doors --------------------------------------------------------

  app.use(
    '/setup',
    door.admin({
      directory: directoryOf(accounts),
      authorize: (req, _action, target) => administers(accountOf(req), target),
    }),
  );

  app.get('/', async (req, res) => {
    const { assurance, policy } = await door.check(req);
    const { signedInAt } = req.session;
    const account = accountOf(req);
    const setup = setupOf(account);
    res.render('dashboard', { account, setup, signedInAt, assurance, policy });
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

/** Administrators look after their own organization, those of a partner after its clients too; users: nothing. */
function administers(account: Account | null, { organization }: AdminTarget): boolean {
  if (account?.role !== 'administrator') return false;
  const { id, kind } = account.organization;
  return organization.id === id || (kind === 'partner' && organization.partnerId === id);
}

/** Where an administrator switches two-factor for the whole organization; null for everybody else. */
function setupOf(account: Account | null): string | null {
  if (account?.role !== 'administrator') return null;
  return `/setup/organizations/${account.organization.id}`;
}

/** An organization may have an address that begins with its name: northwind.localhost. Nobody is signed in yet. */
function organizationAt(origin: string, accounts: Accounts): Organization | null {
  return accounts.organization(new URL(origin).hostname.split('.')[0] ?? '');
}

function brandOf(organization: Organization | null) {
  return { name: organization?.name ?? 'Northwind Console', accent: organization?.accent };
}

/** For the login page, which is shown also while the store is away. */
async function modeOf(organizationId: string, store: SecondFactorStore): Promise<unknown> {
  try {
    return (await store.readSetting(organizationId))?.value.mode ?? 'off';
  } catch {
    return 'unknown';
  }
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

function mountLogin(
  app: Express,
  passport: PassportStatic,
  { accounts, store, yubikey }: Pick<ConsoleOptions, 'accounts' | 'store' | 'yubikey'>,
): void {
  const form: RequestHandler[] = [
    sameOrigin(),
    express.urlencoded({ extended: false, limit: '4kb' }),
    express.json({ limit: '4kb' }),
  ];
  app.get('/login', async (req, res) => {
    const { failed, as } = req.query;
    // ?as= is the demo's shortcut: it fills the form in for one of the accounts listed below it.
    const chosen = accounts.byEmail(as)?.email ?? '';
    // At an organization's own address its accounts alone are offered.
    const own = organizationAt(`http://${req.hostname}`, accounts);
    const organizations = (own ? [own] : accounts.organizations).map(async ({ id, name }) => ({
      name,
      twoFactor: await modeOf(id, store),
      accounts: accounts.of(id).slice(0, SHOWN),
    }));
    res.set('Cache-Control', 'no-store').render('login', {
      organizations: await Promise.all(organizations),
      brand: brandOf(own).name,
      password: DEMO_PASSWORD,
      touch: yubikey?.touch ?? null,
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
