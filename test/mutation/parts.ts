// By name each: braces alone are no pattern to Mocha.
const tests = (folder: string, ...names: string[]) =>
  names.map((name) => `test/${folder}/${name}.test.ts`);
const journeys = (...names: string[]) => tests('journeys', ...names);

/** Where a suite runs on several stores, what of it is on memory. */
const IN_MEMORY = '^(?!.*\\((Redis|Postgres)\\))';

/** What speaks with the servers of a Redis installation, rather than with Redis. */
const TOPOLOGY =
  'src/store/redis/{client,cluster,connection,errors,marker,node,sentinel,servers,shards,slots,topology}.ts';

interface Part {
  readonly mutate: readonly string[];
  readonly spec: readonly string[];
  readonly grep?: string;
  /** How many mutants at a time; two where nothing is said. */
  readonly concurrency?: number;
}

/** What one asks for by a folder's name, where its parts are judged by different tests. */
export const folders: Readonly<Record<string, readonly string[]>> = {
  pages: ['mount', 'challenge', 'activation', 'profile'],
  admin: ['console', 'users', 'user', 'look-up', 'organization'],
};

/**
 * Which sources are tested by what, for the mutation score: a mutant is judged by the tests that are about
 * its part, in memory where they run on both stores. With all tests, each survivor would take a minute.
 */
export const parts: Readonly<Record<string, Part>> = {
  crypto: { mutate: ['src/crypto/**/*.ts'], spec: ['test/crypto/*.test.ts'], grep: IN_MEMORY },
  policy: { mutate: ['src/policy/**/*.ts'], spec: ['test/policy/*.test.ts'], grep: IN_MEMORY },
  gate: {
    mutate: ['src/gate/**/*.ts', 'src/web/{accept,body,places,late-form}.ts'],
    spec: [
      'test/gate/*.test.ts',
      'test/web/accept.test.ts',
      ...journeys('check', 'step-up', 'remembered-device', 'spa', 'gate', 'return-path', 'grace'),
      ...journeys('login', 'session', 'profile', 'own-change'),
    ],
    grep: IN_MEMORY,
  },
  session: {
    mutate: ['src/session/**/*.ts'],
    spec: [
      'test/session/*.test.ts',
      ...journeys('remembered-device', 'session', 'grace', 'revocation', 'step-up'),
    ],
    grep: IN_MEMORY,
  },
  methods: {
    mutate: [
      ...['src/methods/**/*.ts', '!src/methods/{duo,yubikey-otp}/**'],
      '!src/methods/{asking-words,lending,method-form}.ts',
    ],
    spec: [
      'test/methods/*.test.ts',
      'test/methods/totp/*.test.ts',
      ...journeys('totp', 'enrollment', 'recovery-codes', 'activation-key', 'handover'),
      ...journeys('void-basis', 'attempts', 'rotation'),
    ],
    grep: IN_MEMORY,
  },
  duo: {
    mutate: ['src/methods/duo/**/*.ts'],
    spec: [
      'test/methods/duo/*.test.ts',
      'test/admin/duo-*.test.ts',
      ...journeys('duo', 'duo-fallback'),
    ],
    grep: IN_MEMORY,
  },
  yubikey: {
    mutate: ['src/methods/yubikey-otp/**/*.ts', 'src/methods/{asking-words,lending}.ts'],
    spec: [
      'test/methods/yubikey-otp/*.test.ts',
      'test/admin/yubikey-credentials.test.ts',
      ...journeys('yubikey', 'yubikey-look-up'),
    ],
    grep: IN_MEMORY,
  },
  web: {
    mutate: ['src/web/**/*.ts', '!src/web/{accept,body,places,late-form,form-fields}.ts'],
    spec: [
      'test/web/*.test.ts',
      ...journeys('pages', 'login', 'csrf', 'spa', 'bad-input', 'refusal-words', 'names', 'onward'),
      ...journeys(
        'mounted-below',
        'order',
        'faults',
        'partly-public',
        'host-csrf',
        'recovery-codes',
      ),
    ],
    grep: IN_MEMORY,
  },
  activation: {
    mutate: ['src/pages/{activation,enrolling,enrolling-forms,unbound}.ts'],
    spec: journeys(
      ...['activation-told', 'choosing-method', 'profile-changes', 'begin', 'activation-key'],
      ...['grace', 'own-method', 'enrollment', 'handover', 'void-basis', 'duo-accounts'],
    ),
    grep: IN_MEMORY,
  },
  challenge: {
    mutate: [
      'src/pages/{again,challenge,identical-answers,outage,proof}.ts',
      'src/methods/method-form.ts',
    ],
    spec: [
      ...tests('web', 'identical-answers'),
      ...journeys('challenge-told', 'again', 'choosing-method', 'totp', 'own-method', 'spa'),
      ...journeys('remember-choice', 'late-form', 'pasted-codes', 'second-click'),
      ...journeys('recovery-codes', 'remembered-device', 'import', 'duo-results'),
    ],
    grep: IN_MEMORY,
  },
  profile: {
    mutate: ['src/pages/{profile,profile-parts,removal,rename,sessions}.ts'],
    spec: journeys(
      ...['profile-told', 'profile-changes', 'profile', 'several-apps', 'own-method'],
      ...['duo-accounts'],
    ),
    grep: IN_MEMORY,
  },
  mount: {
    // What is in no other part.
    mutate: [
      'src/pages/*.ts',
      '!src/pages/{activation,enrolling,enrolling-forms,unbound}.ts',
      '!src/pages/{again,challenge,identical-answers,outage,proof}.ts',
      '!src/pages/{profile,profile-parts,removal,rename,sessions}.ts',
    ],
    spec: journeys(
      ...['login', 'pages', 'spa', 'partly-public', 'order', 'csrf', 'names', 'own-method'],
      ...[
        'addresses',
        'again',
        'host-csrf',
        'mounted-below',
        'bad-input',
        'begin',
        'profile-changes',
      ],
    ),
    grep: IN_MEMORY,
  },
  users: {
    mutate: ['src/admin/{users,clients}/**/*.ts', 'src/web/form-fields.ts'],
    spec: [
      ...tests(
        'admin',
        'listing-users',
        'listing-clients',
        'switching-users',
        'states',
        'directory',
      ),
      ...tests('admin', 'requests'),
      ...journeys('admin-users', 'admin-user-states'),
    ],
    grep: IN_MEMORY,
  },
  user: {
    mutate: ['src/admin/user/**/*.ts'],
    spec: [
      ...tests('admin', 'user-details', 'helping-users', 'handing-over', 'user-history'),
      ...tests('admin', 'mechanisms', 'activation', 'requests'),
      ...journeys('admin-users'),
    ],
    grep: IN_MEMORY,
  },
  'look-up': {
    mutate: ['src/admin/look-up/*.ts'],
    spec: [...tests('admin', 'looking-up'), ...journeys('look-up')],
    grep: IN_MEMORY,
  },
  organization: {
    mutate: ['src/admin/organization/**/*.ts'],
    spec: [
      ...tests('admin', 'overview', 'organization-settings', 'duo-consequences', 'requests'),
      ...journeys('own-setting', 'admin-settings'),
      ...tests('admin', 'duo-keys'),
    ],
    grep: IN_MEMORY,
  },
  console: {
    mutate: ['src/admin/**/*.ts', '!src/admin/{clients,look-up,organization,user,users}/**'],
    spec: [
      ...tests(
        'admin',
        'options',
        'states',
        'effective-policy',
        'asking',
        'wording',
        'requests',
        'directory',
      ),
      ...tests('admin', 'listing-events', 'listing-users', 'listing-clients', 'overview'),
      ...tests('admin', 'user-details', 'trail'),
      ...journeys('admin-access', 'admin-second-factor'),
    ],
    grep: IN_MEMORY,
  },
  host: {
    mutate: ['src/{host,audit}/**/*.ts'],
    spec: [
      ...tests('admin', 'subjects', 'organizations', 'trail', 'states', 'listing-events'),
      ...journeys('token', 'legacy', 'import', 'import-codes', 'trail', 'revocation'),
    ],
    grep: IN_MEMORY,
  },
  memory: {
    mutate: [
      'src/store/memory.ts',
      'src/store/second-factor-store.ts',
      'src/store/transitions/*.ts',
    ],
    spec: ['test/contracts/memory-store.test.ts'],
    grep: IN_MEMORY,
  },
  redis: {
    mutate: [
      'src/deadline.ts',
      'src/store/{change-listeners,escaped-id,lost-record,state,tracked-reads,updates}.ts',
      'src/store/redis/*.ts',
      `!${TOPOLOGY}`,
    ],
    spec: [
      ...tests('contracts', 'redis-store'),
      'test/store/redis-*.test.ts',
      ...tests('store', 'tracked-reads', 'updates', 'change-listeners', 'deadline', 'tracking'),
    ],
  },
  topology: {
    mutate: [TOPOLOGY],
    spec: [
      ...tests('store', 'redis-errors', 'redis-slots', 'redis-marker', 'redis-connection'),
      ...tests('contracts', 'redis-store', 'redis-cluster.slow'),
      ...tests('store', 'tracking'),
    ],
    // They share a Cluster. The suites that kill and promote servers would take a minute for each mutant.
    concurrency: 1,
  },
};
