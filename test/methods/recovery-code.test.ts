import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import type { Attempt } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { ATTEMPT_LIMITS } from '../../src/methods/attempt-limits.js';
import { newRecoveryCodes, recoveryCodeDigests } from '../../src/methods/recovery-code/codes.js';
import { recoveryCodes } from '../../src/methods/recovery-code/method.js';
import { bound } from '../support/methods.js';
import { parsePolicy } from '../support/policy.js';

const NOW = Date.UTC(2026, 0, 1);
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
const keys = keyring([key(1)]);
const rotated = keyring([key(2), key(1)]);
const subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const policy = parsePolicy({ mode: 'required' }, ['totp']);
const attempt = (input: Attempt['input'] = {}): Attempt => ({
  ...{ subject, policy, session: 'session-1', epoch: 0, issuer: 'Console', input },
});

describe('recovery codes', () => {
  it('are ten of sixteen characters in groups, none twice, each with its digest', () => {
    const { codes, digests } = newRecoveryCodes(keys, subject);
    assert.equal(new Set(codes).size, 10);
    for (const code of codes)
      assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    for (const [at, code] of codes.entries()) {
      for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ' ')]) {
        assert.deepEqual(recoveryCodeDigests(rotated, subject, typed)?.[1], digests[at]);
      }
      assert.notDeepEqual(recoveryCodeDigests(keys, { id: 'user2' }, code)?.[0], digests[at]);
    }
    for (const junk of ['', 'ABCD', 5, undefined, codes]) {
      assert.equal(recoveryCodeDigests(keys, subject, junk), null);
    }
    const plain = codes[0]?.replaceAll('-', '') ?? '';
    assert.deepEqual(digests[0], keys.digest(plain, '["recovery-code","user1"]'));
  });

  it('are a method that waits and does not stop, and is spent', async () => {
    const store = memoryStore({ now: () => NOW });
    const { codes, digests } = newRecoveryCodes(keys, subject);
    await store.replaceRecoveryCodes('user1', digests);
    const method = bound(recoveryCodes(), { store, keyring: rotated });
    assert.deepEqual(
      [method.name, method.title, method.throttle, method.role],
      ['recovery-code', 'Recovery code', 'backoff', 'backup'],
    );
    assert.deepEqual(await method.challenge(attempt()), {
      ...{ kind: 'form', view: 'recovery-code/challenge', title: 'Use a recovery code' },
    });
    assert.equal(method.wellFormed({ code: codes[0] }), true);
    assert.equal(method.wellFormed({ code: '123456' }), false);
    const verify = (code: unknown) => method.verify(attempt({ code }), ATTEMPT_LIMITS);
    assert.deepEqual(await verify(codes[0]), {
      ...{ kind: 'verified', enrollmentId: 'recovery-code', epoch: 0, at: NOW },
    });
    assert.deepEqual(await verify(codes[0]), { kind: 'rejected', reason: 'wrong-code' });
    assert.deepEqual(await verify('junk'), { kind: 'rejected', reason: 'malformed' });
    assert.equal((await store.readSubject('user1')).recoveryCodesLeft, 9);
  });
});
