import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMetadata } from '../../../src/methods/security-key/metadata/blob.js';
import { examineMetadata } from '../../../src/methods/security-key/metadata/doctor.js';
import { warnOfOld } from '../../../src/methods/security-key/metadata/vouching.js';
import { type Authority, authorityNamed } from '../../../src/testing/key-maker/authority.js';
import { signedBlob } from '../../../src/testing/key-maker/blob.js';
import { certificate, pem } from '../../../src/testing/key-maker/certificate.js';

const AAGUID = '2fc0579f-8113-47ea-b116-bb5a8db9202a';
const SUBJECT = { country: 'US', organization: 'FIDO ALLIANCE, INC.', common: 'mds' };
const NAME = 'mds.fidoalliance.org';
const CONTENT = {
  ...{ legalHeader: 'Read it.', no: 7, nextUpdate: '2026-02-01' },
  entries: [
    { aaid: '4e4e#4005', statusReports: [], metadataStatement: { description: 'UAF' } },
    {
      aaguid: AAGUID.toUpperCase(),
      metadataStatement: { description: 'A key', attestationRootCertificates: ['AA \n AA'] },
      statusReports: [{ status: 'FIDO_CERTIFIED_L1', effectiveDate: '2024-01-01' }],
    },
  ],
};

describe('FIDO metadata', () => {
  const root = authorityNamed('Root');
  const issuing = root.below('Issuing');
  const chain = [issuing.certificate];
  const roots = [pem(root.certificate)];
  const signer = (by: Authority = issuing, more = {}) =>
    by.issue({ subject: SUBJECT, host: NAME, ...more });
  const own = signer();
  const blob = (content: object = CONTENT, header = {}) => signedBlob(content, own, chain, header);

  it('is read by AAGUID, with its number and the day until which it is good', () => {
    const { number, goodUntil, models } = readMetadata(`${blob()}\n`, roots);
    assert.deepEqual([number, new Date(goodUntil).toISOString()], [7, '2026-02-01T23:59:59.999Z']);
    assert.deepEqual(
      [...models],
      [
        [
          AAGUID,
          {
            ...{ name: 'A key', roots: ['AAAA'] },
            reports: [{ status: 'FIDO_CERTIFIED_L1' }],
          },
        ],
      ],
    );
  });

  it('may have more certificates than it takes, as while its root is replaced', () => {
    const elsewhere = authorityNamed('Old root').below('Cross-signed').certificate;
    assert.equal(readMetadata(signedBlob(CONTENT, own, [elsewhere, ...chain]), roots).number, 7);
  });

  const refused = (given: string, reason: RegExp, trusted: readonly string[] | null = roots) =>
    assert.throws(() => readMetadata(given, trusted), { message: reason });

  it('is refused where it was changed, or is not whole', () => {
    const [head, body, signature] = blob().split('.') as [string, string, string];
    const [, other] = blob({ ...CONTENT, no: 8 }).split('.') as [string, string];
    refused(`${head}.${other}.${signature}`, /signature does not fit/);
    refused(`${head}.${body}.${signature.slice(0, -8)}`, /signature does not fit/);
    refused(`${head}.${body.slice(0, -40)}.${signature}`, /signature does not fit/);
    refused(`${head}.${body}`, /not three parts/);
    refused(`${head}.${body}.${signature}.${signature}`, /not three parts/);
    refused(`${head.slice(0, 40)}.${body}.${signature}`, /its header is not/);
    refused('', /not three parts/);
  });

  it('is refused where it has none of what it takes', () => {
    for (const wrong of [{}, { ...CONTENT, nextUpdate: 'soon' }, { ...CONTENT, entries: null }]) {
      refused(blob(wrong), /its content is not/);
    }
    refused(blob(CONTENT, { x5c: undefined, x5u: 'https://mds.example/x5u' }), /its header is not/);
    refused(blob(CONTENT, { x5c: ['AAAA'] }), /a certificate in its header/);
  });

  it('is refused where another root leads to its signer, or none', () => {
    const other = authorityNamed('Root');
    refused(blob(), /do not lead to a trusted root/, [pem(other.certificate)]);
    refused(signedBlob(CONTENT, own, []), /do not lead to a trusted root/);
    refused(blob(), /do not lead to a trusted root/, null);
    const forged = signer(other.below('Issuing'));
    refused(signedBlob(CONTENT, forged, chain), /do not lead to a trusted root/);
  });

  it('is refused from anybody whose certificate leads to the same root as FIDO’s, for another name', () => {
    const somebody = signer(issuing, { host: 'example.com' });
    refused(signedBlob(CONTENT, somebody, chain), /is not for mds\.fidoalliance\.org/, null);
    assert.equal(readMetadata(signedBlob(CONTENT, somebody, chain), roots).number, 7);
  });

  it('is refused where a certificate that may not sign for others did', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const between = signer();
    const by = { subject: SUBJECT, issuer: SUBJECT, publicKey, signedBy: between.privateKey };
    const dates = { from: new Date('2020-01-01'), until: new Date('2040-01-01') };
    const leaf = certificate({ ...by, ...dates, authority: false, host: NAME });
    refused(
      signedBlob(CONTENT, { certificate: leaf, privateKey }, [between.certificate, ...chain]),
      /do not lead to a trusted root/,
    );
  });

  it('is refused where two certificates have signed each other', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = ['A', 'B'].map((common) => ({ ...SUBJECT, common }));
    const dates = { from: new Date('2020-01-01'), until: new Date('2040-01-01') };
    const circle = names.map((subject, at) =>
      certificate({
        ...{ subject, issuer: names[1 - at] ?? SUBJECT, publicKey, signedBy: privateKey },
        ...{ ...dates, authority: true, host: NAME },
      }),
    );
    refused(
      signedBlob(CONTENT, { certificate: circle[0] as Buffer, privateKey }, circle),
      /do not lead to a trusted root/,
    );
  });

  it('is refused with an algorithm that its signer’s key has nothing to do with', () => {
    for (const alg of ['none', 'HS256', 'RS256', 'PS256', 'ES256K', 'ES384']) {
      refused(blob(CONTENT, { alg }), /signature does not fit/);
    }
  });

  it('is refused where its signer’s issuer had ended before it began', () => {
    const ended = root.below('Issuing', { until: new Date('2024-01-01') });
    const late = signer(ended, { from: new Date('2025-01-01') });
    refused(signedBlob(CONTENT, late, [ended.certificate]), /do not lead to a trusted root/);
  });

  it('goes on being read when it is old, or its signer’s certificate has ended, and that is said', () => {
    const until = new Date('2025-07-28T20:17:03Z');
    const old = readMetadata(signedBlob(CONTENT, signer(issuing, { until }), chain), roots);
    assert.equal(old.goodUntil, until.getTime());
    assert.equal(old.models.size, 1);
    const said: string[] = [];
    const { error } = console;
    console.error = (text: string) => said.push(text);
    try {
      warnOfOld(old, until.getTime());
      warnOfOld(old, until.getTime() + 1);
    } finally {
      console.error = error;
    }
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /metadata \(no\. 7\) is old: a newer one was due on 2025-07-28/);
  });

  it('is examined as a file, for whoever runs the app', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    const file = join(folder, 'fido.jwt');
    try {
      writeFileSync(file, blob());
      assert.deepEqual(examineMetadata(file, Date.parse('2026-01-01'), roots), {
        ...{ level: 'OK', text: 'no. 7, of 1 models, is good until 2026-02-01' },
      });
      assert.deepEqual(examineMetadata(file, Date.parse('2026-03-01'), roots), {
        level: 'WARN',
        text: 'no. 7, of 1 models, is old: a newer one was due on 2026-02-01',
      });
      assert.throws(() => examineMetadata(file, 0), { code: 'ERR_OPTION' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
