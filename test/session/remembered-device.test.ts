import assert from 'node:assert/strict';
import type { CookieOptions, Request, Response } from 'express';
import { memoryStore } from 'sallyport';
import { emptySubject, type SecondFactorStore } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import type { Proof } from '../../src/session/elevate.js';
import type { WhoseSession } from '../../src/session/login.js';
import { rememberedDevices } from '../../src/session/remembered-device.js';
import { KEY } from '../support/app.js';
import { parsePolicy } from '../support/policy.js';

const START = Date.UTC(2026, 0, 1);
const DAY = 24 * 3_600_000;
const SUBJECT = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };

/** What a response sets of the device's cookie. */
interface Jar {
  value: string | null;
  options: CookieOptions;
  set: number;
}

describe('remembered devices', () => {
  let now: number;
  let store: SecondFactorStore;
  let elevated: Proof[];
  let renewed: WhoseSession[];
  let jar: Jar;
  const keys = keyring([KEY]);

  beforeEach(() => {
    now = START;
    store = memoryStore({ now: () => now });
    elevated = [];
    renewed = [];
    jar = { value: null, options: {}, set: 0 };
  });

  const devices = (origin = 'https://console.example.com') =>
    rememberedDevices({
      store,
      keyring: keys,
      elevate: async (_req, proof) => void elevated.push(proof),
      renew: async (_req, whose) => void renewed.push(whose),
      origin,
    });
  const response = {
    cookie(name: string, value: string, options: CookieOptions) {
      assert.equal(name, 'sallyport.device');
      jar = { value, options, set: jar.set + 1 };
    },
    clearCookie(name: string, options: CookieOptions) {
      assert.equal(name, 'sallyport.device');
      jar = { ...jar, value: null, options };
    },
  } as unknown as Response;

  const requestWith = (cookie: string | undefined, agent?: string) =>
    ({ headers: { cookie }, get: () => agent }) as unknown as Request;
  const cookie = (value = jar.value) => (value === null ? undefined : `sallyport.device=${value}`);

  const situation = ({ days = 30, epoch = 3, methods = ['totp'], id = 'user1' } = {}) => ({
    session: 'session',
    subject: { ...SUBJECT, id },
    facts: {
      policy: parsePolicy(
        {
          mode: 'required',
          methods,
          rememberDeviceSeconds: days === 0 ? null : (days * DAY) / 1000,
        },
        ['totp', 'security-key'],
      ),
      record: { ...emptySubject, epoch },
      now,
    },
  });
  const remember = (agent?: string, at = situation()) =>
    devices().remember(requestWith(undefined, agent), response, at, { method: 'totp', epoch: 3 });
  const recognize = (given = cookie(), at = situation()) =>
    devices().recognize(requestWith(given), response, at);

  it('are given a cookie that no script reads, for this site and as long as they are remembered', async () => {
    assert.equal(await remember('Firefox on Linux'), true);
    assert.deepEqual(jar.options, {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: true,
      maxAge: 30 * DAY,
    });
    await devices('http://localhost:3000').remember(requestWith(undefined), response, situation(), {
      ...{ method: 'totp', epoch: 3 },
    });
    assert.equal(jar.options.secure, false);
  });

  it('are known by what their browser says it is: in plain letters, and not endlessly', async () => {
    await remember(`Fire\u{1f525}fox\u0000 ${'x'.repeat(200)}`);
    await remember(undefined);
    const labels = (await store.readDevices('user1')).map(({ label }) => label);
    assert.deepEqual(labels.sort(), [`Firefox ${'x'.repeat(72)}`, 'unknown']);
  });

  it('are not remembered where the policy says nothing of it', async () => {
    assert.equal(await remember('Firefox', situation({ days: 0 })), false);
    assert.deepEqual([jar.set, (await store.readDevices('user1')).length], [0, 0]);
  });

  it('open the door with a proof of their own name, and are given the next token', async () => {
    await remember();
    const [device] = await store.readDevices('user1');
    now += 10 * DAY;
    const first = jar.value;
    assert.equal(await recognize(), 'recognized');
    assert.deepEqual(elevated, [
      {
        subject: SUBJECT,
        epoch: 3,
        factor: {
          ...{ method: 'remembered-device', enrollmentId: device?.id, at: now },
          via: device?.method,
          tenantId: 'acme',
        },
      },
    ]);
    assert.notEqual(jar.value, first);
    assert.equal(jar.options.maxAge, 20 * DAY, 'what is left of its time');
    assert.equal(jar.options.httpOnly, true);
    assert.equal(await recognize(), 'recognized', 'by the token it was given');
    assert.equal(jar.set, 3);
  });

  it('let a second tab in with the token of a moment ago, which is not given another', async () => {
    await remember();
    const first = cookie();
    await recognize(first);
    now += 29_999;
    assert.equal(await recognize(first), 'recognized');
    assert.equal(jar.set, 2);
    assert.equal(await recognize(), 'recognized', 'and the newer token still counts');
  });

  it('that come with an older token are a copy: they are forgotten, and every proof is void', async () => {
    await remember();
    const first = cookie();
    await recognize(first);
    now += 30_000;
    assert.equal(await recognize(first, situation({ epoch: 0 })), 'stolen');
    assert.deepEqual(renewed, [{ subjectId: 'user1', epoch: 1 }], 'and this session goes on');
    assert.equal((await store.readSubject('user1')).epochRaisedBy, 'session');
    assert.equal(jar.value, null, 'the cookie is taken away');
    assert.equal(jar.options.path, '/');
    assert.equal((await store.readSubject('user1')).epoch, 1);
    assert.equal(elevated.length, 1);
  });

  it('that were copied let no session go on beyond a reset at that moment', async () => {
    await remember();
    const first = cookie();
    await recognize(first);
    now += 30_000;
    const before = situation({ epoch: 0 });
    await store.reset('user1');
    assert.equal(await recognize(first, before), 'stolen');
    assert.deepEqual(renewed, []);
    const { epoch, epochRaisedBy } = await store.readSubject('user1');
    assert.deepEqual([epoch, epochRaisedBy], [2, null], 'what was proven after it is void as well');
  });

  it('that are forgotten are not recognized, and nobody else is signed out for it', async () => {
    await remember();
    const kept = cookie();
    const [device] = await store.readDevices('user1');
    await store.removeDevice('user1', device?.id ?? '');
    assert.equal(await recognize(kept), 'not-recognized');
    assert.equal(jar.value, null);
    assert.equal((await store.readSubject('user1')).epoch, 0);
    assert.equal(elevated.length, 0);
  });

  for (const [what, at, wait] of [
    ['after a reset', { epoch: 4 }, 0],
    ['once their method is not accepted any longer', { methods: ['security-key'] }, 0],
    ['at the end of their time', {}, 30 * DAY],
    ['as soon as the policy allows less', { days: 5 }, 5 * DAY],
  ] as [string, Parameters<typeof situation>[0], number][]) {
    it(`are forgotten ${what}`, async () => {
      await remember();
      const kept = cookie();
      now += wait;
      assert.equal(await recognize(kept, situation(at)), 'not-recognized');
      assert.equal(jar.value, null);
      assert.deepEqual(await store.readDevices('user1'), []);
      assert.equal(elevated.length, 0);
    });
  }

  it('are recognized a moment before the end of what the policy allows', async () => {
    await remember();
    now += 5 * DAY - 1;
    assert.equal(await recognize(cookie(), situation({ days: 5 })), 'recognized');
    assert.equal(jar.options.maxAge, 1);
  });

  it('are not asked for where the policy has none, or for somebody else', async () => {
    await remember();
    const kept = cookie();
    assert.equal(await recognize(kept, situation({ days: 0 })), 'not-recognized');
    assert.equal(await recognize(kept, situation({ id: 'user2' })), 'not-recognized');
    assert.equal(jar.set, 1);
    assert.equal(await recognize(kept), 'recognized', 'nothing was used up');
  });

  it('are found among other cookies, however they stand, and in no other cookie’s name', async () => {
    await remember();
    const value = jar.value;
    assert.equal(await recognize(`a=b;  sallyport.device=${value}; c=d`), 'recognized');
    assert.equal(await recognize(`a=b;sallyport.device=${jar.value}`), 'recognized');
    for (const other of [
      `xsallyport.device=${jar.value}`,
      `a=b;x sallyport.device=${jar.value}`,
      `sallyportxdevice=${jar.value}`,
      'sallyport.device=',
      '',
    ]) {
      assert.equal(await recognize(other), 'not-recognized', other);
    }
    assert.equal(
      await devices().recognize(requestWith(undefined), response, situation()),
      'not-recognized',
    );
  });

  it('are recognized by nothing that was made up', async () => {
    const sealed = (plain: string, context = JSON.stringify(['remembered-device'])) =>
      Buffer.from(keys.seal(Buffer.from(plain), context)).toString('base64url');
    for (const value of ['AAAA', sealed('no JSON'), sealed('{}'), sealed('{}', 'another')]) {
      assert.equal(await recognize(cookie(value)), 'not-recognized');
    }
    assert.equal((await store.readSubject('user1')).epoch, 0);
  });
});
