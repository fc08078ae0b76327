import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type YubikeyFault, type YubikeySimulator, yubikeyFaults } from 'sallyport/testing';
import { otpValidation } from '../../../src/methods/yubikey-otp/client.js';
import { YubikeyError } from '../../../src/methods/yubikey-otp/failure.js';
import { eventually } from '../../support/redis.js';
import { CLIENT, OWN_HOSTS, serverAt, startYubico } from '../../support/yubikey.js';

const NOW = Date.UTC(2026, 0, 1, 12);
const [ONE, TWO, THREE] = OWN_HOSTS;
/** Long enough for a busy machine to answer; those that never do are waited for as long. */
const TIMEOUT_MS = 1500;

describe('the question whether a key has typed a code', () => {
  let yubico: YubikeySimulator;
  before(async () => {
    yubico = await startYubico(() => NOW);
  });
  beforeEach(() => yubico.reset());
  after(() => yubico.close());

  const ask = (
    otp: string,
    {
      hosts = [],
      secret = CLIENT.clientSecret,
      id = CLIENT.clientId,
      timeoutMs = TIMEOUT_MS,
    }: {
      readonly hosts?: readonly string[];
      readonly secret?: string;
      readonly id?: string;
      readonly timeoutMs?: number;
    } = {},
  ) => {
    const validate = otpValidation({ timeoutMs, httpsAgent: yubico.agent });
    const credentials = { clientId: id, clientSecret: secret, version: 'v1' };
    return validate(otp, { ...credentials, servers: hosts.map(serverAt) }, NOW);
  };
  const failure = async (...given: Parameters<typeof ask>): Promise<YubikeyError> => {
    try {
      await ask(...given);
    } catch (error) {
      assert.ok(error instanceof YubikeyError, inspect(error));
      const told = inspect(error, { depth: 10 });
      for (const secret of [given[0], CLIENT.clientSecret, given[1]?.secret ?? given[0]]) {
        assert.ok(!told.includes(secret), told);
      }
      return error;
    }
    return assert.fail('was answered');
  };

  it('is answered by YubiCloud with yes once, and with no from then on', async () => {
    const key = yubico.key();
    const otp = key.touch();
    const first = await ask(otp);
    assert.equal(first.kind, 'ok');
    assert.deepEqual(await ask(otp), { kind: 'replayed' });
    const second = await ask(key.touch());
    assert.ok(first.kind === 'ok' && second.kind === 'ok' && second.counter > first.counter);
    key.plugIn();
    const third = await ask(key.touch());
    assert.ok(third.kind === 'ok' && third.counter > second.counter);
    assert.deepEqual(
      yubico.log.map(({ host }) => host),
      Array(4).fill('api.yubico.com'),
    );
  });

  it('has the counters of a key go on where the one of its touches is full', async () => {
    const key = yubico.key();
    let last = -1;
    for (let touched = 0; touched < 260; touched += 1) {
      const otp = key.touch();
      if (touched % 64 < 62 && touched < 250) continue;
      const said = await ask(otp);
      assert.ok(said.kind === 'ok' && said.counter > last, `${touched}`);
      last = said.counter;
    }
  });

  it('is answered with no for what no key has typed, and what an older touch has', async () => {
    const key = yubico.key();
    const older = key.touch();
    const newer = key.touch();
    const garbled = newer.replace(/.$/, newer.endsWith('c') ? 'b' : 'c');
    assert.deepEqual(await ask(garbled), { kind: 'bad-otp' });
    assert.deepEqual(await ask('c'.repeat(44)), { kind: 'bad-otp' });
    assert.equal((await ask(newer)).kind, 'ok');
    assert.deepEqual(await ask(older), { kind: 'replayed' });
  });

  it('is refused where the credentials are wrong, naming which', async () => {
    const otp = yubico.key().touch();
    const wrongSecret = await failure(otp, { secret: Buffer.alloc(20, 9).toString('base64') });
    assert.deepEqual([wrongSecret.kind, wrongSecret.suspect], ['rejected', 'clientSecret']);
    const wrongId = await failure(otp, { id: '1' });
    assert.deepEqual([wrongId.kind, wrongId.suspect], ['rejected', 'clientId']);
    assert.equal((await ask(otp)).kind, 'ok', 'it was not used up');
  });

  const expected: Readonly<Record<string, string>> = {
    '500': 'server',
    BACKEND_ERROR: 'server',
    NOT_ENOUGH_ANSWERS: 'server',
    REPLAYED_REQUEST: 'server',
    hang: 'timeout',
    'slow-drip': 'timeout',
    reset: 'network',
    NO_SUCH_CLIENT: 'rejected',
    BAD_SIGNATURE: 'rejected',
    OPERATION_NOT_ALLOWED: 'rejected',
    MISSING_PARAMETER: 'rejected',
  };
  const failing: readonly YubikeyFault[] = [
    ...yubikeyFaults.filter((one) => one !== 'always-ok'),
    ...(['BACKEND_ERROR', 'NOT_ENOUGH_ANSWERS', 'REPLAYED_REQUEST'] as const),
    ...(['NO_SUCH_CLIENT', 'BAD_SIGNATURE', 'OPERATION_NOT_ALLOWED', 'MISSING_PARAMETER'] as const),
  ];
  for (const fault of failing) {
    it(`is not answered where the server has the fault ${fault}, and is where another has none`, async () => {
      const key = yubico.key();
      yubico.set({ fault });
      // The short deadline is for those faults alone that it has to end.
      const timeoutMs = expected[fault] === 'timeout' ? 300 : TIMEOUT_MS;
      const { kind, detail } = await failure(key.touch(), { timeoutMs });
      assert.equal(kind, expected[fault] ?? 'invalid');
      if (fault === 'redirect') assert.equal(detail, 'invalid 302');
      yubico.reset();
      yubico.set({ fault, host: ONE });
      const said = await ask(key.touch(), { hosts: [ONE, TWO, THREE] });
      assert.equal(said.kind, 'ok');
    });
  }

  it('takes a yes of one server though others say no, and no where none says yes', async () => {
    const key = yubico.key();
    for (const fault of ['BAD_OTP', 'REPLAYED_OTP', 'REPLAYED_REQUEST'] as const) {
      yubico.set({ fault, host: ONE });
      assert.equal((await ask(key.touch(), { hosts: [ONE, TWO] })).kind, 'ok', fault);
    }
    yubico.set({ fault: 'BAD_OTP', host: ONE });
    yubico.set({ fault: 'REPLAYED_OTP', host: TWO });
    yubico.set({ fault: '500', host: THREE });
    assert.deepEqual(await ask(key.touch(), { hosts: [ONE, TWO, THREE] }), { kind: 'replayed' });
    yubico.set({ fault: 'wrong-nonce', host: TWO });
    assert.deepEqual(await ask(key.touch(), { hosts: [ONE, TWO, THREE] }), { kind: 'bad-otp' });
  });

  it('asks all servers at once, and gives the others up when one has said yes', async () => {
    const key = yubico.key();
    yubico.set({ fault: 'hang', host: ONE });
    yubico.set({ fault: 'slow-drip', host: TWO });
    const sockets = () =>
      Object.values(yubico.agent.sockets).reduce((sum, some) => sum + (some?.length ?? 0), 0);
    // Were they waited for, this would take half an hour.
    const said = await ask(key.touch(), { hosts: [ONE, TWO, THREE], timeoutMs: 1_800_000 });
    assert.equal(said.kind, 'ok');
    await eventually(() => sockets() === 0);
  });

  it('tells of several failures the one that somebody has to put right', async () => {
    const key = yubico.key();
    yubico.set({ fault: '500', host: ONE });
    yubico.set({ fault: 'bad-signature', host: TWO });
    yubico.set({ fault: 'NO_SUCH_CLIENT', host: THREE });
    assert.equal((await failure(key.touch(), { hosts: [ONE, TWO, THREE] })).kind, 'rejected');
    assert.equal((await failure(key.touch(), { hosts: [ONE, TWO] })).kind, 'invalid');
    assert.equal((await failure(key.touch(), { hosts: [ONE] })).kind, 'server');
  });

  it('reaches no server that cannot be found, and says which', async () => {
    const otp = yubico.key().touch();
    const { kind, message } = await failure(otp, { hosts: ['val.elsewhere.example'] });
    assert.equal(kind, 'network');
    assert.match(message, /^val\.elsewhere\.example cannot be reached/);
  });
});
