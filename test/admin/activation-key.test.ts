import assert from 'node:assert/strict';
import { keyring } from '../../src/crypto/keyring.js';
import {
  activationKeyDigest,
  activationKeyDigests,
  newActivationKey,
} from '../../src/methods/activation-key.js';
import { KEY } from '../support/app.js';

const OTHER = Buffer.alloc(32, 9).toString('base64');
const subject = { id: 'user1@acme' };

describe('activation keys', () => {
  const keys = keyring([KEY]);
  const digests = (typed: unknown, of = subject, ring = keys) =>
    activationKeyDigests(ring, of, typed);

  it('are 100 random bits in four groups, of letters that cannot be taken for digits', () => {
    const made = Array.from({ length: 200 }, newActivationKey);
    for (const key of made) assert.match(key, /^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    assert.equal(new Set(made).size, made.length);
    const used = new Set(made.join('').replaceAll('-', ''));
    assert.equal(used.size, 32);
  });

  it('are the same in any case, with dashes, spaces or neither, and with letters for digits', () => {
    const key = '0123A-1BCDE-FGHJK-MNPQ0';
    const digest = activationKeyDigest(keys, subject, key);
    for (const typed of [
      key,
      key.toLowerCase(),
      key.replaceAll('-', ''),
      ` ${key.replaceAll('-', ' ')} `,
      'oL23a-ibcde-fghjk-mnpqO',
    ]) {
      assert.deepEqual(digests(typed), [digest], typed);
    }
  });

  it('count for one subject only', () => {
    const key = newActivationKey();
    assert.notDeepEqual(digests(key), digests(key, { id: 'user2@acme' }));
  });

  it('are still known after a key was put in front of the ring', () => {
    const key = newActivationKey();
    const digest = activationKeyDigest(keys, subject, key);
    const found = digests(key, subject, keyring([OTHER, KEY]));
    assert.equal(found?.length, 2);
    assert.deepEqual(found?.[1], digest);
  });

  it('are nothing else: another length, another character, another type', () => {
    const key = newActivationKey();
    for (const typed of [
      '',
      key.slice(1),
      `${key}0`,
      key.replace(/.$/, 'U'),
      key.replace(/.$/, 'é'),
      `${' '.repeat(200)}${key}`,
      undefined,
      null,
      20,
      [key],
      { key },
    ]) {
      assert.equal(digests(typed), null, String(typed));
    }
  });
});
