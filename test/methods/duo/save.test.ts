import assert from 'node:assert/strict';
import { keyring } from '../../../src/crypto/keyring.js';
import {
  openCredentials,
  readCredentials,
  sealCredentials,
} from '../../../src/methods/duo/credentials.js';
import {
  DuoError,
  type DuoFailure,
  INVALID_CLIENT_CAUSES,
} from '../../../src/methods/duo/failure.js';
import { duoKeyCheck } from '../../../src/methods/duo/save.js';
import { KEY } from '../../support/app.js';

const keys = keyring([KEY]);
const GOOD = {
  clientId: 'DI'.padEnd(20, 'X'),
  clientSecret: 's'.repeat(40),
  apiHost: 'api-12345678.duosecurity.com',
};

const NOT_DUO = 'What answers at this API hostname is not Duo. Nothing was saved.';

describe('the check of Duo’s keys', () => {
  /** Duo that answers every health check like this. */
  function check(answer: () => Promise<void> = async () => {}) {
    let asked = 0;
    const checkKeys = duoKeyCheck({
      say: String,
      keyring: keys,
      clients: () => ({
        async healthCheck() {
          asked += 1;
          await answer();
        },
        prompt: () => assert.fail('is not asked for'),
        redeem: () => assert.fail('is not asked for'),
      }),
    });
    return { checkKeys, asked: () => asked };
  }
  const failing = (kind: DuoFailure, more = {}) =>
    check(() => Promise.reject(new DuoError(kind, 'failed', more))).checkKeys('acme', GOOD, null);

  it('keeps what is saved where the secret is left empty and the rest is the same', async () => {
    const current = sealCredentials(keys, 'acme', { ...GOOD, version: 'v1' });
    for (const clientSecret of [undefined, '', '   ']) {
      const { checkKeys, asked } = check();
      const kept = await checkKeys('acme', { ...GOOD, clientSecret }, current);
      assert.deepEqual(kept, { kind: 'checked', keys: current });
      assert.equal(asked(), 0);
    }
  });

  it('wants the secret again where anything else changes, and where none is saved', async () => {
    const current = sealCredentials(keys, 'acme', { ...GOOD, version: 'v1' });
    for (const change of [
      { clientId: 'DI'.padEnd(20, 'Y') },
      { apiHost: 'api-87654321.duosecurity.com' },
    ]) {
      const input = { ...GOOD, ...change, clientSecret: '' };
      assert.deepEqual(await check().checkKeys('acme', input, current), {
        kind: 'malformed',
        errors: { clientSecret: 'Enter the secret key again: the other values have changed.' },
      });
    }
    const none = await check().checkKeys('acme', { ...GOOD, clientSecret: '' }, null);
    assert.equal(none.kind, 'malformed');
    // What is no text is not an empty one.
    const odd = await check().checkKeys('acme', { ...GOOD, clientSecret: 5 }, current);
    assert.equal(odd.kind, 'malformed');
  });

  it('says at which field what is wrong with it', () => {
    const read = readCredentials({ clientId: 'x', clientSecret: 'x', apiHost: 'x' });
    assert.ok('errors' in read);
    assert.deepEqual(
      Object.fromEntries(Object.entries(read.errors).map(([name, wrong]) => [name, String(wrong)])),
      {
        clientId: 'An integration key has 20 letters and digits and begins with DI.',
        clientSecret: 'A secret key has 40 letters and digits.',
        apiHost: 'An API hostname looks like api-XXXXXXXX.duosecurity.com.',
      },
    );
    assert.deepEqual(Object.keys(readCredentials({ ...GOOD, apiHost: 'evil.example' })), [
      'errors',
    ]);
    const padded = (length: number) => GOOD.clientSecret.padEnd(length);
    assert.deepEqual(readCredentials({ ...GOOD, clientSecret: padded(200) }), GOOD);
    assert.ok('errors' in readCredentials({ ...GOOD, clientSecret: padded(201) }));
  });

  it('seals for the organization, and names it where what is stored is not usable', () => {
    const sealed = sealCredentials(keys, 'acme', { ...GOOD, version: 'v1' });
    assert.deepEqual(openCredentials(keys, 'acme', sealed), { ...GOOD, version: 'v1' });
    for (const change of [{ apiHost: 'evil.example' }, { clientId: 'x' }]) {
      assert.throws(
        () => openCredentials(keys, 'acme', { ...sealed, ...change }),
        (error) =>
          error instanceof DuoError &&
          error.kind === 'invalid' &&
          error.message === 'what is stored for Duo at acme is not usable',
      );
    }
    // By its description alone: another version of the library must open it.
    const context = JSON.stringify(['duo', 'acme', GOOD.clientId, GOOD.apiHost, 'v1']);
    const secret = keys.open(Buffer.from(sealed.sealedSecret, 'base64'), context);
    assert.equal(Buffer.from(secret).toString(), GOOD.clientSecret);
  });

  describe('says in words why nothing was saved:', () => {
    for (const [what, failure, message, suspect] of [
      [
        'Duo is away',
        ['server'],
        'Duo cannot be reached at the moment. Nothing was saved: try again in a few minutes.',
        null,
      ],
      [
        'there is no such host',
        ['network', { suspect: 'apiHost' }],
        'There is no such API hostname. Nothing was saved.',
        'apiHost',
      ],
      ['it is not Duo, by its certificate', ['tls'], NOT_DUO, 'apiHost'],
      ['it is not Duo, by its answer', ['invalid'], NOT_DUO, 'apiHost'],
      [
        'Duo does not know the integration key',
        ['rejected', { duoCode: '40002', suspect: 'clientId' }],
        "Duo rejected these keys (Duo's code 40002). The integration key looks wrong: Duo does not know it. " +
          `Duo answers so ${INVALID_CLIENT_CAUSES}. Nothing was saved.`,
        'clientId',
      ],
      [
        'the secret belongs to another one',
        ['rejected', { duoCode: '40103', suspect: 'clientSecret' }],
        "Duo rejected these keys (Duo's code 40103). The secret key looks wrong: it does not belong to this integration key. Nothing was saved.",
        'clientSecret',
      ],
      [
        'Duo does not say why',
        ['rejected'],
        'Duo rejected these keys. Compare the integration key and the secret key with those in Duo. Nothing was saved.',
        null,
      ],
    ] as [string, [DuoFailure, object?], string, string | null][]) {
      it(what, async () => {
        const result = await failing(...failure);
        assert.ok(result.kind === 'unreachable' || result.kind === 'rejected');
        assert.equal(
          result.kind,
          ['server', 'network', 'timeout'].includes(failure[0]) ? 'unreachable' : 'rejected',
        );
        assert.deepEqual([result.message, result.suspect], [message, suspect]);
      });
    }
  });

  it('hides no failure of ours behind one of Duo’s', async () => {
    const bug = new TypeError('a bug');
    await assert.rejects(
      check(() => Promise.reject(bug)).checkKeys('acme', GOOD, null),
      (error) => error === bug,
    );
  });
});
