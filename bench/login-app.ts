/**
 * The app that people log in to, once for each kind, in a process of its own: with a password only, and with a second
 * factor after it, by passport-totp, by passport-totp once more (the control), or by Sallyport: with an app, with an app
 * and Postgres for the second factors, with a security key. Sessions are in Redis in each. The password is compared as
 * text: hashing it would cost more than all the rest, and the same in each.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import express, { type Express, type RequestHandler } from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import { Strategy as TotpStrategy } from 'passport-totp';
import { benchDoor, connected, constantPolicy } from './door.js';
import { LOGIN_KINDS, type LoginKind } from './login-kinds.js';
import './second-factor-mark.js';

const [redisUrl, postgresUrl] = process.argv.slice(2) as [string, string];

// The bench sets the time, the same in each process: waiting for time steps would take minutes.
let time = Date.now();
const redis = await connected(redisUrl);
const now = () => time;
const doors: { readonly [K in LoginKind]?: Awaited<ReturnType<typeof benchDoor>>['door'] } = {
  sallyport: (await benchDoor(redisUrl, { now })).door,
  postgres: (await benchDoor(postgresUrl, { now })).door,
  'security-key': (await benchDoor(redisUrl, { now, policy: () => constantPolicy('security-key') }))
    .door,
};

const passport = new Passport();
passport.use(
  new LocalStrategy((username, password, done) =>
    done(null, password === 'sallyport' ? userOf(username) : false),
  ),
);
passport.use(
  new TotpStrategy((user, done) => {
    redis.hGet('bench:totp-keys', user.id).then(
      (key) => done(null, Buffer.from(key ?? ''), 30),
      (error: unknown) => done(error),
    );
  }),
);
passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
passport.deserializeUser((id: string, done) => done(null, userOf(id)));

function userOf(id: string) {
  return { id, tenantId: 'acme', label: id };
}

const form = express.urlencoded({ extended: false });
const signedIn: RequestHandler = (req, res, next) => (req.user ? next() : res.redirect('/login'));

/** An app of one kind; answers its port. */
async function serve(kind: LoginKind): Promise<number> {
  const app = express();
  const own = new ConnectRedis({ client: redis, prefix: `bench:${kind}:sess:` });
  const door = doors[kind];
  const store = door ? door.sessions(own) : own;
  app.use(session({ secret: 'bench', resave: false, saveUninitialized: false, store }));
  app.use(passport.initialize(), passport.session());
  if (door) app.use(door.pages());
  app.post('/login', form, (req, res, next) =>
    passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' })(
      req,
      res,
      next,
    ),
  );
  if (kind === 'passport-totp' || kind === 'control') askByPassportTotp(app);
  app.use(door ? door.gate() : signedIn);
  app.get('/', (_req, res) => void res.send('inside'));
  const server = app.listen(0, '127.0.0.1');
  // Between its rounds a process is idle for longer than connections are kept by default.
  server.keepAliveTimeout = 60_000;
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/**
 * As its own example has it: no token against forged requests, no count of wrong codes, and a code is accepted
 * as often as it is sent.
 */
function askByPassportTotp(app: Express): void {
  app.get('/code', signedIn, (_req, res) => {
    res.send('<form method="post" action="/code"><input name="code"><button>Go on</button></form>');
  });
  app.post(
    '/code',
    signedIn,
    form,
    (req, res, next) => passport.authenticate('totp', { failureRedirect: '/code' })(req, res, next),
    (req, res) => {
      req.session.secondFactor = 'totp';
      res.redirect('/');
    },
  );
  app.use(signedIn, (req, res, next) =>
    req.session.secondFactor ? next() : res.redirect('/code'),
  );
}

process.on('disconnect', () => process.exit());
process.on('message', (told: number) => {
  time = told;
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
const served = await Promise.all(
  LOGIN_KINDS.map(async (kind) => [kind, await serve(kind)] as const),
);
process.send?.(Object.fromEntries(served));
