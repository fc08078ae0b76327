import assert from 'node:assert/strict';
import { type DuoSimulator, type DuoWireFault, duoKeys, wireFaults } from 'sallyport/testing';
import { keyring } from '../../../src/crypto/keyring.js';
import { duoClients } from '../../../src/methods/duo/client.js';
import { openCredentials, type SealedCredentials } from '../../../src/methods/duo/credentials.js';
import { type CheckKeys, duoKeyCheck } from '../../../src/methods/duo/save.js';
import { KEY } from '../../support/app.js';
import { GLOBEX, startSimulator } from '../../support/duo.js';
import { NOT_DUO } from '../../support/not-duo.js';

describe('saving Duo’s keys', () => {
  const keys = keyring([KEY]);
  let duo: DuoSimulator;
  let check: CheckKeys;
  let good: { clientId: string; clientSecret: string; apiHost: string };

  before(async () => {
    duo = await startSimulator();
    good = { ...pick(GLOBEX), apiHost: duo.apiHost };
    const clients = duoClients({
      redirectUrl: 'http://localhost:3000/two-factor/duo/callback',
      timeoutMs: 1500,
      httpsAgent: duo.agent,
    });
    check = duoKeyCheck({ keyring: keys, clients, say: String });
  });
  beforeEach(() => duo.reset());
  after(() => duo.close());

  async function saved(): Promise<SealedCredentials> {
    const result = await check('globex', good, null);
    assert.equal(result.kind, 'checked');
    return (result as Extract<typeof result, { kind: 'checked' }>).keys;
  }

  it('asks Duo with these very keys, and seals the secret', async () => {
    const sealed = await saved();
    assert.deepEqual(
      duo.log.map(({ endpoint, outcome, clientId }) => [endpoint, outcome, clientId]),
      [['healthCheck', 'ok', GLOBEX.clientId]],
    );
    assert.doesNotMatch(JSON.stringify(sealed), new RegExp(GLOBEX.clientSecret));
    assert.deepEqual(openCredentials(keys, 'globex', sealed), { ...good, version: sealed.version });
  });

  it('takes what was pasted with spaces around it, and a host in capitals', async () => {
    const pasted = {
      clientId: ` ${good.clientId} `,
      clientSecret: ` ${good.clientSecret}`,
      apiHost: ` ${good.apiHost.toUpperCase()} `,
    };
    assert.equal((await check('globex', pasted, null)).kind, 'checked');
  });

  it('opens for no other organization, key, host or version', async () => {
    const sealed = await saved();
    assert.throws(() => openCredentials(keys, 'initech', sealed), { code: 'ERR_SEALED' });
    for (const change of [
      { clientId: duoKeys().clientId },
      { apiHost: 'api-00000000.duosecurity.com' },
      { version: 'another' },
    ]) {
      assert.throws(() => openCredentials(keys, 'globex', { ...sealed, ...change }), {
        code: 'ERR_SEALED',
      });
    }
  });

  const wrong: [string, string, unknown[]][] = [
    [
      'integration key',
      'clientId',
      [
        '',
        'DI',
        'XX'.padEnd(20, 'A'),
        'DI'.padEnd(21, 'A'),
        'DI'.padEnd(19, 'A'),
        `DI${'-'.repeat(18)}`,
        5,
        null,
        [GLOBEX.clientId],
        {},
      ],
    ],
    [
      'secret key',
      'clientSecret',
      [
        '',
        's'.repeat(39),
        's'.repeat(41),
        '!'.repeat(40),
        'ſ'.repeat(40),
        7,
        null,
        [GLOBEX.clientSecret],
        {},
      ],
    ],
    ['API hostname', 'apiHost', NOT_DUO],
  ];
  for (const [name, field, values] of wrong) {
    it(`refuses a wrong ${name} at its field, and does not ask Duo`, async () => {
      for (const value of values) {
        const result = await check('globex', { ...good, [field]: value }, null);
        assert.equal(result.kind, 'malformed', JSON.stringify(value));
        const { errors } = result as Extract<typeof result, { kind: 'malformed' }>;
        assert.deepEqual(Object.keys(errors), [field]);
      }
      assert.equal(duo.log.length, 0);
    });
  }

  it('says all that is wrong at once', async () => {
    const result = await check('globex', {}, null);
    assert.deepEqual(result.kind === 'malformed' && Object.keys(result.errors), [
      'clientId',
      'clientSecret',
      'apiHost',
    ]);
  });

  it('tells which of them Duo rejected, with Duo’s code', async () => {
    const unknown = await check('globex', { ...good, clientId: duoKeys().clientId }, null);
    assert.equal(unknown.kind, 'rejected');
    assert.match(String('message' in unknown && unknown.message), /Duo rejected these keys.*40002/);
    assert.equal('suspect' in unknown && unknown.suspect, 'clientId');
    const secret = await check('globex', { ...good, clientSecret: duoKeys().clientSecret }, null);
    assert.equal('suspect' in secret && secret.suspect, 'clientSecret');
    assert.match(String('message' in secret && secret.message), /40002.*Nothing was saved/);
  });

  const out: readonly DuoWireFault[] = ['500', '502-html', '503', 'hang', 'slow-drip', 'reset'];
  for (const fault of wireFaults) {
    it(`saves nothing when Duo fails: ${fault}`, async () => {
      duo.set({ endpoint: 'healthCheck', fault });
      const result = await check('globex', good, null);
      assert.equal(result.kind, out.includes(fault) ? 'unreachable' : 'rejected');
      assert.match(String('message' in result && result.message), /Nothing was saved/);
      assert.ok(!('keys' in result));
    });
  }

  it('keeps the secret where it is left empty and nothing else has changed', async () => {
    const current = await saved();
    duo.reset();
    for (const clientSecret of ['', '  ', undefined]) {
      const result = await check('globex', { ...good, clientSecret }, current);
      assert.deepEqual(result, { kind: 'checked', keys: current });
    }
  });

  it('wants the secret again for another hostname or integration key', async () => {
    const current = await saved();
    duo.reset();
    for (const change of [
      { apiHost: 'api-00000000.duosecurity.com' },
      { clientId: duoKeys().clientId },
    ]) {
      const result = await check('globex', { ...good, ...change, clientSecret: '' }, current);
      assert.deepEqual(result.kind === 'malformed' && Object.keys(result.errors), ['clientSecret']);
    }
    assert.equal(duo.log.length, 0);
  });

  it('gives each new secret a version of its own', async () => {
    assert.notEqual((await saved()).version, (await saved()).version);
  });
});

function pick({ clientId, clientSecret }: { clientId: string; clientSecret: string }) {
  return { clientId, clientSecret };
}
