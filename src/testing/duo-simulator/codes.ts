import { randomBytes } from 'node:crypto';

/** What one approval earned: everything that the id_token will say. */
export interface Grant {
  readonly clientId: string;
  /** The name that was sent; Duo's own name of the person is `primaryName`. */
  readonly username: string;
  readonly primaryName: string;
  readonly redirectUri: string;
  readonly nonce: string | null;
  readonly txid: string;
  /** When the person approved (ms). */
  readonly approvedAt: number;
  readonly reason: 'user_approved' | 'bypass_user' | 'remembered_device';
  readonly phone: string | null;
}

export type CodeProblem =
  | 'unknown-code'
  | 'used-code'
  | 'expired-code'
  | 'code-of-another-application'
  | 'wrong-redirect-uri';

export interface CodeBook {
  issue(grant: Grant, now: number): string;
  redeem(
    claim: { code: string; clientId: string; redirectUri: string },
    now: number,
  ): Grant | CodeProblem;
  reset(): void;
}

const CODE_LIFETIME_MS = 60_000;
/** Used and expired codes are remembered this long, so that the log can say which of the two it was. */
const REMEMBERED_MS = 600_000;

export function codeBook(): CodeBook {
  const issued = new Map<string, { grant: Grant; issuedAt: number; used: boolean }>();

  function forgetOld(now: number): void {
    for (const [code, { issuedAt }] of issued) {
      if (now - issuedAt <= REMEMBERED_MS) return;
      issued.delete(code);
    }
  }

  return {
    issue(grant, now) {
      forgetOld(now);
      const code = randomBytes(16).toString('hex');
      issued.set(code, { grant, issuedAt: now, used: false });
      return code;
    },
    redeem({ code, clientId, redirectUri }, now) {
      const entry = issued.get(code);
      if (!entry) return 'unknown-code';
      // Before the code is marked used: a stranger's attempt must not burn it.
      if (entry.grant.clientId !== clientId) return 'code-of-another-application';
      if (entry.used) return 'used-code';
      entry.used = true;
      if (now - entry.issuedAt > CODE_LIFETIME_MS) return 'expired-code';
      if (entry.grant.redirectUri !== redirectUri) return 'wrong-redirect-uri';
      return entry.grant;
    },
    reset: () => issued.clear(),
  };
}
