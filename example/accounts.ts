import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * The console's own organizations and accounts. In a real app they are in a database; here they are a table.
 * Sallyport never sees a password, and it keeps nothing about people but what they enroll.
 */
export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly kind: 'partner' | 'client';
  /** The partner of a client. */
  readonly partnerId: string | null;
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
  readonly organizations: readonly Organization[];
  organization(id: string): Organization | null;
  /** The accounts of an organization, by their e-mail addresses. */
  of(organizationId: string): readonly Account[];
  byId(id: unknown): Account | null;
  byEmail(email: unknown): Account | null;
  /** The account if the password is its own. Takes as long for an address that nobody has. */
  authenticate(email: unknown, password: unknown): Promise<Account | null>;
}

const northwind: Organization = {
  id: 'northwind',
  name: 'Northwind Managed Services',
  kind: 'partner',
  partnerId: null,
};

const client = (id: string, name: string, accent: string): Organization => ({
  id,
  name,
  kind: 'client',
  partnerId: northwind.id,
  accent,
});

const demoUsers: readonly (readonly [Organization, readonly string[]])[] = [
  [client('acme', 'Acme', '#7a1f5c'), ['admin', 'user1', 'user2']],
  [client('globex', 'Globex', '#0b5fff'), ['admin', 'user1', 'user2']],
  [client('initech', 'Initech', '#c2410c'), ['admin', 'user', 'user1', 'user2']],
  [northwind, ['admin', 'user']],
];
const bulk = client('bulk', 'Bulk Industries', '#4d7c0f');

/** The same for every demo account, and said on the login page. */
export const DEMO_PASSWORD = 'sallyport';

/** scrypt's N. OWASP asks for 2^17 with r = 8; the demo's accounts make do with less, to start fast. */
const COST = 2 ** 17;
const DEMO_COST = 2 ** 14;

/** `users`: so many more, in an organization of their own. */
export async function demoAccounts({ users = 0 } = {}): Promise<Accounts> {
  const all = await Promise.all(
    demoUsers.flatMap(([organization, names]) =>
      names.map(async (name) =>
        account(organization, name, await hashPassword(DEMO_PASSWORD, DEMO_COST)),
      ),
    ),
  );
  if (users > 0) {
    // One hash for all of them: one each would take minutes.
    const hash = await hashPassword(DEMO_PASSWORD, DEMO_COST);
    all.push(account(bulk, 'admin', hash));
    for (let number = 1; number <= users; number += 1) {
      all.push(account(bulk, `user${String(number).padStart(5, '0')}`, hash));
    }
  }
  const nobody = await hashPassword(randomBytes(16).toString('hex'), DEMO_COST);
  return accountsOf(all, nobody);
}

function account(organization: Organization, name: string, passwordHash: string): Account {
  return {
    id: `${organization.id}-${name}`,
    email: `${name}@${organization.id}.example`,
    organization,
    role: name === 'admin' ? 'administrator' : 'user',
    passwordHash,
  };
}

function accountsOf(all: readonly Account[], nobody: string): Accounts {
  const byId = new Map(all.map((one) => [one.id, one]));
  const byEmail = new Map(all.map((one) => [one.email, one]));
  const organizations = new Map(all.map(({ organization }) => [organization.id, organization]));
  const people = new Map<string, Account[]>([...organizations.keys()].map((id) => [id, []]));
  for (const one of all) people.get(one.organization.id)?.push(one);

  const find = (email: unknown) =>
    typeof email === 'string' ? (byEmail.get(email.trim().toLowerCase()) ?? null) : null;
  return {
    organizations: [...organizations.values()],
    organization: (id) => organizations.get(id) ?? null,
    of: (organizationId) => people.get(organizationId) ?? [],
    byId: (id) => (typeof id === 'string' ? (byId.get(id) ?? null) : null),
    byEmail: find,
    async authenticate(email, password) {
      if (typeof email !== 'string' || typeof password !== 'string') return null;
      const found = find(email);
      const right = await verifyPassword(password, found?.passwordHash ?? nobody);
      return found !== null && right ? found : null;
    },
  };
}

/** `scrypt$N$salt$hash`: each hash says how it was made, so that the cost can be raised later. */
async function hashPassword(password: string, cost = COST): Promise<string> {
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
