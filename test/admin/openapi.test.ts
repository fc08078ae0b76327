import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import { softwareKey } from 'sallyport/testing';
import type { Response } from 'supertest';
import { keyring } from '../../src/crypto/keyring.js';
import { AdminBrowser, adminHost, testAuthorize, testDirectory } from '../support/admin.js';
import { KEY, ORIGIN } from '../support/app.js';
import { codeAt } from '../support/browser.js';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { content: { 'application/json': { schema: { $ref: string } } } }>
  >;
}

const document = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
);
const paths = document.paths as Record<string, Record<string, Operation>>;
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => method !== 'parameters')
    .map(([method, operation]) => ({ method, path, operation })),
);

const ajv = new Ajv2020.default({ strict: false, formats: { 'date-time': isDateTime } });
ajv.addSchema(document, 'openapi.json');

function isDateTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);
}

const seen = new Set<string>();

/** What stands beside a refusal: the page of the form, or of the question. */
const PAGES = operations.flatMap(
  ({ operation }) => operation.responses['200']?.content['application/json'].schema.$ref ?? [],
);

interface Schema {
  readonly $ref?: string;
  readonly properties?: object;
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** The members that an answer may have. */
function membersOf({ $ref, properties = {}, oneOf = [], allOf = [] }: Schema): string[] {
  const named = $ref ? [document.components.schemas[$ref.split('/').at(-1) ?? '']] : [];
  return [...Object.keys(properties), ...[...named, ...oneOf, ...allOf].flatMap(membersOf)];
}

/** Holds an answer against what the document says of its operation and status. */
function described(operationId: string, { status, body }: Response): void {
  const { operation } = operations.find((one) => one.operation.operationId === operationId)!;
  const answer = operation.responses[String(status)];
  assert.ok(answer, `${operationId} answered ${status}: ${JSON.stringify(body)}`);
  const { $ref } = answer.content['application/json'].schema;
  const validate = ajv.getSchema(`openapi.json${$ref}`)!;
  assert.ok(validate(body), `${operationId} ${status}: ${ajv.errorsText(validate.errors)}`);
  const names = [$ref, ...(status === 200 ? [] : PAGES)].flatMap((ref) => membersOf({ $ref: ref }));
  const strange = Object.keys(body).filter((name) => !names.includes(name));
  assert.deepEqual(strange, [], `${operationId} ${status}`);
  seen.add(`${operationId} ${status}`);
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
}

/** As `/duo` seals it for the page that asks. */
const DUO_SETTING = {
  keys: {
    clientId: 'DI'.padEnd(20, 'X'),
    apiHost: 'api-00000000.duosecurity.com',
    sealedSecret: 'c2VhbGVk',
    version: 'v1',
  },
  whenUnavailable: 'deny',
  lendToClients: false,
};

describe('docs/openapi.json', () => {
  it('is a valid OpenAPI document', async () => {
    const result = await new Validator().validate(structuredClone(document));
    assert.deepEqual(result.errors ?? [], []);
    assert.ok(result.valid);
  });

  it('names exactly the routes of the router', async () => {
    const { door } = await adminHost();
    const router = door.admin({ directory: testDirectory(), authorize: testAuthorize });
    const { stack } = router as unknown as { stack: readonly Layer[] };
    const routes = stack.flatMap(({ route }) =>
      route
        ? Object.keys(route.methods).map(
            (method) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`,
          )
        : [],
    );
    assert.deepEqual(
      routes.sort(),
      operations.map(({ method, path }) => `${method} ${path}`).sort(),
    );
  });

  it('describes what every operation answers', async () => {
    const { app, clock, door } = await adminHost();
    const admin = await AdminBrowser.proven({ app }, 'admin@north');
    const user1 = new AdminBrowser(app);
    const get = async (id: string, path: string) =>
      described(id, await admin.json('get', `/setup${path}`));
    const post = async (id: string, path: string, body: object = {}) => {
      const answer = await admin.call(`/setup${path}`, body);
      described(id, answer);
      return answer;
    };
    const acme = '/organizations/acme';
    const user = `${acme}/users/user1%40acme`;
    const setting = {
      mode: 'required',
      methods: ['totp'],
      enrollment: null,
      graceUntil: '2026-02-01T00:00:00.000Z',
      maxAgeSeconds: 3600,
      clientsMust: null,
    };
    await get('start', '/');
    await get('organization', acme);
    await get('authentication', `${acme}/authentication`);
    await post('previewAuthentication', `${acme}/authentication/preview`, { version: 0, setting });
    await post('saveAuthentication', `${acme}/authentication`, { version: 0, setting });
    const late = await post('saveAuthentication', `${acme}/authentication`, {
      ...{ version: 0, setting },
    });
    assert.equal(late.status, 409);
    assert.deepEqual(late.body.values, { by: 'admin@north' });
    await post('saveAuthentication', `${acme}/authentication`, {
      version: 1,
      setting: { ...setting, methods: [] },
    });
    await post('saveAuthentication', `${acme}/authentication`, { setting });
    await get('authentication', `${acme}/authentication`);
    await post('previewAuthentication', '/organizations/north/authentication/preview', {
      version: 0,
      setting: { ...setting, clientsMust: { ...setting, clientsMust: undefined } },
    });
    await post('saveDuoKeys', `${acme}/duo`, { version: 1, enabled: 'no' });
    const keys = '/organizations/globex/security-key';
    await post('saveSecurityKeys', keys, { version: 0, models: 'none' });
    const { version, pending: kept } = (
      await post('saveSecurityKeys', keys, { version: 0, deviceBound: true })
    ).body;
    await post('replaceSecurityKeys', `${keys}/replace`, { version, pending: kept });
    await post('removeSecurityKeys', `${keys}/remove`, { version: 1 });
    await post('saveDuoKeys', `${acme}/duo`, { version: 1, enabled: 'yes', clientId: 'DI' });
    await post('removeDuoKeys', `${acme}/duo/remove`, { version: 1 });
    const context = JSON.stringify(['duo-pending', 'acme', 'admin@north', 1]);
    const pending = Buffer.from(
      keyring([KEY]).seal(Buffer.from(JSON.stringify(DUO_SETTING)), context),
    ).toString('base64url');
    await post('replaceDuoKeys', `${acme}/duo/replace`, { version: 1, pending });
    await post('removeDuoKeys', `${acme}/duo/remove`, { version: 2 });
    await get('clients', '/organizations/north/clients?search=a&limit=1');
    await get('clients', '/organizations/acme/clients');
    await get('users', `${acme}/users?limit=2`);
    await get('users', `${acme}/users?limit=x`);
    await get('lookUp', `${acme}/look-up`);
    const found = softwareKey({ origin: ORIGIN });
    const asking = await admin.json('get', `/setup${acme}/look-up/security-key`);
    described('lookUpBy', asking);
    const own = { rp: { id: new URL(ORIGIN).hostname }, user: { id: 'AAAA' } };
    const made = { ...own, challenge: 'AAAA', pubKeyCredParams: [{ alg: -7 }] };
    assert.ok(found.create(made));
    const credential = found.get(asking.body.publicKey);
    await post('lookUpKey', `${acme}/look-up/security-key`, { credential });
    await post('lookUpKey', `${acme}/look-up/security-key`, { credential: 'x' });
    await post('previewSwitch', `${acme}/two-factor/preview`, {
      action: 'enable',
      users: ['user2@acme'],
    });
    await post('previewSwitch', `${acme}/two-factor/preview`, { action: 'enable' });
    await post('switchUsers', `${acme}/two-factor`, {
      action: 'disable',
      users: ['user2@acme', 'user1@globex'],
    });
    await post('switchUsers', `${acme}/two-factor`, {
      action: 'enable',
      everybody: true,
      count: 9,
    });
    await get('user', user);
    await get('waysToActivate', `${user}/activate`);
    await post('issueActivationKey', `${user}/activation-key`);
    await get('user', user);
    await post('revokeActivationKey', `${user}/activation-key/revoke`);
    await post('handOver', `${user}/activate`, { confirm: 'first-login' });
    const { body } = await post('handOver', `${user}/activate`, { confirm: 'now' });
    const { enrollment, key } = body;
    await post('confirmHandover', `${user}/activate/confirm`, { code: 'x', enrollment });
    const early = codeAt(key, clock.now() + 300_000);
    const refused = await post('confirmHandover', `${user}/activate/confirm`, {
      ...{ code: early, enrollment },
    });
    assert.deepEqual(refused.body.values, { minutes: 5, direction: 'ahead' });
    const code = codeAt(key, clock.now());
    await post('confirmHandover', `${user}/activate/confirm`, { code, enrollment });
    await get('waysToActivate', `${user}/activate`);
    await get('user', user);
    await get('resetQuestion', `${user}/reset`);
    await post('resetUser', `${user}/reset`, { issueKey: true });
    await post('resetUser', `${user}/reset`);
    await post('unlockUser', `${user}/unlock`);
    await get('events', `${acme}/events?type=enrollment.reset&from=2026-01-01`);
    await get('events', `${acme}/events?type=nonsense`);
    const changes = await admin.json('get', `/setup${acme}/events?type=setting.changed`);
    described('events', changes);
    assert.equal(changes.body.items[0].said.key, 'admin.setting.list');
    await user1.login('user1@north');
    described('start', await user1.json('get', '/setup/'));
    described('organization', await user1.json('get', `/setup${acme}`));
    assert.ok(door);

    const unseen = operations
      .map(({ operation }) => `${operation.operationId} 200`)
      .filter((one) => !seen.has(one));
    assert.deepEqual(unseen, []);
  });
});
