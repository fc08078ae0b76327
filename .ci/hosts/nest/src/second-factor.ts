import type { NestExpressApplication } from '@nestjs/platform-express';
import session, { MemoryStore } from 'express-session';
import passport from 'passport';
import { memoryStore, sallyport } from 'sallyport';

declare global {
  namespace Express {
    interface User {
      id: string;
      email: string;
    }
  }
}

/** Both doors around a Nest app: called once, before `app.listen()` or `app.init()`. */
export async function useSecondFactor(app: NestExpressApplication) {
  const door = sallyport({
    origin: 'http://localhost:3000',
    issuer: 'Example Console',
    keys: [process.env.SALLYPORT_KEY],
    store: memoryStore(),
    subject: ({ user }) => user && { id: user.id, label: user.email },
    policy: () => ({ mode: 'required' }),
    loginUrl: '/auth/login',
  });
  await door.ready();

  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user: Express.User, done) => done(null, user));
  app.use(
    session({
      secret: process.env.SESSION_SECRET ?? 'development only',
      resave: false,
      saveUninitialized: false,
      store: door.sessions(new MemoryStore()),
    }),
    passport.initialize(),
    passport.session(),
    door.pages(),
    // Nest mounts every controller below what is given to app.use(): name what is meant for everybody.
    door.gate({ exempt: ['GET /auth/login', 'POST /auth/login'] }),
  );
  return door;
}
