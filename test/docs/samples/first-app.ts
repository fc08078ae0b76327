import express, { type Request } from 'express';
import session, { MemoryStore } from 'express-session';
import passport from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import { memoryStore, sallyport } from 'sallyport';

interface User {
  id: string;
  email: string;
}

// In the place of these lines: your users, and your check of a password.
const USERS: User[] = [{ id: '1', email: 'admin@example.com' }];
const userById = (id: string) => USERS.find((user) => user.id === id) ?? false;
const signIn = (email: string, password: string) =>
  password === 'correct horse' && (USERS.find((user) => user.email === email) ?? false);
const userOf = (req: Request) => req.user as User | undefined;

/** Whom a session is of, for Sallyport: null for nobody. */
function subject(req: Request) {
  const user = userOf(req);
  return user ? { id: user.id, label: user.email } : null;
}

export async function createApp() {
  passport.use(new LocalStrategy((email, password, done) => done(null, signIn(email, password))));
  passport.serializeUser((user, done) => done(null, (user as User).id));
  passport.deserializeUser((id: string, done) => done(null, userById(id)));

  const door = sallyport({
    origin: process.env.ORIGIN ?? 'http://localhost:3000',
    issuer: 'My first app',
    keys: [process.env.SALLYPORT_KEY],
    store: memoryStore(),
    subject,
    policy: () => ({ mode: 'required' }),
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
      cookie: { sameSite: 'lax' },
    }),
  );
  app.use(passport.initialize(), passport.session());
  app.use(door.pages());

  // ---- for everybody: signing in and out
  app.get('/login', (_req, res) => {
    res.send(`<form method="post">
      <p><input name="username" type="email" autocomplete="username" required>
      <p><input name="password" type="password" autocomplete="current-password" required>
      <p><button>Sign in</button></form>`);
  });
  app.post(
    '/login',
    express.urlencoded(),
    passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' }),
  );
  app.post('/logout', (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.redirect('/login')));
  });

  app.use(door.gate());

  // ---- behind both doors
  app.get('/', (req, res) => {
    res.send(`<p>You are in, ${userOf(req)?.email}.
      <p><a href="/two-factor/profile">My second factors</a>
      <form method="post" action="/logout"><button>Sign out</button></form>`);
  });
  return { app, door };
}
