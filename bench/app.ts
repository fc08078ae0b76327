/** The app under load, in a process of its own: `bare`, or the same behind both doors. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore as ConnectRedis } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { createClient } from 'redis';
import { benchDoor, prove } from './door.js';

const [kind, redisUrl] = process.argv.slice(2) as ['bare' | 'gated', string];

const redis = createClient({ url: redisUrl });
await redis.connect();
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
    if (bench) await prove(bench.store, id, req.sessionID);
    res.send('signed in');
  });
});
if (bench) app.use(bench.door.gate());
app.get('/reports', (_req, res) => void res.json({ reports: [1, 2, 3] }));

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('disconnect', () => process.exit());
process.send?.((server.address() as AddressInfo).port);
