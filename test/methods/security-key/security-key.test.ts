import assert from 'node:assert/strict';
import { type AuditEvent, memoryStore, type SecondFactorStore, securityKey } from 'sallyport';
import { methodContract, type SoftwareKeyFault, softwareKey } from 'sallyport/testing';
import type { Attempt, Verdict } from '../../../src/contracts.js';
import { keyring } from '../../../src/crypto/keyring.js';
import { attempts, type Operation } from '../../../src/methods/attempt.js';
import { ATTEMPT_LIMITS } from '../../../src/methods/attempt-limits.js';
import { parseFacts } from '../../../src/methods/security-key/credential.js';
import { KEY, testClock } from '../../support/app.js';
import { boundEnrollable } from '../../support/methods.js';
import { parsePolicy } from '../../support/policy.js';

const ORIGIN = 'https://console.example';
const policy = parsePolicy({ mode: 'required' }, ['security-key']);
const MINUTE = 60_000;

methodContract('security-key', () => {
  const key = softwareKey({ origin: ORIGIN });
  return {
    method: securityKey(),
    answer: ({ purpose, json: { publicKey } }) => ({
      credential: purpose === 'activation' ? key.create(publicKey) : key.get(publicKey),
    }),
  };
});

describe('a passkey or security key', () => {
  let clock: ReturnType<typeof testClock>;
  let store: SecondFactorStore;
  let events: Partial<AuditEvent>[];

  beforeEach(() => {
    clock = testClock();
    store = memoryStore({ now: clock.now });
    events = [];
  });

  const keyOf = (more: Partial<Parameters<typeof softwareKey>[0]> = {}) =>
    softwareKey({ origin: ORIGIN, ...more });
  type Key = ReturnType<typeof keyOf>;

  /** One person in one session. */
  function person(id = 'user1', session = `session of ${id}`, plan = securityKey()) {
    const subject = { id, tenantId: 'acme', label: `${id}@acme.example` };
    const method = () => boundEnrollable(plan, { store, keyring: keyring([KEY]) });

    async function attempt(input: Attempt['input'] = {}): Promise<Attempt> {
      const { epoch, enrollments } = await store.readSubject(id);
      return { subject, policy, session, epoch, enrollments, issuer: 'Console', input };
    }
    const run = async (operation: Operation, input: Attempt['input']): Promise<Verdict> =>
      attempts({
        store,
        limits: ATTEMPT_LIMITS,
        audit: { record: (type, facts) => void events.push({ ...facts, type } as AuditEvent) },
      })(method(), operation, await attempt(input), null);

    const asked = async (prompt: Awaited<ReturnType<typeof challenged>>) => {
      assert.ok(prompt.kind === 'form');
      const { json } = prompt;
      return (typeof json === 'function' ? json() : json)?.publicKey as {
        readonly challenge: string;
        readonly allowCredentials: readonly { readonly id: string }[];
        readonly excludeCredentials: readonly { readonly id: string }[];
      };
    };
    const challenged = async () => method().challenge(await attempt());

    async function begin() {
      const basis = (await store.readSubject(id)).enrollments.length > 0 ? 'proven' : 'first';
      const begun = await method().enrollment.begin(await attempt(), { basis, restart: true });
      assert.ok(begun);
      return { enrollment: begun.id, publicKey: await asked(await begun.prompt()) };
    }
    const confirm = (credential: unknown, enrollment: string) =>
      run({ kind: 'confirm', replaces: null }, { credential, enrollment });

    return {
      begin,
      confirm,
      async activate(key: Key, fault: SoftwareKeyFault = {}) {
        const { enrollment, publicKey } = await begin();
        return confirm(key.create(publicKey, fault), enrollment);
      },
      ask: async () => asked(await challenged()),
      verify: (credential: unknown) => run({ kind: 'verify' }, { credential }),
      async prove(key: Key, fault: SoftwareKeyFault = {}) {
        return run({ kind: 'verify' }, { credential: key.get(await this.ask(), fault) });
      },
      enrollments: async () => (await store.readSubject(id)).enrollments,
    };
  }

  const detailOf = (verdict: Verdict) => (verdict.kind === 'rejected' ? verdict.detail : null);

  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    it(`signs with ${algorithm}`, async () => {
      const key = keyOf({ algorithm });
      const user = person();
      assert.equal((await user.activate(key)).kind, 'verified');
      for (let n = 0; n < 3; n += 1) assert.equal((await user.prove(key)).kind, 'verified');
    });
  }

  it('of the days of U2F works: it tells nobody from anybody, and has no model', async () => {
    const key = keyOf({ userVerified: false, transports: ['usb'] });
    const user = person();
    assert.equal((await user.activate(key)).kind, 'verified');
    assert.equal((await user.prove(key)).kind, 'verified');
    const [own] = await user.enrollments();
    assert.equal(own?.label, 'Security key');
    assert.equal(events.at(-1)?.detail, 'user present phishing-resistant');
  });

  it('is recorded with its model, and with what it does and is', async () => {
    const aaguid = '2fc0579f-8113-47ea-b116-bb5a8db9202a';
    const user = person();
    await user.activate(keyOf({ aaguid }));
    await user.activate(keyOf({ synced: true, transports: ['internal'], userVerified: false }));
    await user.activate(keyOf({ aaguid }));
    const enrollments = await user.enrollments();
    assert.deepEqual(
      enrollments.map(({ label, parameters }) => [label, parseFacts(parameters)]),
      [
        ['YubiKey 5 NFC', { aaguid, userVerified: true, backupEligible: false, backedUp: false }],
        [
          'Passkey',
          {
            aaguid: '00000000-0000-0000-0000-000000000000',
            ...{ userVerified: false, backupEligible: true, backedUp: true },
          },
        ],
        ['YubiKey 5 NFC 2', { aaguid, userVerified: true, backupEligible: false, backedUp: false }],
      ],
    );
  });

  it('is asked for among the person’s own, and a known one is not activated again', async () => {
    const [one, two] = [keyOf(), keyOf()];
    const user = person();
    await user.activate(one);
    await user.activate(two);
    await person('user2').activate(keyOf());
    const { allowCredentials } = await user.ask();
    assert.equal(allowCredentials.length, 2);
    const { excludeCredentials } = (await user.begin()).publicKey;
    assert.deepEqual(excludeCredentials, allowCredentials);
    await assert.rejects(() => user.activate(one), { name: 'InvalidStateError' });
    assert.equal((await user.prove(two)).kind, 'verified');
    assert.equal((await user.prove(one)).kind, 'verified');
  });

  it('is refused where a browser registers a known one all the same', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    const { enrollment, publicKey } = await user.begin();
    const again = JSON.parse(key.create({ ...publicKey, excludeCredentials: [] }));
    const id = (await user.ask()).allowCredentials[0]?.id ?? '';
    const attestation = Buffer.from(again.response.attestationObject, 'base64url');
    attestation.set(
      Buffer.from(id, 'base64url'),
      attestation.indexOf(Buffer.from(again.id, 'base64url')),
    );
    const response = { ...again.response, attestationObject: attestation.toString('base64url') };
    const known = JSON.stringify({ ...again, id, rawId: id, response });
    const verdict = await user.confirm(known, enrollment);
    assert.deepEqual(verdict, {
      ...{ kind: 'rejected', reason: 'denied', because: 'activated', detail: 'activated already' },
    });
  });

  const WRONG: readonly (readonly [string, SoftwareKeyFault, string])[] = [
    ['another origin', { origin: 'https://console.example.evil' }, 'origin'],
    ['the origin on another port', { origin: 'https://console.example:8443' }, 'origin'],
    ['another RP ID', { rpId: 'evil.example' }, 'RP ID'],
    ['the other ceremony', { type: 'payment.get' }, 'type'],
    [
      'another challenge',
      { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
      'challenge',
    ],
    ['nobody present', { flags: 4 }, 'user presence'],
    ['a frame of another page', { crossOrigin: true }, 'framed'],
  ];
  for (const [what, fault, detail] of WRONG) {
    it(`is refused with ${what}, at a challenge`, async () => {
      const key = keyOf();
      const user = person();
      await user.activate(key);
      const verdict = await user.prove(key, fault);
      assert.deepEqual(verdict, { kind: 'rejected', reason: 'wrong-code', detail });
      assert.equal((await user.prove(key)).kind, 'verified', 'and disables nothing');
    });

    it(`is refused with ${what}, at its activation`, async () => {
      const flags = fault.flags === undefined ? {} : { flags: fault.flags | 64 };
      const verdict = await person().activate(keyOf(), { ...fault, ...flags });
      assert.deepEqual(verdict, { kind: 'rejected', reason: 'wrong-code', detail });
      assert.deepEqual(await person().enrollments(), []);
    });
  }

  it('is refused where an answer of one ceremony is given to the other', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    const asked = await user.ask();
    assert.equal(detailOf(await user.prove(key, { type: 'webauthn.create' })), 'type');
    const { enrollment } = await user.begin();
    const malformed = await user.confirm(key.get(asked), enrollment);
    assert.deepEqual(malformed, { kind: 'rejected', reason: 'malformed' });
  });

  it('is refused with another signature', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    assert.equal(detailOf(await user.prove(key, { signature: true })), 'signature');
  });

  it('is refused with an algorithm that was not asked for', async () => {
    const user = person();
    const { enrollment, publicKey } = await user.begin();
    const made = JSON.parse(keyOf().create(publicKey));
    const attestation = Buffer.from(made.response.attestationObject, 'base64url');
    // COSE: 3 (alg): -7 becomes 3: -35, ES384.
    const at = attestation.indexOf(Buffer.from([0x01, 0x02, 0x03, 0x26]));
    const bytes = Buffer.concat([
      attestation.subarray(0, at),
      Buffer.from([0x01, 0x02, 0x03, 0x2a]),
      attestation.subarray(at + 4),
    ]);
    made.response.attestationObject = bytes.toString('base64url');
    assert.equal(detailOf(await user.confirm(JSON.stringify(made), enrollment)), 'algorithm');
  });

  it('is refused with what is no attestation', async () => {
    for (const attestation of [
      (bytes: Buffer) => bytes.subarray(0, 40),
      (bytes: Buffer) => bytes.subarray(0, bytes.length - 1),
      () => Buffer.from('not CBOR at all, by no means'),
      () => Buffer.alloc(3000, 0x81),
      () => Buffer.from([0xa0]),
      () => Buffer.from([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ]) {
      const verdict = await person().activate(keyOf(), { attestation });
      assert.equal(verdict.kind, 'rejected');
    }
    assert.deepEqual(await person().enrollments(), []);
  });

  it('is refused with an answer that is none, or too long', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    const right = JSON.parse(key.get(await user.ask()));
    for (const wrong of [
      { ...right, rawId: 'other' },
      { ...right, type: 'password' },
      { ...right, id: 'a'.repeat(1400), rawId: 'a'.repeat(1400) },
      { ...right, response: null },
      { ...right, response: { ...right.response, signature: 5 } },
      { ...right, response: { ...right.response, signature: 'not base64url!' } },
      { ...right, padding: 'x'.repeat(12_000) },
      [right],
      null,
    ]) {
      await user.ask();
      const verdict = await user.verify(JSON.stringify(wrong));
      assert.equal(verdict.kind, 'rejected', JSON.stringify(wrong).slice(0, 80));
    }
    const text = JSON.stringify(right);
    for (const typed of [text.slice(0, -1), `${text}{`, right, 5, '']) {
      assert.deepEqual(await user.verify(typed), { kind: 'rejected', reason: 'malformed' });
    }
  });

  it('is refused with a key of another person', async () => {
    const [own, other] = [keyOf(), keyOf()];
    const user = person();
    await user.activate(own);
    await person('user2').activate(other);
    const { challenge } = await user.ask();
    const { allowCredentials } = await person('user2').ask();
    const verdict = await user.verify(
      other.get({ challenge, rpId: 'console.example', allowCredentials }),
    );
    assert.equal(verdict.kind === 'rejected' && verdict.because, 'not-yours');
  });

  it('is refused with a user handle of another person', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    const answer = JSON.parse(key.get(await user.ask()));
    answer.response.userHandle = Buffer.from('user2').toString('base64url');
    assert.equal(detailOf(await user.verify(JSON.stringify(answer))), 'user handle');
  });

  it('is refused a second time, in another session, and after five minutes', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    const answer = key.get(await user.ask());
    assert.equal((await user.verify(answer)).kind, 'verified');
    assert.deepEqual(await user.verify(answer), { kind: 'rejected', reason: 'expired' });
    await user.ask();
    assert.equal(detailOf(await user.verify(answer)), 'challenge');
    const elsewhere = person('user1', 'another session');
    const stolen = key.get(await user.ask());
    await elsewhere.ask();
    assert.equal(detailOf(await elsewhere.verify(stolen)), 'challenge');
    const late = key.get(await user.ask());
    clock.advance(5 * MINUTE);
    assert.deepEqual(await user.verify(late), { kind: 'rejected', reason: 'expired' });
  });

  it('that counts backwards is refused with an event, and disables nothing', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    const copy = key.copy();
    await user.prove(key);
    await user.prove(key);
    const verdict = await user.prove(copy);
    assert.ok(verdict.kind === 'rejected');
    assert.equal(verdict.because, 'copied');
    assert.equal(verdict.detail, 'sign count 1 after 2');
    const [own] = await user.enrollments();
    const event = events.find(({ type }) => type === 'enrollment.copied');
    assert.deepEqual(
      event?.enrollments?.map(({ id }) => id),
      [own?.id],
    );
    assert.equal((await user.prove(key)).kind, 'verified');
  });

  it('whose count nobody has signed is no copy', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    await user.prove(key);
    await user.prove(key, { count: 0, signature: true });
    assert.equal(
      events.some(({ type }) => type === 'enrollment.copied'),
      false,
    );
  });

  it('that counts nothing, as synced passkeys do, is taken each time', async () => {
    const key = keyOf({ counts: false, synced: true });
    const user = person();
    await user.activate(key);
    for (let n = 0; n < 3; n += 1) assert.equal((await user.prove(key)).kind, 'verified');
  });

  it('that has counted and counts no longer is refused', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    await user.prove(key);
    const verdict = await user.prove(key, { count: 0 });
    assert.equal(verdict.kind === 'rejected' && verdict.because, 'copied');
  });

  it('that is not synced does not become so, nor the other way round', async () => {
    const key = keyOf({ synced: true });
    const user = person();
    await user.activate(key);
    assert.equal(detailOf(await user.prove(key, { flags: 5 })), 'backup eligibility');
    assert.equal((await user.prove(key, { flags: 13 })).kind, 'verified');
    const [own] = await user.enrollments();
    assert.equal(parseFacts(own?.parameters ?? '').backedUp, false, 'no longer backed up');
  });

  it('is one of twenty at most', async () => {
    const user = person();
    for (let n = 0; n < 20; n += 1) {
      assert.equal((await user.activate(keyOf())).kind, 'verified');
    }
    const verdict = await user.activate(keyOf());
    assert.equal(detailOf(verdict), 'too many');
    assert.equal((await user.ask()).allowCredentials.length, 20);
  });

  it('is not counted as a guess', async () => {
    const key = keyOf();
    const user = person();
    await user.activate(key);
    for (let n = 0; n < 12; n += 1) await user.prove(key, { signature: true });
    assert.equal((await user.prove(key)).kind, 'verified');
    assert.equal((await store.readSubject('user1')).failures, 0);
  });
});
