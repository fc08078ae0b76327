import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Passport } from 'passport';
import { createClient } from 'redis';
import {
  duo,
  memoryStore,
  organizationPolicy,
  recoveryCodes,
  SallyportError,
  sallyport,
  totp,
} from 'sallyport';
import { redisStore } from 'sallyport/redis';
import {
  authenticator,
  bypassChecks,
  duoKeys,
  duoSimulator,
  routesAheadOfGate,
  testClock,
} from 'sallyport/testing';
import { testDirectory } from './support/admin.js';
import { hostOptions } from './support/app.js';

const organization = () => null;
const door = sallyport({
  ...hostOptions(),
  policy: organizationPolicy({ organization }),
});
const KEY = 'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ';
const app = duoKeys();

/** Whoever takes options: how to hand them over, some that are right, and names that are wrong. */
interface Taker {
  readonly take: (options: never) => unknown;
  readonly good: object;
  /** What a hurried host writes, and the list of what there is. */
  readonly typo: readonly [object, RegExp];
  /** Wrong values: the path that is named, and what would be right. */
  readonly wrong: readonly (readonly [object, RegExp])[];
}

const USER = { id: 'user1@acme', tenantId: 'acme' };

const TAKERS: Readonly<Record<string, Taker>> = {
  'sallyport()': {
    take: (options) => sallyport(options),
    good: hostOptions(),
    typo: [
      { ...hostOptions(), loginURL: '/login' },
      /^options has no loginURL; there are: origin,/,
    ],
    wrong: [
      [{ ...hostOptions(), duo: { timeout: '5s' } }, /^options has no duo; there are: .*methods,/],
      [{ ...hostOptions(), totp: { digits: 6 } }, /^options has no totp; there are: .*methods,/],
      [{ ...hostOptions(), methods: [] }, /^methods must be a list of at least one method/],
      [{ ...hostOptions(), methods: ['totp'] }, /^methods\[0\] must be .*, got 'totp'$/],
    ],
  },
  'door.gate()': {
    take: (options) => door.gate(options),
    good: { exempt: ['GET /healthz'], anonymous: 'pass' },
    typo: [{ exempts: ['GET /healthz'] }, /^gate has no exempts; there are: exempt, anonymous$/],
    wrong: [
      [
        { exempt: 'GET /healthz' },
        /^exempt must be a list, each a method .*, got 'GET \/healthz'$/,
      ],
      [{ anonymous: true }, /^anonymous must be 'deny' or 'pass', got true$/],
      [{ exempt: { 0: 'GET /x' } }, /^exempt must be a list/],
      [{ exempt: [['GET /x']] }, /^exempt\[0\] must be a method and an exact path/],
    ],
  },
  'door.require()': {
    take: (options) => door.require(options),
    good: { maxAge: '5m', methods: ['totp'] },
    typo: [
      { maxage: '5m' },
      /^require has no maxage; there are: maxAge, methods, phishingResistant, unenrolled$/,
    ],
    wrong: [
      [
        { phishingResistant: 'yes' },
        /^require\.phishingResistant must be true or false, got 'yes'$/,
      ],
      [
        { phishingResistant: true, methods: ['totp'] },
        /^require\.phishingResistant must have a method that is, e\.g\. securityKey\(\), among totp$/,
      ],
      [
        { methods: ['topt'] },
        /^require\.methods\[0\] must be one of security-key, totp, .*, got 'topt'$/,
      ],
      [{ methods: ['totp', 'remembered-device'] }, /^require\.methods\[1\] must be one of/],
      [{ methods: new Set(['totp']) }, /^require\.methods must be a list of at least one method/],
      [{ methods: [] }, /^require\.methods must be a list of at least one method/],
      [{ maxAge: 300 }, /^require\.maxAge must be a duration such as '5m', got 300$/],
      [{ maxAge: null }, /^require\.maxAge must be a duration/],
    ],
  },
  'door.admin()': {
    take: (options) => door.admin(options),
    good: { directory: testDirectory() },
    typo: [
      { directory: testDirectory(), Authorize: () => true },
      /^admin has no Authorize; there are: directory, authorize, start/,
    ],
    wrong: [
      [{ directory: {} }, /^admin\.directory must be an object with organization, clients, /],
    ],
  },
  'organizationPolicy()': {
    take: (options) => organizationPolicy(options),
    good: { organization },
    typo: [
      { organisation: organization },
      /^organizationPolicy has no organisation; there are: organization, default$/,
    ],
    wrong: [
      [{ organization: null }, /^organizationPolicy\.organization must be a function/],
      [{ organization, default: 'on' }, /^organizationPolicy\.default must be 'off', 'opt/],
    ],
  },
  'memoryStore()': {
    take: (options) => memoryStore(options),
    good: { now: () => 0 },
    typo: [{ clock: () => 0 }, /^memoryStore has no clock; there are: production, now$/],
    wrong: [[{ now: 5 }, /^memoryStore\.now must be a function .*, got 5$/]],
  },
  'redisStore()': {
    take: (options) => redisStore(createClient(), options),
    good: { prefix: 'x:' },
    typo: [{ waitReplica: 1 }, /^redisStore has no waitReplica; there are: prefix, .*waitReplicas/],
    wrong: [
      [{ waitReplicas: '1' }, /^redisStore\.waitReplicas must be a whole number from 0 to 100/],
      [{ allowEviction: 'no' }, /^redisStore\.allowEviction must be true or false, got 'no'$/],
      [{ initialize: 0 }, /^redisStore\.initialize must be true or false/],
      [{ timeout: '1s' }, /^redisStore\.timeout must be a whole number from 50 to 2000/],
    ],
  },
  'door.passport()': {
    take: (options) => door.passport(new Passport(), options),
    good: { prefix: 'partner' },
    typo: [{ Prefix: 'partner' }, /^passport has no Prefix; there are: prefix$/],
    wrong: [[{ prefix: '' }, /^passport\.prefix must be letters/]],
  },
  'door.subjects.reset()': {
    take: (actor) => door.subjects.reset(USER, actor),
    good: { actorId: 'support' },
    typo: [{ actor: 'support' }, /^actor has no actor; there are: actorId$/],
    wrong: [[{ actorId: 7 }, /^actor\.actorId must be the id of who did it, or null, got 7$/]],
  },
  'totp()': {
    take: (options) => totp(options as never),
    good: { digits: 8, algorithm: 'sha256' },
    typo: [{ digit: 6 }, /^totp has no digit; there are: digits, algorithm$/],
    wrong: [
      [{ digits: 7 }, /^totp\.digits must be 6 or 8, got 7$/],
      [{ digits: '6' }, /^totp\.digits must be 6 or 8, got '6'$/],
      [{ algorithm: 'SHA1' }, /^totp\.algorithm must be 'sha1', 'sha256' or 'sha512', got 'SHA1'$/],
    ],
  },
  'duo()': {
    take: (options) => duo(options as never),
    good: { timeout: '5s' },
    typo: [{ timout: '5s' }, /^duo has no timout; there are: timeout,/],
    wrong: [[{ timeout: 5 }, /^duo\.timeout must be a duration .*, got 5$/]],
  },
  'recoveryCodes()': {
    take: (options) => recoveryCodes(options as never),
    good: { bits: 120 },
    typo: [{ bit: 80 }, /^recoveryCodes has no bit; there are: bits, legacyHash$/],
    wrong: [[{ bits: 100 }, /^recoveryCodes\.bits must be 80 or 120, got 100$/]],
  },
  'door.duo.save()': {
    take: (keys) => door.duo.save('acme', keys, { actor: 'support' }),
    good: {},
    typo: [
      { ...app, lendToClient: true },
      /^duo\.save\.keys has no lendToClient; there are: clientId, .*lendToClients$/,
    ],
    wrong: [
      [{ whenUnavailable: 'let_in' }, /^duo\.save\.keys\.whenUnavailable must be 'deny', /],
      [{ lendToClients: 'yes' }, /^duo\.save\.keys\.lendToClients must be true or false/],
    ],
  },
  'authenticator()': {
    take: (options) => authenticator(KEY, options),
    good: { now: () => 0 },
    typo: [{ clock: testClock() }, /^authenticator has no clock; there are: now$/],
    wrong: [[{ now: 0 }, /^authenticator\.now must be a function/]],
  },
  'duoSimulator()': {
    take: async (options) => (await duoSimulator(options)).close(),
    good: { apps: [app], users: {}, now: Date.now },
    typo: [
      { apps: [app], users: {}, now: Date.now, promptport: 0 },
      /^duoSimulator has no promptport; there are: apps, /,
    ],
    wrong: [
      [
        { apps: [{ ...app, secret: 'x' }], users: {}, now: Date.now },
        /^duoSimulator\.apps\[0\] has no secret; there are: clientId, clientSecret, name$/,
      ],
      [
        { apps: [{ ...app, clientSecret: 'HUNTER2' }], users: {}, now: Date.now },
        /^duoSimulator\.apps\[0\]\.clientSecret must be 40 letters and digits, got string$/,
      ],
      [{ apps: [app], users: [], now: Date.now }, /^duoSimulator\.users must be an object/],
      [{ apps: [app], users: {}, now: Date.now, port: '0' }, /^duoSimulator\.port must be a whole/],
    ],
  },
  'bypassChecks()': {
    take: (options) => bypassChecks(() => {}, options),
    good: { login: () => {}, protectedPaths: ['/'], describe: () => {}, it: () => {} },
    typo: [
      { login: () => {}, protectedPath: ['/'] },
      /^bypassChecks has no protectedPath; there are: login, protectedPaths/,
    ],
    wrong: [
      [{ login: () => {}, protectedPaths: '/' }, /^bypassChecks\.protectedPaths must be a list/],
      [{ login: () => {}, protectedPaths: [/x/] }, /^bypassChecks\.protectedPaths\[0\] must be/],
      [{ login: 'x', protectedPaths: ['/'] }, /^bypassChecks\.login must be a function/],
      [
        { login: () => {}, protectedPaths: ['/'], refusals: ['403'] },
        /^bypassChecks\.refusals\[0\]/,
      ],
    ],
  },
  'routesAheadOfGate()': {
    take: (options) => routesAheadOfGate({ stack: [] }, options),
    good: { hints: ['/'] },
    typo: [{ hint: ['/'] }, /^routesAheadOfGate has no hint; there are: hints$/],
    wrong: [[{ hints: '/' }, /^routesAheadOfGate\.hints must be a list/]],
  },
};

/** The message, whether it is thrown or rejected; null when they are taken. */
async function refused(take: Taker['take'], options: unknown): Promise<string | null> {
  try {
    await take(options as never);
    return null;
  } catch (error) {
    assert.ok(error instanceof SallyportError, inspect(error));
    assert.equal(error.code, 'ERR_OPTION', error.message);
    assert.ok(error.message.length < 400, error.message);
    return error.message;
  }
}

after(() => door.close());

for (const [name, { take, good, typo, wrong }] of Object.entries(TAKERS)) {
  describe(`the options of ${name}`, () => {
    it('are taken when they are right', async () => {
      assert.equal(await refused(take, good), null);
    });

    it('are not dropped in silence: what does not exist is named, and what does', async () => {
      assert.match((await refused(take, typo[0])) ?? 'taken', typo[1]);
      const [key] = Object.keys(typo[0]).filter((one) => !(one in good));
      if (key !== undefined) {
        const undefinedTypo = { ...typo[0], [key]: undefined };
        assert.match((await refused(take, undefinedTypo)) ?? 'taken', / has no /);
      }
    });

    it('say which is wrong, what it is, and what would be right', async () => {
      for (const [options, message] of wrong) {
        assert.match((await refused(take, options)) ?? `taken: ${inspect(options)}`, message);
      }
    });

    it('are an object', async () => {
      for (const none of [null, [], 'x', 5, true, () => good]) {
        assert.match((await refused(take, none)) ?? `taken: ${inspect(none)}`, /must be an object/);
      }
    });

    it('that are undefined are as if they were absent', async () => {
      const known = /there are: (.*)$/.exec((await refused(take, { 'no such': 1 })) ?? '')?.[1];
      const names = known?.split(', ') ?? [];
      assert.ok(names.length > 0, known);
      const blank = Object.fromEntries(names.map((one) => [one, undefined]));
      assert.equal(await refused(take, { ...blank, ...good }), null);
    });

    it('are an object’s own: nothing is taken that stands on every object', async () => {
      const smuggle = { exempt: ['GET /secrets'], polluted: true, maxAge: 'for ever' };
      for (const [one, value] of Object.entries(smuggle)) {
        // Not enumerable, so that other libraries go on: it is read just the same.
        Object.defineProperty(Object.prototype, one, { value, configurable: true, writable: true });
      }
      try {
        assert.equal(await refused(take, good), null);
      } finally {
        for (const one of Object.keys(smuggle)) Reflect.deleteProperty(Object.prototype, one);
      }
      const smuggled = JSON.parse('{"__proto__": {"polluted": true}}');
      assert.match(
        (await refused(take, Object.assign(smuggled, good))) ?? 'taken',
        /has no __proto__/,
      );
    });

    it('that throw when they are read are wrong ones', async () => {
      for (const one of Object.keys(good)) {
        const options = Object.defineProperty({ ...good }, one, {
          enumerable: true,
          get() {
            throw new Error('boom');
          },
        });
        assert.match((await refused(take, options)) ?? 'taken', /must be .*(boom|got object)/);
      }
    });
  });
}

describe('an option', () => {
  it('is read once: what was checked is what is used', () => {
    let reads = 0;
    const options = {
      get exempt() {
        reads += 1;
        return reads === 1 ? ['GET /healthz'] : ['GET /secrets'];
      },
    };
    door.gate(options);
    assert.equal(reads, 1);
  });

  it('keeps a list as it was', () => {
    const methods = ['totp'];
    door.require({ methods });
    methods.push('topt');
    assert.throws(() => door.require({ methods }), /methods\[1\]/);
  });

  it('changes nothing for a subject when the actor is wrong', async () => {
    const before = await door.subjects.status(USER.id);
    await assert.rejects(door.subjects.reset(USER, { actr: 'x' } as never), { code: 'ERR_OPTION' });
    await assert.rejects(door.subjects.delete(USER, 'support' as never), { code: 'ERR_OPTION' });
    assert.deepEqual(await door.subjects.status(USER.id), before);
  });
});
