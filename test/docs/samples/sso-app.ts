import express, { type Request } from 'express';
import session, { MemoryStore } from 'express-session';
import { allowInsecureRequests, discovery } from 'openid-client';
import passport from 'passport';
import { memoryStore, sallyport } from 'sallyport';
import { openIdSignIn } from './openid-sign-in.js';

interface User {
  id: string;
  email: string;
  /** As the provider names them. */
  sub: string;
}

const userOf = (req: Request) => req.user as User | undefined;

export async function createApp(origin = process.env.ORIGIN ?? 'http://localhost:3000') {
  // In the place of this: your users.
  const users: User[] = [{ id: '1', email: 'admin@example.com', sub: process.env.MY_SUB ?? '' }];

  const issuer = new URL(process.env.OPENID_ISSUER ?? 'https://example.okta.com');
  const onThisMachine = issuer.protocol === 'http:'; // a provider to try it with
  const config = await discovery(
    issuer,
    process.env.CLIENT_ID ?? '',
    process.env.CLIENT_SECRET ?? '',
    undefined,
    onThisMachine ? { execute: [allowInsecureRequests] } : {},
  );
  passport.serializeUser((user, done) => done(null, (user as User).id));
  passport.deserializeUser((id: string, done) =>
    done(null, users.find((user) => user.id === id) ?? false),
  );

  const door = sallyport({
    origin,
    issuer: 'My app with single sign-on',
    keys: [process.env.SALLYPORT_KEY],
    store: memoryStore(),
    subject(req) {
      const user = userOf(req);
      return user ? { id: user.id, label: user.email } : null;
    },
    policy: () => ({
      mode: 'required',
      proofs: [
        { by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 8 * 3600, phishingResistant: false },
      ],
    }),
    proofs: (req) => req.session.proofs,
    signInAgain: (_req, { by }) =>
      by === 'okta' ? { name: 'Okta', url: '/login/okta?again' } : null,
    loginUrl: '/login',
  });
  await door.ready();

  const app = express();
  app.use(
    session({
      secret: process.env.SESSION_SECRET ?? 'for development only',
      store: door.sessions(new MemoryStore()),
      resave: false,
      saveUninitialized: false,
      // `strict` would not be sent when the provider leads back.
      cookie: { sameSite: 'lax' },
    }),
  );
  app.use(passport.initialize(), passport.session());
  app.use(door.pages());

  // ---- for everybody: signing in and out
  app.get('/login', (_req, res) => {
    res.send('<p><a href="/login/okta">Sign in with Okta</a>');
  });
  openIdSignIn({
    ...{ app, passport, by: 'okta', config, origin },
    userOf: async (sub) => users.find((user) => user.sub === sub) ?? null,
  });
  app.post('/logout', (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.redirect('/login')));
  });

  app.use(door.gate());

  // ---- behind both doors
  app.get('/', (req, res) => {
    res.send(`<p>You are in, ${userOf(req)?.email}. <a href="/pay">Pay</a>
      <form method="post" action="/logout"><button>Sign out</button></form>`);
  });
  app.get('/pay', door.require({ maxAge: '5m' }), (_req, res) => {
    res.send('<p>You have proven it in the last five minutes.');
  });
  return { app, door };
}
