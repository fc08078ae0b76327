/** The app under load, in a process of its own: bare, behind both doors, or behind passport-totp's second factor. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { benchDoor, connected, prove } from './door.js';
import './second-factor-mark.js';

export type AppKind = 'bare' | 'passport-totp' | 'gated';

const [kind, redisUrl] = process.argv.slice(2) as [AppKind, string];

const redis = await connected(redisUrl);
const sessions = new ConnectRedis({ client: redis, prefix: 'bench:sess:' });
const passport = new Passport();
passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
passport.deserializeUser((id: string, done) => done(null, { id, tenantId: 'acme', label: id }));
const bench = kind === 'gated' ? await benchDoor(redisUrl) : null;

const app = express();
app.use(
  session({
    secret: 'bench',
    resave: false,
    saveUninitialized: false,
    store: bench ? bench.door.sessions(sessions) : sessions,
  }),
);
app.use(passport.initialize(), passport.session());
if (bench) app.use(bench.door.pages());
app.post('/login', (req, res, next) => {
  const id = String(req.query.user);
  req.logIn({ id }, async (error) => {
    if (error) return next(error);
    if (bench) {
      const login = await prove(bench.store, id, req.sessionID);
      req.session.sallyport = { login };
    }
    if (kind === 'passport-totp') req.session.secondFactor = 'totp';
    res.send('signed in');
  });
});
if (bench) app.use(bench.door.gate());
if (kind === 'passport-totp') {
  app.use((req, res, next) => (req.session.secondFactor ? next() : res.redirect('/code')));
}
app.get('/reports', (_req, res) => void res.json({ reports: [1, 2, 3] }));

const server = app.listen(0, '127.0.0.1');
server.keepAliveTimeout = 60_000;
await once(server, 'listening');
process.on('disconnect', () => process.exit());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.send?.((server.address() as AddressInfo).port);
