import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { encode } from 'cbor-x';
import { packCredential, unpackCredential } from '../../../src/methods/security-key/credential.js';

const hex = (text: string) => Buffer.from(text, 'hex');
const part = (text = '') => Buffer.from(text, 'base64url');

/** COSE keys as authenticators write them. */
const KEYS = {
  ES256() {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x, y } = pair.publicKey.export({ format: 'jwk' });
    return Buffer.concat([hex('a5010203262001215820'), part(x), hex('225820'), part(y)]);
  },
  EdDSA() {
    const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    return Buffer.concat([hex('a4010103272006215820'), part(x)]);
  },
  RS256() {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { n, e } = pair.publicKey.export({ format: 'jwk' });
    return Buffer.concat([hex('a401030339010020590100'), part(n), hex('2143'), part(e)]);
  },
};

describe('what is kept of a key', () => {
  const credential = (publicKey: Uint8Array) => ({
    ...{ id: randomBytes(16), publicKey, transports: ['usb', 'nfc'] as const },
  });
  const kept = (publicKey: Uint8Array) => packCredential(credential(publicKey)).length;
  const back = (publicKey: Uint8Array) =>
    Buffer.from(unpackCredential(packCredential(credential(publicKey))).publicKey);

  for (const [name, make] of Object.entries(KEYS)) {
    it(`has its public key as it was (${name})`, () => {
      for (let n = 0; n < 40; n += name === 'RS256' ? 20 : 1) {
        const publicKey = make();
        assert.deepEqual(back(publicKey), publicKey);
      }
    });
  }

  it('is as short as it can be', () => {
    assert.deepEqual([kept(KEYS.ES256()), kept(KEYS.EdDSA())], [54, 53]);
  });

  it('has a public key that is written otherwise as it was', () => {
    const [usual, ed25519] = [KEYS.ES256(), KEYS.EdDSA()];
    const [x, y] = [usual.subarray(10, 42), usual.subarray(45)];
    for (const other of [
      // Another order of its parts, another curve, a point that is not on it.
      Buffer.concat([hex('a501022001215820'), x, hex('225820'), y, hex('0326')]),
      Buffer.concat([hex('a5010203382e2008215820'), x, hex('225820'), y]),
      Buffer.concat([usual.subarray(0, 45), Buffer.alloc(32, 7)]),
      Buffer.concat([usual.subarray(0, 10), Buffer.alloc(32, 255), usual.subarray(42)]),
      Buffer.concat([hex('a4010103272007215820'), ed25519.subarray(10)]),
      usual.subarray(0, -1),
      ed25519.subarray(1),
    ]) {
      assert.deepEqual(back(other), other, other.toString('hex'));
    }
  });

  it('is read as it was written before it was shortened', () => {
    for (const make of Object.values(KEYS)) {
      const publicKey = make();
      const id = randomBytes(64);
      const found = unpackCredential(encode([id, publicKey, 3]));
      assert.deepEqual(Buffer.from(found.publicKey), publicKey);
      assert.deepEqual([Buffer.from(found.id), found.transports], [id, ['usb', 'nfc']]);
    }
  });
});
