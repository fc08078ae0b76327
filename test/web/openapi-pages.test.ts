import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import { memoryStore, type PolicyInput } from 'sallyport';
import { softwareKey } from 'sallyport/testing';
import type { Response } from 'supertest';
import { type Host, host, ORIGIN, testClock } from '../support/app.js';
import { Browser, codeAt, wrongCode } from '../support/browser.js';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { content: { 'application/json': { schema: { $ref: string } } } }>
  >;
}

const document = JSON.parse(
  readFileSync(new URL('../../docs/openapi-pages.json', import.meta.url), 'utf8'),
);
const paths = document.paths as Record<string, Record<string, Operation>>;
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([verb]) => verb !== 'parameters')
    .map(([verb, operation]) => ({ verb, path, operation })),
);
/** What browsers alone ask for. */
const NOT_FOR_PROGRAMS = [
  'get /assets/:file',
  'get /leave',
  'get /duo/callback',
  'get /sign-in-again',
];
const SOURCES = ['pages/router.ts', 'methods/recovery-code/pages.ts', 'methods/duo/pages.ts'];

const ajv = new Ajv2020.default({ strict: false, formats: { 'date-time': isDateTime } });
ajv.addSchema(document, 'openapi.json');

function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);
}

describe('docs/openapi-pages.json', () => {
  const clock = testClock();
  const USER = 'user1@acme';
  const seen = new Set<string>();
  let here: Host;
  let browser: Browser;
  let policy: PolicyInput;

  /** Sends what is described, and holds the answer against the description. */
  async function send(
    who: Browser,
    verb: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Response> {
    const answer = await who.json(verb, `/two-factor${path === '/' ? '' : path}`, body);
    const found = operations.filter(
      (one) => one.verb === verb && matches(one.path, path.split('?')[0] ?? ''),
    );
    const operation = found[0]?.operation;
    assert.ok(operation && found.length === 1, `${verb} ${path}: described ${found.length} times`);
    const { operationId } = operation;
    const described = operation.responses[String(answer.status)];
    const said = JSON.stringify(answer.body);
    assert.ok(described, `${operationId} answered ${answer.status}: ${said}`);
    const validate = ajv.getSchema(
      `openapi.json${described.content['application/json'].schema.$ref}`,
    )!;
    assert.ok(
      validate(answer.body),
      `${operationId} ${answer.status}: ${ajv.errorsText(validate.errors)} in ${said}`,
    );
    seen.add(operationId);
    return answer;
  }

  const get = (path: string, who = browser) => send(who, 'get', path);
  const post = async (path: string, body: object = {}, who = browser) =>
    send(who, 'post', path, { _csrf: await who.csrf(), ...body });

  before(async () => {
    policy = {
      mode: 'required',
      methods: ['totp', 'security-key', 'recovery-code'],
      rememberDeviceSeconds: 86_400,
    };
    here = await host({
      store: memoryStore({ now: clock.now }),
      policy: () => policy,
    });
  });
  after(() => here.door.close());

  it('is a valid OpenAPI document', async () => {
    const result = await new Validator().validate(structuredClone(document));
    assert.deepEqual(result.errors ?? [], []);
    assert.ok(result.valid);
  });

  it('names exactly what there is for a program', () => {
    const places = ['/profile/activate/:method', '/profile/replace/:enrollment'];
    const written = SOURCES.flatMap((name) => {
      const text = readFileSync(new URL(`../../src/${name}`, import.meta.url), 'utf8').replace(
        // Two places that have the same routes.
        /router\.post\((?:place|`\$\{place\}([^`]*)`),/g,
        (_all, rest = '') => places.map((place) => `router.post('${place}${rest}',`).join('\n'),
      );
      return [
        ...text.matchAll(/router\.(get|post)\('([^']+)',/g),
        ...text.matchAll(/verb: '(get|post)', path: '([^']+)'/g),
      ].map(([, verb, path]) => `${verb} ${path}`);
    });
    assert.deepEqual(
      written.filter((one) => !NOT_FOR_PROGRAMS.includes(one)).sort(),
      operations.map(({ verb, path }) => `${verb} ${path.replace(/\{(\w+)\}/g, ':$1')}`).sort(),
    );
  });

  it('describes a sign-in that may be made anew', async () => {
    const at = clock.now() - 3_600_000;
    const there = await host({
      store: memoryStore({ now: clock.now }),
      policy: () => ({
        ...{ mode: 'required', methods: ['totp'] },
        proofs: [
          { by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 600, phishingResistant: true },
        ],
      }),
      options: {
        proofs: () => [{ by: 'okta', at, amr: ['mfa'] }],
        signInAgain: () => ({ name: 'Okta', url: '/login/okta?again' }),
      },
    });
    const person = new Browser(there.app);
    await person.login(USER);
    assert.equal((await get('/activate', person)).body.signInAgain[0].by, 'okta');
    await person.activateHere(clock.now());
    await person.json('post', '/two-factor/sign-out', { _csrf: await person.csrf() });
    await person.login(USER);
    const { body } = await get('/challenge/totp', person);
    assert.equal(body.signInAgain[0].maxAgeSeconds, 600);
    await there.door.close();
  });

  it('describes the way in, and each way in which an answer can be wrong', async () => {
    browser = new Browser(here.app);
    await get('/');
    await browser.login(USER);
    policy = { ...policy, graceUntil: new Date(clock.now() + 3_600_000) };
    await get('/activate');
    await get('/activate/totp');
    await post('/postpone');
    await get('/activate/nothing');
    await post('/activate/totp/begin');
    await post('/activate/totp/restart');
    await post('/activate/totp/key', { key: 'AAAA-AAAA-AAAA-AAAA' });
    const { key, enrollment } = (await get('/activate/totp?qr')).body;
    const answer = (code: unknown) => post('/activate/totp', { code, enrollment });
    await answer('x');
    await answer(7);
    await answer(wrongCode(key, clock.now()));
    await send(browser, 'post', '/activate/totp', { code: 'x', enrollment });
    const opened = await answer(codeAt(key, clock.now()));
    assert.equal(opened.body.recoveryCodes.length, 10);
    await get('/recovery-codes');
    await post('/recovery-codes');
    await get('/');
    await get('/activate');
    await post('/sign-out');

    clock.advance(30_000);
    await browser.login(USER);
    await get('/challenge');
    await get('/challenge/totp');
    await get('/challenge/recovery-code');
    await get('/challenge/nothing');
    await post('/challenge/totp/restart');
    await post('/challenge/recovery-code', { code: 'no code' });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await post('/challenge/totp', { code: wrongCode(key, clock.now()) });
    }
    clock.advance(60_000);
    await post('/challenge/totp', { code: codeAt(key, clock.now()), remember: '1' });
  });

  it('describes an activation that wants an activation key', async () => {
    const other = new Browser(here.app);
    await other.login('user2@acme');
    policy = { ...policy, enrollment: 'activation-key' };
    await get('/activate/totp', other);
    await post('/activate/totp/key', { key: 'AAAA-AAAA-AAAA-AAAA' }, other);
    policy = { ...policy, enrollment: 'self' };
  });

  it('describes My Profile', async () => {
    const { body } = await get('/profile');
    const [{ id }] = body.enrollments;
    await get('/profile/activate/security-key');
    await post('/profile/activate/security-key/begin');
    await post('/profile/activate/security-key/restart');
    const begun = (await get('/profile/activate/security-key')).body;
    const passkey = softwareKey({ origin: ORIGIN });
    await post('/profile/activate/security-key', {
      ...{ credential: 'none', enrollment: begun.enrollment },
    });
    const renewed = (await get('/profile/activate/security-key')).body;
    await post('/profile/activate/security-key', {
      credential: passkey.create(renewed.publicKey),
      enrollment: renewed.enrollment,
      name: 'Passkey',
    });
    await post('/profile/activate/security-key/key', { key: 'AAAA-AAAA-AAAA-AAAA' });
    await get(`/profile/replace/${id}`);
    await post(`/profile/replace/${id}/begin`);
    await post(`/profile/replace/${id}/restart`);
    await post(`/profile/replace/${id}/key`, { key: 'AAAA-AAAA-AAAA-AAAA' });
    const { key, enrollment } = (await get(`/profile/replace/${id}`)).body;
    clock.advance(30_000);
    await post(`/profile/replace/${id}`, { code: codeAt(key, clock.now()), enrollment });
    await get(`/profile/rename/${enrollment}`);
    await post(`/profile/rename/${enrollment}`, { name: 'Phone' });
    await post(`/profile/rename/${enrollment}`, { name: '' });
    await post(`/profile/devices/${body.devices[0].id}/forget`);
    await get('/profile/sign-out-others');
    await post('/profile/sign-out-others');
    await get('/profile/recovery-codes');
    await post('/profile/recovery-codes');
    await post('/recovery-codes');
    await get(`/profile/remove/${enrollment}`);
    await post(`/profile/remove/${enrollment}`);
    const alone = (await get('/profile')).body.enrollments[0].id;
    await get(`/profile/remove/${alone}`);
    await get('/profile/remove/nothing');
    clock.advance(10 * 60_000);
    const late = await post('/profile/sign-out-others');
    assert.deepEqual([late.status, late.body.why], [401, 'step-up']);
    await get('/challenge/security-key');
  });

  it('describes the end, and what is broken', async () => {
    await here.door.subjects.endSessions({ id: USER, tenantId: 'acme' });
    const over = await get('/profile');
    assert.deepEqual([over.status, over.body.error], [401, 'authentication_required']);
    await get('/expired');
    await browser.login(USER);
    policy = { mode: 'nonsense' } as unknown as PolicyInput;
    assert.equal((await get('/challenge')).status, 503);
  });

  it('has been held against an answer of each operation', () => {
    const all = operations.map(({ operation }) => operation.operationId);
    assert.deepEqual(
      all.filter((one) => !seen.has(one)),
      [],
    );
  });
});

function matches(template: string, path: string): boolean {
  const pattern = template.replace(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${pattern}$`).test(path);
}
