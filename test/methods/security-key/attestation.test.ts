import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { Encoder } from 'cbor-x';
import {
  fidoMetadata,
  type KeyMaker,
  keyMaker,
  type SoftwareKeyOptions,
  softwareKey,
} from 'sallyport/testing';
import { readAttestation } from '../../../src/methods/security-key/answer.js';
import { checkAttestation } from '../../../src/methods/security-key/ceremony.js';
import { unattested } from '../../../src/methods/security-key/metadata/attestation.js';
import { type Metadata, readMetadata } from '../../../src/methods/security-key/metadata/blob.js';
import { vouching } from '../../../src/methods/security-key/metadata/vouching.js';
import { parsePolicy } from '../../support/policy.js';

const ORIGIN = 'https://console.example';
const [AAGUID, OTHER] = [
  '2fc0579f-8113-47ea-b116-bb5a8db9202a',
  'ee882879-721c-4913-9775-3dfcce97072a',
];
const NOW = Date.parse('2026-01-01');
const CHALLENGE = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const policy = {
  ...parsePolicy({ mode: 'required' }, ['security-key']),
  'security-key': { userVerification: false, deviceBound: false, models: [AAGUID] },
};

describe('the maker of a key', () => {
  const maker = keyMaker();

  function known(more: Partial<Parameters<typeof fidoMetadata>[0]['models'][number]> = {}) {
    const models = [{ aaguid: AAGUID, maker, ...more }];
    const { blob, root } = fidoMetadata({ models });
    return readMetadata(blob, [root]);
  }

  /** What came of it: `attested`, why not, or what the ceremony refuses. */
  async function tried(
    key: Partial<SoftwareKeyOptions>,
    metadata: Metadata | null = known(),
    now = NOW,
  ): Promise<readonly [string, string?]> {
    const typed = softwareKey({ origin: ORIGIN, aaguid: AAGUID, ...key }).create({
      ...{ challenge: CHALLENGE, attestation: 'direct', pubKeyCredParams: [{ alg: -7 }] },
    });
    const response = readAttestation(typed);
    assert.ok(response);
    const party = { rpId: 'console.example', origins: [ORIGIN] };
    const checked = await checkAttestation(response, CHALLENGE, party);
    if (checked.kind === 'fails') return ['ceremony', checked.detail];
    const { attested, fault } = vouching(metadata).ofNew(checked, policy, now);
    return fault ? [fault.because, fault.detail] : [attested ? 'attested' : 'taken at its word'];
  }

  /** The maker's statement, changed. */
  const changed = (
    change: (made: ReturnType<KeyMaker['attest']>) => Partial<ReturnType<KeyMaker['attest']>>,
    of: KeyMaker = maker,
  ): Pick<KeyMaker, 'attest'> => ({
    attest(aaguid, signed) {
      const made = of.attest(aaguid, signed);
      return { ...made, ...change(made) };
    },
  });

  it('vouches for its model', async () => {
    assert.deepEqual(await tried({ maker }), ['attested']);
  });

  it('is asked by nobody where there is no metadata', async () => {
    for (const key of [{}, { maker }, { maker: 'self' }] as const) {
      assert.deepEqual(await tried(key, null), ['taken at its word']);
    }
  });

  it('vouches for nothing where the key says it itself, or nobody does', async () => {
    assert.deepEqual(await tried({ maker: 'self' }), ['unattested', 'attested: packed']);
    assert.deepEqual(await tried({}), ['unattested', 'attested: none']);
  });

  it('is another one', async () => {
    const foreign = keyMaker({ name: 'Somebody' });
    const detail = `not of the maker of ${AAGUID}`;
    assert.deepEqual(await tried({ maker: foreign }), ['foreign', detail]);
    const namesake = keyMaker();
    assert.deepEqual(await tried({ maker: namesake }), ['foreign', detail]);
    const borrowed = changed(
      ({ certificates }) => ({
        certificates: [...certificates, new X509Certificate(maker.root).raw],
      }),
      foreign,
    );
    assert.deepEqual(await tried({ maker: borrowed }), ['foreign', detail], 'a root beside it');
  });

  it('is unknown', async () => {
    assert.deepEqual(await tried({ maker, aaguid: OTHER }), [
      'unlisted',
      `not in metadata: ${OTHER}`,
    ]);
    assert.equal((await tried({ maker }, known({ maker: keyMaker() })))[0], 'foreign');
  });

  it('vouches for one model by the certificate of another, or of none, for nothing', async () => {
    const ofOther = keyMaker({ certifies: OTHER });
    assert.deepEqual(await tried({ maker: ofOther }, known({ maker: ofOther })), [
      ...['ceremony', 'attestation'],
    ]);
    const ofNone = keyMaker({ certifies: null });
    assert.deepEqual(await tried({ maker: ofNone }, known({ maker: ofNone })), ['attested']);
    const shared = fidoMetadata({
      models: [AAGUID, OTHER].map((aaguid) => ({ aaguid, maker: ofNone })),
    });
    assert.deepEqual(await tried({ maker: ofNone }, readMetadata(shared.blob, [shared.root])), [
      ...['foreign', 'no model in the certificate'],
    ]);
  });

  it('vouches for one model by the certificate of none for nothing where it leads to another as well', async () => {
    const ofNone = keyMaker({ certifies: null });
    const [leaf, issuing] = ofNone.attest(OTHER, Buffer.of(1)).certificates;
    for (const listed of [issuing, leaf]) {
      const { blob, root } = fidoMetadata({
        models: [
          { aaguid: AAGUID, maker: ofNone },
          { aaguid: OTHER, maker: { root: new X509Certificate(listed as Buffer).toString() } },
        ],
      });
      const keyOfOther: Pick<KeyMaker, 'attest'> = {
        attest: (_claimed, signed) => ofNone.attest(OTHER, signed),
      };
      assert.deepEqual(await tried({ maker: keyOfOther }, readMetadata(blob, [root])), [
        ...['foreign', 'no model in the certificate'],
      ]);
    }
  });

  it('vouches for nothing by certificates that have ended', async () => {
    const ended = keyMaker({ until: new Date('2024-01-01') });
    assert.deepEqual(await tried({ maker: ended }, known({ maker: ended })), [
      ...['ceremony', 'attestation'],
    ]);
    const later = Date.parse('2051-01-01');
    assert.equal((await tried({ maker }, known(), later))[0], 'foreign');
  });

  it('vouches for nothing by certificates in the wrong order, without their issuer, or that are none', async () => {
    const faults = {
      reversed: changed(({ certificates }) => ({ certificates: certificates.toReversed() })),
      alone: changed(({ certificates }) => ({ certificates: certificates.slice(0, 1) })),
      none: changed(() => ({ certificates: [] })),
      cut: changed(({ certificates }) => ({
        certificates: certificates.map((one) => one.subarray(0, -30)),
      })),
      issuerCut: changed(({ certificates: [leaf, issuing] }) => ({
        certificates: [leaf as Buffer, (issuing as Buffer).subarray(0, -30)],
      })),
      authority: changed(({ certificates }) => ({ certificates: certificates.slice(1) })),
    };
    for (const [name, fault] of Object.entries(faults)) {
      const [came] = await tried({ maker: fault });
      assert.ok(['ceremony', 'foreign', 'unattested'].includes(came), `${name}: ${came}`);
    }
  });

  it('vouches for nothing by a signature over something else', async () => {
    const elsewhere = changed(() => ({
      signature: maker.attest(AAGUID, Buffer.from('something else')).signature,
    }));
    assert.equal((await tried({ maker: elsewhere }))[0], 'ceremony');
  });

  it('vouches for nothing by certificates that no signature was checked by', () => {
    const x5c = maker.attest(AAGUID, Buffer.of(1)).certificates;
    const cbor = new Encoder({ useRecords: false, tagUint8Array: false, mapsAsObjects: false });
    const made = (format: string, certificates: unknown) =>
      cbor.encode(
        new Map<string, unknown>([
          ['fmt', format],
          ['attStmt', new Map([['x5c', certificates]])],
          ['authData', Buffer.alloc(37)],
        ]),
      );
    for (const [format, certificates] of [
      // Google's signature is in `response`: anything may stand beside it.
      ['android-safetynet', x5c],
      ['none', x5c],
      ['of tomorrow', x5c],
      ['packed', 5],
      ['packed', 'certificates'],
      ['packed', x5c[0]],
      ['packed', new Map()],
      ['packed', [5]],
    ] as const) {
      const attestation = made(format, certificates);
      const fault = unattested(known(), { aaguid: AAGUID, attestation }, NOW);
      assert.ok(fault, `${format}: ${String(certificates)}`);
    }
    assert.equal(
      unattested(known(), { aaguid: AAGUID, attestation: made('packed', x5c) }, NOW),
      null,
    );
  });

  for (const status of [
    'REVOKED',
    'USER_VERIFICATION_BYPASS',
    'ATTESTATION_KEY_COMPROMISE',
    'USER_KEY_REMOTE_COMPROMISE',
    'USER_KEY_PHYSICAL_COMPROMISE',
  ]) {
    it(`vouches for nothing any longer that was reported as ${status}, whatever came later`, async () => {
      for (const statuses of [[status], ['FIDO_CERTIFIED', status, 'UPDATE_AVAILABLE']]) {
        assert.deepEqual(await tried({ maker }, known({ statuses })), ['withdrawn', status]);
      }
    });
  }

  it('vouches still where only another certificate of its was compromised', async () => {
    const metadata = known();
    const leaf = maker.attest(AAGUID, Buffer.of(1)).certificates[0]?.toString('base64') ?? '';
    const reported = (certificate: string): Metadata => ({
      ...metadata,
      models: new Map(
        [...metadata.models].map(([aaguid, model]) => [
          aaguid,
          { ...model, reports: [{ status: 'ATTESTATION_KEY_COMPROMISE', certificate }] },
        ]),
      ),
    });
    const root = new X509Certificate(maker.root).raw.toString('base64');
    for (const own of [leaf, root]) {
      assert.deepEqual(await tried({ maker }, reported(own)), [
        ...['withdrawn', 'ATTESTATION_KEY_COMPROMISE'],
      ]);
    }
    const another = new X509Certificate(keyMaker().root).raw.toString('base64');
    assert.deepEqual(await tried({ maker }, reported(another)), ['attested']);
  });

  it('may have its attestation certificate itself listed', async () => {
    const leaf = maker.attest(AAGUID, Buffer.of(1)).certificates[0] as Buffer;
    const listed = known({ maker: { root: new X509Certificate(leaf).toString() } });
    assert.deepEqual(await tried({ maker }, listed), ['attested']);
    const below = changed(({ certificates }) => ({ certificates: certificates.slice(0, 1) }));
    assert.deepEqual(await tried({ maker: below }, listed), ['attested']);
  });
});
