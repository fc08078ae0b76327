import type { Request } from 'express';
import type { Keyring, Subject } from '../../contracts.js';
import { sessionDigest } from '../../session/assurance.js';

/** New codes that their owner has not confirmed keeping, and where they continue then. */
export interface UnkeptCodes {
  readonly codes: readonly string[];
  readonly onward: string;
}

interface Kept extends UnkeptCodes {
  readonly until: number;
}

/** How long they can be shown again, in case the first answer did not arrive. */
const SHOWN_FOR_MS = 10 * 60 * 1000;

/**
 * Keeps the codes that were just shown in the session until they are kept or the time is over. They are sealed for
 * this subject and session id, so the host's session store reveals no code.
 */
export function unkeptCodes({
  keyring,
  now,
}: {
  readonly keyring: Keyring;
  readonly now: () => number;
}) {
  const contextOf = (req: Request, { id }: Subject) =>
    JSON.stringify(['recovery-codes', id, sessionDigest(req.sessionID)]);

  return {
    put(req: Request, subject: Subject, unkept: UnkeptCodes): void {
      const plain = Buffer.from(JSON.stringify({ ...unkept, until: now() + SHOWN_FOR_MS }));
      const sealed = Buffer.from(keyring.seal(plain, contextOf(req, subject)));
      req.session.sallyport = { ...req.session.sallyport, unkept: sealed.toString('base64url') };
    },

    /** Null when there are none to show to this person in this session. */
    read(req: Request, subject: Subject): UnkeptCodes | null {
      const sealed = req.session.sallyport?.unkept;
      if (sealed === undefined) return null;
      try {
        const plain = keyring.open(Buffer.from(sealed, 'base64url'), contextOf(req, subject));
        const { until, ...unkept }: Kept = JSON.parse(Buffer.from(plain).toString());
        return now() < until ? unkept : null;
      } catch {
        // From another session, or sealed by a removed key: new ones can be made.
        return null;
      }
    },

    forget(req: Request): void {
      delete req.session.sallyport?.unkept;
    },
  };
}
