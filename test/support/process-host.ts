/**
 * A host app in a process of its own, over connect-redis. With `guarded: false` it does without Sallyport what
 * hosts do by hand: a second factor that is a flag in the session.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import express, { type Request } from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import { createClient } from 'redis';
import { sallyport } from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { hostOptions } from './app.js';
import { UNHURRIED } from './unhurried.js';

export interface ProcessSettings {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly guarded: boolean;
  readonly resave: boolean;
}

export type FromHost =
  | { readonly kind: 'listening'; readonly port: number }
  /** A slow request has read its session and waits. */
  | { readonly kind: 'waiting'; readonly name: string };

/** Lets the slow request of this name go on. */
export interface ToHost {
  readonly go: string;
}

interface Data {
  verified?: boolean;
  seen?: number;
  passport?: { user?: string };
}

const dataOf = (req: Request) => req.session as unknown as Data;
const settings: ProcessSettings = JSON.parse(process.argv[2] ?? '');
const tell = (message: FromHost) => process.send?.(message);

const redis = createClient({ url: settings.redisUrl });
await redis.connect();
const sessions = new ConnectRedis({ client: redis, prefix: `${settings.prefix}sess:` });
const door = sallyport({
  ...hostOptions(),
  store: redisStore(redis, {
    ...UNHURRIED,
    prefix: settings.prefix,
    initialize: true,
    allowEviction: true,
  }),
  policy: () => ({ mode: 'required', methods: ['totp'] }),
});
await door.ready();

const passport = new Passport();
passport.use(new LocalStrategy((username, _password, done) => done(null, { id: username })));
passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
passport.deserializeUser((id: string, done) => done(null, { id }));

const waiting = new Map<string, () => void>();
process.on('message', ({ go }: ToHost) => waiting.get(go)?.());
process.on('disconnect', () => process.exit());

const app = express();
app.use(
  session({
    secret: 'test',
    resave: settings.resave,
    saveUninitialized: false,
    store: settings.guarded ? door.sessions(sessions) : sessions,
  }),
);
app.use(passport.initialize(), passport.session());
if (settings.guarded) app.use(door.pages());

app.post(
  '/login',
  express.urlencoded({ extended: false }),
  passport.authenticate('local'),
  (_req, res) => void res.send('signed in'),
);
app.post('/logout', (req, res, next) =>
  req.logout((error) => (error ? next(error) : res.send('signed out'))),
);

/** The second factor by hand: a new id, the data carried over, a flag. */
app.post('/verify', (req, res, next) => {
  const { passport } = dataOf(req);
  req.session.regenerate((error) => {
    if (error) return next(error);
    Object.assign(req.session, { passport, verified: true });
    res.send('verified');
  });
});

app.get('/whoami', (req, res) => {
  const { verified = false, seen = 0 } = dataOf(req);
  res.json({ user: (req.user as { id: string } | undefined)?.id ?? null, verified, seen });
});

/** Reads its session, waits until it is told, and may write: as an export or an upload does. */
app.get('/slow', (req, res) => {
  const name = String(req.query.name);
  waiting.set(name, () => {
    if (req.query.write === '1') dataOf(req).seen = (dataOf(req).seen ?? 0) + 1;
    res.send('done');
  });
  tell({ kind: 'waiting', name });
});

if (settings.guarded) app.use(door.gate());
app.use((_req, res) => void res.send('inside'));

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
tell({ kind: 'listening', port: (server.address() as AddressInfo).port });
