import assert from 'node:assert/strict';
import {
  type YubikeyFaultSetting,
  type YubikeySimulator,
  yubikeyClient,
  yubikeySimulator,
} from 'sallyport/testing';
import request from 'supertest';
import { otpValidation } from '../../src/methods/yubikey-otp/client.js';
import { readOtp } from '../../src/methods/yubikey-otp/otp.js';

describe('the YubiKey simulator', () => {
  const client = yubikeyClient();
  let yubico: YubikeySimulator;
  before(async () => {
    yubico = await yubikeySimulator({ clients: [client], keys: ['demo', 'ü/<b>'], now: Date.now });
  });
  after(() => yubico.close());

  it('has keys that type another password at each touch, and always begin alike', () => {
    const key = yubico.key(4711);
    const typed = Array.from({ length: 20 }, () => key.touch());
    assert.equal(new Set(typed).size, 20);
    assert.ok(typed.every((one) => readOtp(one)?.publicId === key.publicId));
    assert.equal(yubico.key(4711), key, 'the same key for the same name');
    assert.notEqual(yubico.key('another').publicId, key.publicId);
  });

  it('shows a page with a button for each of the keys that were named, and the credentials', async () => {
    const page = await request(yubico.touchOrigin).get('/').expect(200);
    assert.match(page.text, /<button[^>]*>Touch demo<\/button>/);
    assert.match(page.text, /Touch ü\/&#60;b&#62;/);
    assert.ok(page.text.includes(`data-sp="yubikey-client-id">${client.clientId}<`));
    assert.ok(page.headers['content-security-policy']?.includes("default-src 'none'"));
    for (const [name, path] of [
      ['demo', '/touch/demo'],
      ['ü/<b>', `/touch/${encodeURIComponent('ü/<b>')}`],
    ] as const) {
      const { text } = await request(yubico.touchOrigin).post(path).expect(200);
      const typed = /data-sp="yubikey-otp">([a-z]{44})</.exec(text)?.[1];
      assert.equal(readOtp(typed)?.publicId, yubico.key(name).publicId);
    }
  });

  it('tells nobody else, and goes on after nonsense', async () => {
    await request(yubico.touchOrigin).get('/').set('Host', 'evil.example').expect(421);
    for (const path of ['/touch/demo', '/touch/%E0%A4%A', '/touch/nobody', '//', '/nothing']) {
      await request(yubico.touchOrigin).get(path).expect(404);
    }
    for (const path of ['/touch/%E0%A4%A', '/touch/', '/']) {
      await request(yubico.touchOrigin).post(path).expect(404);
    }
    await request(yubico.touchOrigin).get('/').expect(200);
  });

  it('refuses options and faults that there are none of', async () => {
    const wrong = (options: object) => yubikeySimulator(options as never);
    await assert.rejects(wrong({ clients: [client] }), { code: 'ERR_OPTION' });
    await assert.rejects(
      wrong({ clients: [{ clientId: 'x', clientSecret: 'y' }], now: Date.now }),
      {
        code: 'ERR_OPTION',
        message: /clientId must be a number in digits/,
      },
    );
    await assert.rejects(wrong({ clients: [client], now: Date.now, kyes: [] }), {
      message: /has no kyes; there are: clients, keys, hosts, now, touchPort/,
    });
    for (const fault of [{ fault: 'FINE' }, {}, { fault: 'hang', hots: 'x' }]) {
      assert.throws(() => yubico.set(fault as YubikeyFaultSetting), { code: 'ERR_OPTION' });
    }
  });

  it('logs what was asked and what was said, and no secret', async () => {
    const otp = yubico.key().touch();
    const validate = otpValidation({ timeoutMs: 2000, httpsAgent: yubico.agent });
    const said = await validate(otp, { ...client, servers: [], version: 'v1' }, Date.now());
    assert.equal(said.kind, 'ok');
    assert.deepEqual(yubico.log.at(-1), {
      ...{ host: 'api.yubico.com', clientId: client.clientId, status: 'OK', fault: null },
    });
    const log = JSON.stringify(yubico.log);
    for (const secret of [client.clientSecret, otp]) assert.ok(!log.includes(secret));
  });
});
