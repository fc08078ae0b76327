import { type Profile, Strategy, ValidateInResponseTo } from '@node-saml/passport-saml';
import express, { type Express } from 'express';
import type { PassportStatic } from 'passport';
import type { SignInProof } from 'sallyport';

declare module 'express-session' {
  interface SessionData {
    proofs?: SignInProof[];
  }
}

interface SamlSignIn {
  readonly app: Express;
  readonly passport: PassportStatic;
  /** Your name for the identity provider, as the rules have it. */
  readonly by: string;
  /** Where your app is, e.g. https://console.example.com */
  readonly origin: string;
  /** The identity provider's address for sign-in, and its certificate (PEM). */
  readonly entryPoint: string;
  readonly idpCert: string;
  /** Your user by the `NameID` of this provider, with the id that `subject()` gives; null for nobody. */
  readonly userOf: (nameId: string) => Promise<(Express.User & { id: string | number }) | null>;
}

interface AuthnStatement {
  readonly $?: { readonly AuthnInstant?: string };
  readonly AuthnContext?: readonly {
    readonly AuthnContextClassRef?: readonly { readonly _?: string }[];
  }[];
}

/** What the signed assertion says of the sign-in itself; of several statements the first. */
function proofsOf(by: string, profile: Profile, subjectId: string): SignInProof[] {
  const assertion = profile.getAssertion?.() as
    | { Assertion?: { AuthnStatement?: readonly AuthnStatement[] } }
    | undefined;
  const [statement] = assertion?.Assertion?.AuthnStatement ?? [];
  const at = statement?.$?.AuthnInstant;
  if (at === undefined) return [];
  const acr = statement?.AuthnContext?.[0]?.AuthnContextClassRef?.[0]?._;
  return [{ by, at, acr: acr ?? null, subjectId }];
}

/** Mount it above the gate, below `passport.session()`. */
export function samlSignIn({ app, passport, by, origin, userOf, ...idp }: SamlSignIn): void {
  passport.use(
    by,
    new Strategy(
      {
        ...idp,
        issuer: origin,
        audience: origin,
        callbackUrl: `${origin}/login/${by}/callback`,
        wantAssertionsSigned: true,
        wantAuthnResponseSigned: false, // some sign the assertion alone
        validateInResponseTo: ValidateInResponseTo.always,
        passReqToCallback: true,
      },
      async (req, profile, done) => {
        const user = profile ? await userOf(profile.nameID) : null;
        if (!profile || !user) return done(null);
        req.res!.locals.proofs = proofsOf(by, profile, String(user.id));
        done(null, { ...user });
      },
      (_req, _profile, done) => done(new Error('no single logout here')),
    ),
  );

  app.get(`/login/${by}`, passport.authenticate(by));
  app.post(
    `/login/${by}/callback`,
    express.urlencoded({ extended: false }),
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
    res.status(403).send('<p>You have no account here, or did not sign in.');
  });
}
