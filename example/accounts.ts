import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * The console's own organizations and accounts. In a real app they are in a database; here they are a table.
 * Sallyport never sees a password, and it keeps nothing about people but what they enroll.
 */
export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly kind: 'partner' | 'client';
  readonly twoFactor: 'required' | 'optional' | 'off';
  readonly accent?: string;
}

export interface Account {
  /** Stable, and never given to anybody else. Not the e-mail address: that may change. */
  readonly id: string;
  readonly email: string;
  readonly organization: Organization;
  readonly role: 'administrator' | 'user';
  readonly passwordHash: string;
}

export interface Accounts {
  /** In the order in which the login page shows them. */
  readonly all: readonly Account[];
  byId(id: unknown): Account | null;
  /** The account if the password is its own. Takes as long for an address that nobody has. */
  authenticate(email: unknown, password: unknown): Promise<Account | null>;
}

export const organizations: readonly Organization[] = [
  { id: 'acme', name: 'Acme', kind: 'client', twoFactor: 'required', accent: '#7a1f5c' },
  { id: 'globex', name: 'Globex', kind: 'client', twoFactor: 'required', accent: '#0b5fff' },
  { id: 'initech', name: 'Initech', kind: 'client', twoFactor: 'off', accent: '#c2410c' },
  { id: 'northwind', name: 'Northwind Managed Services', kind: 'partner', twoFactor: 'optional' },
];

const demoUsers: Readonly<Record<string, readonly string[]>> = {
  acme: ['admin', 'user1', 'user2'],
  globex: ['admin', 'user1', 'user2'],
  initech: ['admin', 'user', 'user1', 'user2'],
  northwind: ['admin', 'user'],
};

/** The same for every demo account, and said on the login page. */
export const DEMO_PASSWORD = 'sallyport';

/** scrypt's N. OWASP asks for 2^17 with r = 8; the demo's accounts make do with less, to start fast. */
const COST = 2 ** 17;
const DEMO_COST = 2 ** 14;

export async function demoAccounts(): Promise<Accounts> {
  const all = await Promise.all(
    organizations.flatMap((organization) =>
      (demoUsers[organization.id] ?? []).map(
        async (name): Promise<Account> => ({
          id: `${organization.id}-${name}`,
          email: `${name}@${organization.id}.example`,
          organization,
          role: name === 'admin' ? 'administrator' : 'user',
          passwordHash: await hashPassword(DEMO_PASSWORD, DEMO_COST),
        }),
      ),
    ),
  );
  const byId = new Map(all.map((account) => [account.id, account]));
  const byEmail = new Map(all.map((account) => [account.email, account]));
  const nobody = await hashPassword(randomBytes(16).toString('hex'), DEMO_COST);

  return {
    all,
    byId: (id) => (typeof id === 'string' ? (byId.get(id) ?? null) : null),
    async authenticate(email, password) {
      if (typeof email !== 'string' || typeof password !== 'string') return null;
      const account = byEmail.get(email.trim().toLowerCase());
      const right = await verifyPassword(password, account?.passwordHash ?? nobody);
      return account !== undefined && right ? account : null;
    },
  };
}

/** `scrypt$N$salt$hash`: each hash says how it was made, so that the cost can be raised later. */
export async function hashPassword(password: string, cost = COST): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return ['scrypt', cost, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, cost, salt = '', hash = ''] = stored.split('$');
  const expected = Buffer.from(hash, 'base64url');
  return timingSafeEqual(
    await derive(password, Buffer.from(salt, 'base64url'), Number(cost)),
    expected,
  );
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 };
    scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
