import fc from 'fast-check';
import type { Role } from './cast.js';

/** One request, before the secrets of a run are put in. */
export interface Fuzzed {
  readonly who: Role;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly token: 'right' | 'none' | 'wrong' | 'another’s';
  /** Besides the person's own. */
  readonly cookies: readonly string[];
}

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'form'; readonly fields: readonly (readonly [string, string])[] }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bytes'; readonly type: string; readonly bytes: Uint8Array };

/** Stand for what only the run knows. */
export const RIGHT_CODE = '«code»';
export const OWN_ENROLLMENT = '«enrollment»';

const SEGMENTS = [
  ...['', 'activate', 'challenge', 'profile', 'postpone', 'sign-out', 'expired', 'duo', 'callback'],
  ...[
    'totp',
    'recovery-code',
    'restart',
    'key',
    'replace',
    'remove',
    'devices',
    'forget',
    'assets',
  ],
  ...['recovery-codes', 'sign-out-others', OWN_ENROLLMENT, '__proto__', '%00', '..', '%2e%2e', '%'],
];

const PAGES = [
  ...['', '/activate', '/activate/totp', '/challenge', '/challenge/totp', '/expired'],
  ...[
    '/challenge/recovery-code',
    '/activate/totp/begin',
    '/activate/totp/restart',
    '/activate/totp/key',
    '/postpone',
  ],
  ...['/sign-out', '/duo/callback', '/activate/duo', '/challenge/duo', '/profile'],
  ...[
    '/profile/activate/totp',
    '/profile/activate/totp/begin',
    '/profile/activate/totp/restart',
    '/profile/activate/totp/key',
  ],
  ...[`/profile/replace/${OWN_ENROLLMENT}`, `/profile/replace/${OWN_ENROLLMENT}/restart`],
  ...[`/profile/remove/${OWN_ENROLLMENT}`, '/profile/sign-out-others', '/profile/recovery-codes'],
  ...['/profile/devices/x/forget', '/assets/sallyport.css'],
].map((path) => `/two-factor${path}`);

const ORGANIZATION = ['acme', 'north', 'globex', 'south', '__proto__', '%00'];
const PERSON = ['user1@acme', 'user2@acme', 'admin@acme', 'user1%40acme', 'admin@south', '%ff'];

const adminPath = fc
  .tuple(
    fc.constantFrom(...ORGANIZATION),
    fc.constantFrom(...PERSON),
    fc.constantFrom(
      ...['', '/authentication', '/authentication/preview', '/duo', '/duo/remove', '/clients'],
      ...['/events', '/users', '/two-factor', '/two-factor/preview', '/users/:user'],
      ...['/users/:user/activate', '/users/:user/activate/confirm', '/users/:user/activation-key'],
      ...['/users/:user/activation-key/revoke', '/users/:user/reset', '/users/:user/unlock'],
    ),
  )
  .map(([organization, person, rest]) =>
    `/setup/organizations/${organization}${rest}`.replace(':user', person),
  );

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PAGES) },
  { weight: 5, arbitrary: adminPath },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom(...SEGMENTS), { maxLength: 5 })
      .map((segments) => `/two-factor/${segments.join('/')}`),
  },
  { weight: 1, arbitrary: fc.webPath().map((made) => `/two-factor${made}`) },
  { weight: 1, arbitrary: fc.constantFrom('/', '/reports', '/api/me', '/setup', '/setup/') },
);

const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.webQueryParameters().map((made) => `?${made}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('state', 'duo_code', 'code', 'error', 'done', 'search', 'cursor', 'before'),
        fc.oneof(fc.webFragments(), fc.constantFrom('-1', '1e9', '__proto__', '%00', '[]')),
      )
      .map(([name, value]) => `?${name}=${value}&${name}=${value}`),
  },
);

const FIELDS = [
  ...['code', 'enrollment', 'remember', 'activationKey', 'issueKey', 'mode', 'methods', 'version'],
  ...['graceUntil', 'maxAgeSeconds', 'rememberDays', 'clientsMust', 'users', 'action', 'all'],
  ...['apiHost', 'clientId', 'clientSecret', 'confirm', 'search', '__proto__', 'constructor'],
];

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(RIGHT_CODE, OWN_ENROLLMENT, '1', 'required', 'totp') },
  { weight: 2, arbitrary: fc.string({ maxLength: 300, unit: 'grapheme' }) },
  { weight: 1, arbitrary: fc.constantFrom('', '000000', '\0', '😀'.repeat(80), '9'.repeat(5000)) },
);

const fields = fc.oneof(
  // As the real forms have them.
  fc.constant([
    ['code', RIGHT_CODE],
    ['enrollment', OWN_ENROLLMENT],
  ] as const),
  fc.constant([['code', RIGHT_CODE]] as const),
  fc.constant([] as const),
  fc.array(fc.tuple(fc.constantFrom(...FIELDS), value), { maxLength: 8 }),
);

const body: fc.Arbitrary<Body> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'none' } as const) },
  { weight: 6, arbitrary: fields.map((made) => ({ kind: 'form', fields: made }) as const) },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fields.map((made) => ({ kind: 'json', value: Object.fromEntries(made) }) as const),
      fc
        .dictionary(fc.constantFrom(...FIELDS), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 })
        .map((made) => ({ kind: 'json', value: made }) as const),
      fc.jsonValue({ maxDepth: 4 }).map((made) => ({ kind: 'json', value: made }) as const),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          ...['application/x-www-form-urlencoded', 'application/json', 'text/plain', ''],
          ...['application/json; charset=utf-16', 'multipart/form-data; boundary=x', 'a/b;;=,'],
        ),
        fc.uint8Array({ maxLength: 400 }),
      )
      .map(([type, bytes]) => ({ kind: 'bytes', type, bytes }) as const),
  },
);

const printable = fc.string({
  maxLength: 60,
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((point) => String.fromCharCode(point)),
});

const headers = fc
  .tuple(
    fc.constantFrom('text/html', 'application/json', '*/*', '', 'text/html;q=0, */*', ';;q=,'),
    fc.dictionary(
      fc.constantFrom(
        ...['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'host', 'origin'],
        ...['referer', 'range', 'if-none-match', 'x-http-method-override', 'x-original-url'],
        ...['authorization', 'user-agent', 'content-encoding', 'content-length', 'expect'],
        ...['x-requested-with', 'sec-fetch-site', 'accept-language', 'x-rewrite-url', 'upgrade'],
      ),
      printable,
      { maxKeys: 3 },
    ),
  )
  .map(([accept, more]) => ({ ...more, ...(accept ? { accept } : {}) }));

const cookies = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...['sallyport.device=AAAA', 'sallyport.return=%%%', 'connect.sid=s%3Ax.y', '=', ';;;'],
      ...['sallyport.return=Ly9ldmlsLmV4YW1wbGU', '__proto__=1', 'connect.sid', 'a=b=c'],
    ),
    printable.map((made) => made.replace(/[;,]/g, '')),
  ),
  { maxLength: 2 },
);

const token = fc.constantFrom<Fuzzed['token']>('right', 'none', 'wrong', 'another’s');

/** What the pages' own forms send, and who; each of them changes something. */
const FORMS: readonly (readonly [Role, string, Readonly<Record<string, string>>])[] = [
  ['activating', '/two-factor/activate/totp', { code: RIGHT_CODE, enrollment: OWN_ENROLLMENT }],
  ['activating', '/two-factor/sign-out', {}],
  ['activating', '/two-factor/postpone', {}],
  ['challenged', '/two-factor/challenge/totp', { code: RIGHT_CODE, remember: '1' }],
  ['challenged', '/two-factor/challenge/totp', { code: '123456' }],
  ['inside', '/two-factor/profile/sign-out-others', {}],
  ['inside', '/two-factor/profile/recovery-codes', {}],
  ['inside', `/two-factor/profile/remove/${OWN_ENROLLMENT}`, {}],
  ['admin', '/setup/organizations/acme/users/user1@acme/activation-key', {}],
  ['admin', '/setup/organizations/acme/users/user1@acme/activation-key/revoke', {}],
  ['admin', '/setup/organizations/acme/users/user2@acme/reset', {}],
  ['admin', '/setup/organizations/acme/users/user2@acme/unlock', {}],
  ['partner-admin', '/setup/organizations/acme/users/user3@acme/reset', { issueKey: '1' }],
];

/** A real form, and in every second of them one thing that is not as it should be. */
const nearlyRight: fc.Arbitrary<Fuzzed> = fc
  .record({
    form: fc.constantFrom(...FORMS),
    token,
    method: fc.constantFrom('POST', 'POST', 'POST', 'POST', 'GET', 'PUT', 'HEAD'),
    stranger: fc.option(fc.constantFrom<Role>('nobody', 'challenged', 'inside'), { freq: 1 }),
    asJson: fc.boolean(),
    headers,
    cookies: fc.option(cookies, { freq: 1 }),
    more: fc.option(fc.tuple(fc.constantFrom(...FIELDS), value), { freq: 1 }),
    odd: fc.constantFrom('nothing', 'who', 'headers', 'cookies', 'fields'),
  })
  .map(({ form: [who, path, fields], odd, more, ...given }) => {
    const all = Object.entries(
      odd === 'fields' && more ? { ...fields, [more[0]]: more[1] } : fields,
    );
    return {
      who: odd === 'who' ? (given.stranger ?? who) : who,
      method: given.method,
      path,
      headers: odd === 'headers' ? given.headers : { accept: 'application/json' },
      body: given.asJson
        ? { kind: 'json', value: Object.fromEntries(all) }
        : { kind: 'form', fields: all },
      token: given.token,
      cookies: odd === 'cookies' ? (given.cookies ?? []) : [],
    };
  });

const anything: fc.Arbitrary<Fuzzed> = fc.record({
  who: fc.constantFrom<Role>(
    ...(['nobody', 'activating', 'challenged', 'inside', 'inside', 'admin', 'admin'] as const),
    'partner-admin',
  ),
  method: fc.constantFrom(
    ...['POST', 'POST', 'POST', 'POST', 'GET', 'GET', 'GET'],
    ...['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'BREW'],
  ),
  path: fc.tuple(path, query).map((parts) => parts.join('')),
  headers,
  body,
  token,
  cookies,
});

export const request: fc.Arbitrary<Fuzzed> = fc.oneof(
  { weight: 2, arbitrary: anything },
  { weight: 1, arbitrary: nearlyRight },
);
