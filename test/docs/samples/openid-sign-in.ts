import type { Express, Request } from 'express';
import type { Configuration } from 'openid-client';
import { type AuthenticateOptions, Strategy } from 'openid-client/passport';
import type { PassportStatic } from 'passport';
import type { SignInProof } from 'sallyport';

declare module 'express-session' {
  interface SessionData {
    proofs?: SignInProof[];
  }
}

interface OpenIdSignIn {
  readonly app: Express;
  readonly passport: PassportStatic;
  /** Your name for the identity provider, as the rules have it. */
  readonly by: string;
  /** await discovery(new URL('https://example.okta.com'), clientId, clientSecret) */
  readonly config: Configuration;
  /** Where your app is, e.g. https://console.example.com */
  readonly origin: string;
  /** Your user by the `sub` of this provider, with the id that `subject()` gives; null for nobody. */
  readonly userOf: (sub: string) => Promise<(Express.User & { id: string | number }) | null>;
}

/** Mount it above the gate, below `passport.session()`. */
export function openIdSignIn({ app, passport, by, config, origin, userOf }: OpenIdSignIn): void {
  const callbackURL = `${origin}/login/${by}/callback`;

  class StrategyWithTime extends Strategy {
    /** Has the provider say when it asked the person, and ask again after half a day. */
    override authorizationRequestParams(req: Request, options: AuthenticateOptions) {
      const params = new URLSearchParams(super.authorizationRequestParams(req, options));
      params.set('max_age', '43200');
      // Where they are to sign in again it asks them, although it knows them still.
      if (req.query.again !== undefined) params.set('prompt', 'login');
      return params;
    }

    /** Behind a proxy as well, and whatever the Host header says. */
    override currentUrl(req: Request) {
      return new URL(req.originalUrl, origin);
    }
  }

  passport.use(
    by,
    new StrategyWithTime(
      { config, callbackURL, scope: 'openid', passReqToCallback: true },
      async (req, tokens, done) => {
        const claims = tokens.claims(); // of an ID token that openid-client has verified
        const user = claims ? await userOf(claims.sub) : null;
        if (!claims || !user) return done(null, false);
        const { auth_time: at, amr, acr } = claims;
        const proof = {
          by,
          ...(Array.isArray(amr) && { amr: amr.map(String) }),
          ...(typeof acr === 'string' && { acr }),
          subjectId: String(user.id),
        };
        // Without a time that is known nothing was proven at a known time.
        req.res!.locals.proofs = at === undefined ? [] : [{ ...proof, at: new Date(at * 1000) }];
        done(null, user);
      },
    ),
  );

  app.get(`/login/${by}`, passport.authenticate(by));
  app.get(
    `/login/${by}/callback`,
    // Makes a new session for this sign-in: do not set keepSessionInfo.
    passport.authenticate(by, { failureRedirect: `/login/${by}/refused` }),
    (req, res, next) => {
      req.session.proofs = res.locals.proofs;
      // Whoever has proven enough is led on to the page that was asked for; everybody else is asked there. Saved
      // first: a browser follows before express-session has done so at the end of an answer.
      req.session.save((error) => (error ? next(error) : res.redirect('/two-factor/challenge')));
    },
  );
  // Not the login page where that is this sign-in itself: whoever has no account here would go round in a circle.
  app.get(`/login/${by}/refused`, (_req, res) => {
    const other = `<a href="/login/${by}?again">Sign in as somebody else</a>`;
    res.status(403).send(`<p>You have no account here, or did not sign in. ${other}`);
  });
}
