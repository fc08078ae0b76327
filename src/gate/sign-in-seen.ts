import type { Request } from 'express';
import type { SecondFactorStore, SignIn, Subject } from '../contracts.js';
import { SallyportError } from '../errors.js';
import { wasLoaded } from '../session/held-session.js';
import { freshSignIns } from './decide.js';
import type { KnownSituation } from './situation.js';

export interface SignInSeenConfig {
  readonly store: Pick<SecondFactorStore, 'noteSignIn'>;
  /** Records it in the trail. */
  readonly tell: (req: Request, subject: Subject, signIn: SignIn) => void;
  readonly onError: (error: unknown) => void;
}

/** Called for every decision for which the host's proofs were asked. */
export type SignInSeen = (req: Request, situation: KnownSituation) => void;

/** Records, once for each login, the sign-in proof that was accepted, or why one cannot count. */
export function signInSeen({ store, tell, onError }: SignInSeenConfig): SignInSeen {
  return function seen(req, { subject, facts, decision }) {
    const { signIns = [], login, record } = facts;
    const { proofsAfter } = login;
    if (proofsAfter !== undefined && signIns.some(({ at }) => at <= proofsAfter)) {
      onError(
        new SallyportError(
          'ERR_OPTION',
          'proofs: a session that is another sign-in’s by now still holds proofs of before, which do not count: have Passport make a new session at login (no keepSessionInfo), and end it at logout',
        ),
      );
    }
    if (decision.kind !== 'pass' || decision.why !== 'sign-in') return;
    const [first] = freshSignIns(facts);
    if (!first) return;
    const { signIn } = first;
    const name = `${signIn.by} ${signIn.at}`;
    if (req.session.sallyport?.signIn === name) return;
    // A session that was made for this request is not written for us.
    if (wasLoaded(req)) req.session.sallyport = { ...req.session.sallyport, signIn: name };
    tell(req, subject, signIn);
    const { by, at } = record.signIn ?? {};
    // It is shown to administrators only; no decision depends on it.
    if (by !== signIn.by || at !== signIn.at) {
      store.noteSignIn(subject.id, signIn).catch(onError);
    }
  };
}
