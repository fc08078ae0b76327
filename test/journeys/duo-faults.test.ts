import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  callbackFaults,
  type DuoFaultSetting,
  type DuoSimulator,
  tokenFaults,
  wireFaults,
} from 'sallyport/testing';
import { DuoError } from '../../src/methods/duo/failure.js';
import {
  activateDuo,
  approved,
  type DuoHost,
  deadlineFor,
  duoHost,
  GLOBEX,
  isInside,
  startSimulator,
} from '../support/duo.js';
import { journeys, type World } from '../support/worlds.js';

/** What an answer may take beyond the deadline of a call. */
const GRACE = 2000;
const USER = 'user1@globex';

/** Somebody with Duo, which is going to fail like this; without a world, in a memory of their own. */
async function enrolledAt(
  duo: DuoSimulator,
  fault: DuoFaultSetting['fault'],
  world?: World,
): Promise<DuoHost> {
  const host = await duoHost(duo, { timeout: deadlineFor(fault), ...(world && { world }) });
  await activateDuo(host, duo, USER);
  host.events.length = 0;
  return host;
}

/** Asks for the callback while the setting is set: refused in time, with an event, and nobody is let in. */
async function refuses(
  duo: DuoSimulator,
  host: DuoHost,
  setting: DuoFaultSetting,
  expected: { readonly status: number; readonly detail: RegExp },
): Promise<void> {
  duo.set(setting);
  const { browser, callback } = await approved(host, duo, USER);
  const from = performance.now();
  const back = await browser.get(callback);
  assert.ok(performance.now() - from < deadlineFor(setting.fault) + GRACE);
  assert.equal(back.status, expected.status, back.text);
  assert.match(back.text, /role="alert"/);
  const event = host.events.at(-1);
  assert.match(`${event?.type} ${event?.detail}`, expected.detail);
  assert.deepEqual([event?.subjectId, event?.tenantId], [USER, 'globex']);
  assert.equal(await isInside(browser), false);

  duo.set({ endpoint: setting.endpoint, fault: 'none' } as DuoFaultSetting);
  assert.equal((await browser.get(callback)).status, 409, 'the state was used up');
  assert.equal(await isInside(browser), false);
}

journeys('a Duo that fails on the way back', (world) => {
  let duo: DuoSimulator;

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => {
    duo.reset();
    // The SDK goes by the machine's clock.
    world().clock.advance(Date.now() - world().clock.now());
  });
  after(() => duo.close());
  const enrolled = (fault: DuoFaultSetting['fault']) => enrolledAt(duo, fault, world());

  describe('at the exchange of the code', () => {
    const unavailable = { status: 503, detail: /^unavailable ERR_DUO (network|timeout|server)$/ };
    const denied = { status: 403, detail: /^verification\.failed denied: invalid$/ };
    const expected: Record<(typeof wireFaults)[number], typeof denied> = {
      '500': unavailable,
      '502-html': unavailable,
      '503': unavailable,
      empty: denied,
      null: denied,
      hang: unavailable,
      'slow-drip': unavailable,
      reset: unavailable,
      'redirect-307': denied,
      oversized: denied,
    };
    for (const fault of wireFaults) {
      it(`lets nobody in: ${fault}`, async () => {
        await refuses(duo, await enrolled(fault), { endpoint: 'token', fault }, expected[fault]);
      });
    }
  });

  describe('in the address', () => {
    const expected: Record<
      (typeof callbackFaults)[number],
      { status: number; detail: RegExp; spent: boolean }
    > = {
      'wrong-state': { status: 409, detail: /^expired: state$/, spent: false },
      'missing-state': { status: 400, detail: /^malformed/, spent: false },
      'doubled-state': { status: 400, detail: /^malformed/, spent: false },
      'other-transaction-code': { status: 403, detail: /^denied: invalid$/, spent: true },
      'other-tenant-code': { status: 403, detail: /^denied: rejected invalid_grant$/, spent: true },
      error: { status: 403, detail: /^denied: error access_denied$/, spent: true },
    };
    for (const fault of callbackFaults) {
      it(`lets nobody in: ${fault}`, async () => {
        const host = await enrolled(fault);
        duo.set({ endpoint: 'callback', fault });
        const { browser, callback } = await approved(host, duo, USER);
        const back = await browser.get(callback);
        assert.equal(back.status, expected[fault].status);
        assert.match(back.text, /role="alert"/);
        const event = host.events.at(-1);
        assert.equal(event?.type, 'verification.failed');
        assert.match(String(event?.detail), expected[fault].detail);
        assert.equal(await isInside(browser), false);
        if (expected[fault].spent) {
          assert.equal((await browser.get(callback)).status, 409, 'the state was used up');
        }

        duo.set({ endpoint: 'callback', fault: 'none' });
        const again = await approved(host, duo, USER);
        await again.browser.get(again.callback);
        assert.ok(await isInside(again.browser));
      });
    }
  });

  it('refuses the same in a first activation, and activates nothing', async () => {
    const host = await duoHost(duo, { world: world() });
    for (const fault of ['deny', 'no-auth-result', 'bad-signature'] as const) {
      const { browser, callback } = await approved(host, duo, USER);
      duo.set({ endpoint: 'token', fault, once: true });
      assert.equal((await browser.get(callback)).status, 403);
      assert.equal(host.events.at(-1)?.type, 'enrollment.failed');
      assert.deepEqual((await host.store.readSubject(USER)).enrollments, []);
      assert.equal(await isInside(browser), false);
    }
  });
});

/** What our store has no part in. */
describe('a Duo that fails', () => {
  let duo: DuoSimulator;

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => duo.reset());
  after(() => duo.close());
  const enrolled = (fault: DuoFaultSetting['fault']) => enrolledAt(duo, fault);

  describe('before the redirect', () => {
    for (const fault of wireFaults) {
      it(`is a 503 in time, and no redirect: ${fault}`, async () => {
        const host = await enrolled(fault);
        const browser = host.browser();
        await browser.login(USER);
        duo.set({ endpoint: 'healthCheck', fault });
        const from = performance.now();
        const page = await browser.get('/two-factor/challenge/duo');
        assert.ok(performance.now() - from < deadlineFor(fault) + GRACE);
        assert.equal(page.status, 503);
        assert.equal(page.headers.refresh, undefined);
        assert.doesNotMatch(page.text, /oauth\/v1\/authorize/);
        assert.ok(page.headers['retry-after']);
        const event = host.events.at(-1);
        assert.equal(event?.type, 'unavailable');
        assert.match(String(event?.detail), /^ERR_DUO (network|timeout|server|invalid)$/);
        assert.ok(host.errors.some((error) => error instanceof DuoError));
        assert.equal(await isInside(browser), false);
        assert.ok(
          duo.log.every(({ via }) => via !== 'elsewhere'),
          'no redirect is followed',
        );

        duo.set({ endpoint: 'healthCheck', fault: 'none' });
        assert.equal((await browser.get('/two-factor/challenge/duo')).status, 200);
      });
    }

    it('keeps a first activation from beginning', async () => {
      const host = await duoHost(duo);
      const browser = host.browser();
      await browser.login(USER);
      duo.set({ endpoint: 'healthCheck', fault: '503' });
      const page = await browser.get('/two-factor/activate/duo');
      assert.equal(page.status, 503);
      const json = await browser.json('get', '/two-factor/activate/duo');
      assert.deepEqual([json.status, json.body.error], [503, 'unavailable']);
      assert.equal(await isInside(browser), false);
    });

    it('says that wrong keys are not an outage', async () => {
      const host = await enrolled('none');
      await host.save('globex', { clientId: 'DI'.padEnd(20, 'X'), clientSecret: 'y'.repeat(40) });
      const browser = host.browser();
      await browser.login(USER);
      const page = await browser.get('/two-factor/challenge/duo');
      assert.equal(page.status, 503);
      assert.match(page.text, /tell your administrator/);
      assert.equal(host.events.at(-1)?.detail, 'ERR_DUO rejected 40002');
    });
  });

  describe('in the token', () => {
    type Fault = (typeof tokenFaults)[number];
    /** An alias' primary name, and a device remembered at Duo: no denials at login. */
    const LET_IN: readonly Fault[] = ['wrong-sub', 'stale-auth-time'];
    const why: Partial<Record<Fault, RegExp>> = {
      'wrong-aud': /invalid$/,
      'wrong-iss': /invalid$/,
      'wrong-username': /invalid$/,
      'wrong-username-case': /invalid$/,
      expired: /invalid$/,
      'bad-signature': /invalid$/,
      'alg-hs256': /invalid$/,
      'alg-none': /invalid$/,
      junk: /invalid$/,
      deny: /auth_result txid=.* reason=user_marked_fraud result=denied$/,
      'no-auth-result': /auth_result txid=/,
      'stale-iat': /iat txid=/,
      'future-auth-time': /auth_time txid=/,
    };
    for (const fault of tokenFaults.filter((one) => !LET_IN.includes(one))) {
      it(`lets nobody in: ${fault}`, async () => {
        const detail = new RegExp(`^verification\\.failed denied: ${why[fault]?.source}`);
        const setting = { endpoint: 'token', fault } as const;
        await refuses(duo, await enrolled(setting.fault), setting, { status: 403, detail });
      });
    }

    for (const milliseconds of [-3_600_000, -301_000 - 60_000, 301_000 + 60_000, 86_400_000]) {
      it(`lets nobody in by a clock that is ${milliseconds / 1000} s off`, async () => {
        const detail = /^verification\.failed denied: (iat txid|invalid)/;
        const setting = { endpoint: 'token', fault: 'clock-offset', milliseconds } as const;
        await refuses(duo, await enrolled(setting.fault), setting, { status: 403, detail });
      });
    }

    it('bears a clock that is a minute off', async () => {
      const host = await enrolled('none');
      for (const milliseconds of [-60_000, 60_000]) {
        duo.set({ endpoint: 'token', fault: 'clock-offset', milliseconds });
        const { browser, callback } = await approved(host, duo, USER);
        await browser.get(callback);
        assert.ok(await isInside(browser), `${milliseconds} ms`);
      }
    });
  });

  it('has its secret in no page, header, event, error or line of output', async () => {
    const output: string[] = [];
    const streams = [process.stdout, process.stderr];
    const writers = streams.map((stream) => stream.write);
    for (const [index, stream] of streams.entries()) {
      stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
        output.push(String(chunk));
        return writers[index]!.call(stream, chunk, ...rest);
      }) as typeof stream.write;
    }
    const said: string[] = [];
    try {
      const host = await enrolled('hang');
      const faults: DuoFaultSetting[] = [
        ...wireFaults.map((fault) => ({ endpoint: 'healthCheck', fault }) as const),
        ...wireFaults.map((fault) => ({ endpoint: 'token', fault }) as const),
        ...tokenFaults.map((fault) => ({ endpoint: 'token', fault }) as const),
      ];
      for (const setting of faults) {
        const begun = setting.endpoint === 'token';
        const visit = begun ? await approved(host, duo, USER) : null;
        duo.set({ ...setting, once: true });
        if (visit) await visit.browser.get(visit.callback);
        else {
          const browser = host.browser();
          await browser.login(USER);
          await browser.get('/two-factor/challenge/duo');
          await browser.json('get', '/two-factor/challenge/duo');
        }
      }
      assert.ok(host.errors.length > 10);
      said.push(...host.sent, JSON.stringify(host.events));
      said.push(...host.errors.map((error) => inspect(error, { depth: 20, showHidden: true })));
      const setting = await host.store.readSetting('globex');
      said.push(JSON.stringify(setting));
    } finally {
      for (const [index, stream] of streams.entries()) stream.write = writers[index]!;
    }
    const everything = [...said, ...output].join('\n');
    assert.ok(everything.includes(GLOBEX.clientId), 'what is scanned is not empty');
    const { clientSecret } = GLOBEX;
    for (const form of [
      clientSecret,
      Buffer.from(clientSecret).toString('base64').slice(0, 50),
      Buffer.from(clientSecret).toString('base64url').slice(0, 50),
      Buffer.from(clientSecret).toString('hex'),
      'client_assertion',
    ]) {
      assert.ok(!everything.includes(form), form);
    }
  }).timeout(60_000);
});
