import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import type {
  Attempt,
  EnrollmentBasis,
  Policy,
  SecondFactorStore,
  Subject,
} from '../../../src/contracts.js';
import { keyring } from '../../../src/crypto/keyring.js';
import { RequestError, UnavailableError } from '../../../src/errors.js';
import { activationKeyDigest, newActivationKey } from '../../../src/methods/activation-key.js';
import { ATTEMPT_LIMITS } from '../../../src/methods/attempt-limits.js';
import type { DuoClient } from '../../../src/methods/duo/client.js';
import { sealCredentials } from '../../../src/methods/duo/credentials.js';
import { DuoError } from '../../../src/methods/duo/failure.js';
import { type DuoConfig, duoMethod } from '../../../src/methods/duo/method.js';
import { KEY } from '../../support/app.js';
import { boundEnrollable } from '../../support/methods.js';
import { parsePolicy } from '../../support/policy.js';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOST = 'api-12345678.duosecurity.com';
const keys = keyring([KEY]);
const SUBJECT: Subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const CREDENTIALS = sealCredentials(keys, 'north', {
  clientId: 'DI'.padEnd(20, 'X'),
  clientSecret: 's'.repeat(40),
  apiHost: HOST,
  version: 'v1',
});

/** The method alone; the real SDK against the simulator is in the journeys. */
describe('the Duo method', () => {
  let now: number;
  let store: SecondFactorStore;
  let states: number;
  let client: Partial<DuoClient>;
  let redeemed: (string | null | undefined)[][];

  beforeEach(() => {
    now = NOW;
    store = memoryStore({ now: () => now });
    states = 0;
    client = {};
    redeemed = [];
  });

  const token = (more: object = {}) => ({
    ...{ preferred_username: 'user1@acme.example', iat: now / 1000, auth_time: now / 1000 },
    auth_result: { result: 'allow', status: 'allow' },
    auth_context: { txid: 'tx-1', factor: 'duo_push' },
    ...more,
  });

  const method = (config: Partial<DuoConfig> = {}) => {
    const made = duoMethod({
      store,
      say: String,
      keyring: keys,
      clients: () => ({
        async healthCheck() {},
        async prompt(username) {
          states += 1;
          const state = `${'s'.repeat(30)}${states}`;
          return {
            state,
            url: `https://${HOST}/oauth/v1/authorize?user=${username}&n=${states}`,
            nonce: null,
            redirectUrl: 'https://console.example/two-factor/duo/callback',
          };
        },
        async redeem(...given) {
          redeemed.push(given);
          return token();
        },
        ...client,
      }),
      configurationOf: (source) =>
        source === 'north'
          ? { keys: CREDENTIALS, whenUnavailable: 'fall-back-to-totp', lendToClients: false }
          : null,
      username: ({ label }) => label,
      promptOrigin: null,
      brandName: () => '',
      ...config,
    });
    const { outages } = made;
    return { ...boundEnrollable(made, { store: config.store ?? store, keyring: keys }), outages };
  };

  const policy = (more: object = {}): Policy =>
    parsePolicy(
      {
        mode: 'required',
        methods: ['duo'],
        duo: { source: 'north', credentialVersion: 'v1' },
        ...more,
      },
      ['totp', 'duo'],
    );
  const attempt = (input: Attempt['input'] = {}, more: Partial<Attempt> = {}): Attempt => ({
    ...{
      subject: SUBJECT,
      policy: policy(),
      session: 'session-1',
      epoch: 0,
      issuer: 'Console',
      input,
    },
    ...more,
  });
  const stateNow = () => `${'s'.repeat(30)}${states}`;
  const answer = (more: object = {}) => ({ state: stateNow(), code: 'code', ...more });
  const confirm = async (of = attempt(answer()), replaces: string | null = null, made = method()) =>
    made.enrollment.confirm(of, ATTEMPT_LIMITS, replaces);
  const begin = async (basis: EnrollmentBasis = 'first', more: object = {}) => {
    const begun = await method().enrollment.begin(attempt(), { restart: true, basis, ...more });
    assert.ok(begun);
    await begun.prompt();
    return { enrollment: begun.id, basis: begun.basis };
  };
  async function enrolled(): Promise<string> {
    const { enrollment } = await begin();
    assert.equal((await confirm()).kind, 'verified');
    return enrollment;
  }
  const verify = async (of = attempt(answer()), made = method()) => made.verify(of, ATTEMPT_LIMITS);
  const rejected = (reason: string, detail?: string) => ({
    ...{ kind: 'rejected', reason },
    ...(detail !== undefined && { detail }),
  });

  it('says what it is: nothing of it can be guessed, and so nothing is counted', () => {
    const { name, title, throttle, scope, wellFormed } = method();
    assert.deepEqual(
      [name, title, throttle, scope],
      ['duo', 'Duo Security', 'none', 'organization'],
    );
    assert.equal(wellFormed({ state: 's'.repeat(36), code: 'abc' }), true);
    assert.equal(wellFormed({ code: '123456' }), false);
  });

  describe('leading to the prompt', () => {
    it('goes to the address that the SDK has signed, for the person as Duo knows them', async () => {
      const url = `https://${HOST}/oauth/v1/authorize?user=user1@acme.example&n=1`;
      assert.deepEqual(await method().challenge(attempt()), { kind: 'leave', url });
    });

    it('goes to a simulator where there is one, with the same path and query', async () => {
      const made = method({ promptOrigin: 'http://localhost:4000' });
      const url = 'http://localhost:4000/oauth/v1/authorize?user=user1@acme.example&n=1';
      assert.deepEqual(await made.challenge(attempt()), { kind: 'leave', url });
    });

    it('goes nowhere without keys, and says whose fault that is', async () => {
      const off = attempt({}, { policy: parsePolicy({ mode: 'off' }, ['duo']) });
      await assert.rejects(
        method().challenge(off),
        (error) =>
          error instanceof RequestError &&
          error.status === 403 &&
          error.error === 'duo_not_offered' &&
          /not set up for your organization/.test(error.message),
      );
      const gone = policy({ duo: { source: 'south', credentialVersion: 'v1' } });
      await assert.rejects(
        method().challenge(attempt({}, { policy: gone })),
        (error) =>
          error instanceof UnavailableError &&
          error.code === 'ERR_POLICY' &&
          error.message === 'south has no keys for Duo, as the policy says',
      );
    });

    it('asks Duo about nobody without a name', async () => {
      for (const name of ['', '   ', undefined, 5]) {
        await assert.rejects(
          method({ username: () => name as string }).challenge(attempt()),
          (error) =>
            error instanceof UnavailableError &&
            error.code === 'ERR_SUBJECT' &&
            error.message === 'duo.username(subject) must be a non-empty string',
        );
      }
      assert.equal(states, 0);
    });

    it('goes nowhere while Duo is away', async () => {
      const away = new DuoError('server', 'away');
      client.healthCheck = () => Promise.reject(away);
      await assert.rejects(method().challenge(attempt()), away);
      assert.equal(await method().outages.outage(attempt()), away);
      client = {};
      assert.equal(await method().outages.outage(attempt()), null);
      const bug = new TypeError('a bug');
      client.healthCheck = () => Promise.reject(bug);
      await assert.rejects(method().outages.outage(attempt()), bug);
      assert.equal(await method().outages.whenUnavailable(attempt()), 'fall-back-to-totp');
    });
  });

  describe('confirming an enrollment', () => {
    it('takes Duo’s word once, and names the phone', async () => {
      client.redeem = async () =>
        token({
          auth_context: {
            ...{ txid: 'tx-1', factor: 'duo_push' },
            auth_device: { name: `Phone ${'x'.repeat(99)}` },
          },
        });
      const { enrollment, basis } = await begin();
      assert.equal(basis, 'first');
      assert.deepEqual(await confirm(), {
        ...{ kind: 'verified', enrollmentId: enrollment, epoch: 0, at: NOW },
        ...{ via: 'acme', detail: 'allow txid=tx-1 factor=duo_push' },
      });
      assert.deepEqual(await confirm(), rejected('superseded'), 'nothing is pending');
      const [own] = (await store.readSubject('user1')).enrollments;
      assert.deepEqual(
        [own?.id, own?.method, own?.label],
        [enrollment, 'duo', `Duo Security, Phone ${'x'.repeat(44)}`],
      );
    });

    it('keeps its plain name where Duo does not say which phone', async () => {
      await enrolled();
      const [own] = (await store.readSubject('user1')).enrollments;
      assert.equal(own?.label, 'Duo Security');
    });

    it('is for what was begun, and for nothing begun since or of another method', async () => {
      await begin();
      const older = answer();
      await begin();
      assert.deepEqual(await confirm(attempt(older)), rejected('superseded', 'enrollment'));
      await begin();
      const before = answer();
      await store.reset('user1');
      assert.deepEqual(await confirm(attempt(before)), rejected('superseded'));
      const { enrollment } = await begin();
      const duos = answer();
      await store.beginEnrollment(
        'user1',
        {
          ...{ id: enrollment, method: 'totp', label: 'App', sealed: new Uint8Array() },
          ...{ parameters: '', session: 'session-1', basis: 'first', lifetimeMs: MINUTE },
        },
        { restart: true },
      );
      assert.deepEqual(await confirm(attempt(duos)), rejected('superseded'));
      assert.deepEqual((await store.readSubject('user1')).enrollments, []);
    });

    it('is void where a key is demanded by now, and it was begun without', async () => {
      await begin();
      const demanding = policy({ enrollment: 'activation-key' });
      assert.deepEqual(
        await confirm(attempt(answer(), { policy: demanding })),
        rejected('superseded'),
      );
    });

    it('is void where the store knows better, or it is too late', async () => {
      await begin();
      for (const kind of ['superseded', 'expired'] as const) {
        const confirmEnrollment = async () => ({ kind });
        await begin();
        const made = method({ store: { ...store, confirmEnrollment } });
        assert.deepEqual(await confirm(attempt(answer()), null, made), rejected(kind));
      }
    });

    it('replaces the one that it is to replace', async () => {
      const old = await enrolled();
      const { enrollment } = await begin('proven');
      const replaced = await confirm(attempt(answer()), old);
      assert.equal(replaced.kind === 'verified' && replaced.epoch, 1);
      const { enrollments } = await store.readSubject('user1');
      assert.deepEqual(
        enrollments.map(({ id }) => id),
        [enrollment],
      );
    });

    it('begins with the activation key that is demanded, and goes on with it alone', async () => {
      const options = { restart: true, basis: 'activation-key' } as const;
      assert.equal(await method().enrollment.begin(attempt(), options), null);
      assert.equal(states, 0, 'Duo was not asked');
      const digest = activationKeyDigest(keys, SUBJECT, newActivationKey());
      await store.putActivationKey('user1', { digest, lifetimeMs: MINUTE });
      const begun = await method().enrollment.beginByKey(attempt(), ATTEMPT_LIMITS, [digest]);
      assert.ok(begun && 'id' in begun);
      const resumed = await method().enrollment.resume(attempt());
      assert.equal(resumed?.id, begun.id);
      await resumed?.prompt();
      assert.equal((await confirm()).kind, 'verified');
      await store.reset('user1');
      const again = await begin();
      const first = await method().enrollment.resume(attempt());
      assert.equal(first?.id, again.enrollment, 'on any other basis as well');
    });

    it('lasts ten minutes, or as long as it is told', async () => {
      await begin();
      assert.equal(
        (await store.resumeEnrollment('user1', 'session-1'))?.expiresAt,
        NOW + 10 * MINUTE,
      );
      await begin('first', { lifetimeMs: MINUTE });
      const pending = await store.resumeEnrollment('user1', 'session-1');
      assert.equal(pending?.expiresAt, NOW + MINUTE);
      // Nothing of ours is sealed there, but it is, for this person and enrollment.
      const context = JSON.stringify(['duo', 'user1', pending?.id]);
      assert.equal(keys.open(pending?.sealed ?? new Uint8Array(), context).length, 0);
    });
  });

  describe('verifying', () => {
    const challenge = () => method().challenge(attempt());

    it('takes Duo’s word for who is enrolled, once, with whose keys it was', async () => {
      const enrollment = await enrolled();
      await challenge();
      now += 1000;
      assert.deepEqual(await verify(), {
        ...{ kind: 'verified', enrollmentId: enrollment, epoch: 0, at: now },
        ...{ via: 'acme', detail: 'allow txid=tx-1 factor=duo_push' },
      });
      assert.deepEqual(redeemed.at(-1), ['code', 'user1@acme.example', null]);
      assert.deepEqual(await verify(), rejected('expired', 'state'));
      assert.equal(redeemed.length, 2, 'Duo is not asked again');
    });

    it('finds the enrollment of Duo among others', async () => {
      const enrollment = await enrolled();
      const { enrollments } = await store.readSubject('user1');
      const app = { ...enrollments[0]!, id: 'app', method: 'totp' };
      const readSubject = async () => ({
        ...(await store.readSubject('user1')),
        enrollments: [app, ...enrollments],
      });
      await challenge();
      const verified = await verify(
        attempt(answer()),
        method({ store: { ...store, readSubject } }),
      );
      assert.equal(verified.kind === 'verified' && verified.enrollmentId, enrollment);
    });

    it('takes no word for another purpose, person, organization or session', async () => {
      const replaced = await enrolled();
      await begin('proven');
      assert.deepEqual(await verify(), rejected('expired', 'state'));
      await begin('proven');
      await challenge();
      const confirming = await confirm(attempt(answer()), replaced);
      assert.deepEqual(confirming, rejected('expired', 'state'));
      for (const other of [
        { subject: { ...SUBJECT, id: 'user2' } },
        { subject: { ...SUBJECT, tenantId: 'globex' } },
        { session: 'session-2' },
      ]) {
        await challenge();
        assert.deepEqual(await verify(attempt(answer(), other)), rejected('expired', 'state'));
      }
      assert.equal(redeemed.length, 1);
    });

    it('takes no word that was asked for with somebody else’s keys', async () => {
      await enrolled();
      await challenge();
      const moved = policy({ duo: { source: 'south', credentialVersion: 'v1' } });
      assert.deepEqual(
        await verify(attempt(answer(), { policy: moved })),
        rejected('expired', 'source'),
      );
    });

    it('is denied where Duo says so, in whichever way', async () => {
      await enrolled();
      await challenge();
      assert.deepEqual(
        await verify(attempt({ state: stateNow(), error: 'access_denied' })),
        rejected('denied', 'error access_denied'),
      );
      client.redeem = async () => token({ auth_result: { result: 'deny', status: 'deny' } });
      await challenge();
      assert.deepEqual(await verify(), rejected('denied', 'auth_result txid=tx-1 factor=duo_push'));
      const wrong = new DuoError('rejected', 'no', { duoCode: 'invalid_grant' });
      for (const [failure, detail] of [
        [wrong, 'rejected invalid_grant'],
        [new DuoError('invalid', 'no'), 'invalid'],
      ] as const) {
        client.redeem = () => Promise.reject(failure);
        await challenge();
        assert.deepEqual(await verify(), rejected('denied', detail));
      }
    });

    it('is no denial where Duo cannot be asked, or is not Duo', async () => {
      await enrolled();
      for (const failure of [new DuoError('timeout', 'late'), new DuoError('tls', 'not Duo')]) {
        client.redeem = () => Promise.reject(failure);
        await challenge();
        await assert.rejects(verify(), failure);
      }
      const cause = new TypeError('a bug');
      client.redeem = () => Promise.reject(cause);
      await challenge();
      await assert.rejects(verify(), { code: 'ERR_METHOD', status: 503, cause });
    });

    it('counts for nothing where the enrollment is gone', async () => {
      await challenge();
      assert.deepEqual(await verify(), rejected('superseded', 'not enrolled'));
      const enrollment = await enrolled();
      await challenge();
      const removing = {
        ...store,
        async commitAttempt(...commit: Parameters<SecondFactorStore['commitAttempt']>) {
          await store.unenroll('user1', enrollment, 0);
          return store.commitAttempt(...commit);
        },
      };
      assert.deepEqual(
        await verify(attempt(answer()), method({ store: removing })),
        rejected('ended'),
      );
    });
  });
});
