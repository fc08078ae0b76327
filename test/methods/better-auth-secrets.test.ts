import assert from 'node:assert/strict';
import { hChaCha20 } from '../../src/methods/elsewhere/better-auth-secrets.js';

describe('HChaCha20', () => {
  it('makes the key of the draft’s example (draft-irtf-cfrg-xchacha-03 §2.2.1)', () => {
    const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
    const nonce = Buffer.from('000000090000004a0000000031415927', 'hex');
    assert.equal(
      hChaCha20(key, nonce).toString('hex'),
      '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
    );
  });
});
