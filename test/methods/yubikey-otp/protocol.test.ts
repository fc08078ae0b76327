import assert from 'node:assert/strict';
import { YubikeyError } from '../../../src/methods/yubikey-otp/failure.js';
import { modhex, readOtp, serialOf } from '../../../src/methods/yubikey-otp/otp.js';
import { type Question, readReply } from '../../../src/methods/yubikey-otp/reply.js';
import { isSigned, signatureOf } from '../../../src/methods/yubikey-otp/signature.js';
import { decrypted } from '../../../src/testing/yubikey-simulator/otp.js';

const OTP = 'ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugded';

describe('what a YubiKey types', () => {
  it('is 44 modhex letters, in any case, with white space around and between them', () => {
    for (const typed of [
      OTP,
      OTP.toUpperCase(),
      ` ${OTP}\r\n`,
      `${OTP.slice(0, 12)} ${OTP.slice(12)}`,
    ]) {
      assert.deepEqual(readOtp(typed), { otp: OTP, publicId: 'ccccccbcgujh' });
    }
  });

  it('is nothing else', () => {
    for (const typed of [
      ...['', OTP.slice(1), `${OTP}c`, OTP + OTP, OTP.replace('j', 'a'), OTP.replace('j', 'é')],
      // The long s and the Kelvin sign are an s and a k in another case.
      ...[OTP.replace('k', '\u212A'), `${OTP.slice(1)}ſ`, `${OTP}\u0000`, '1'.repeat(44)],
      ...[undefined, null, 44, {}, [OTP]],
    ]) {
      assert.equal(readOtp(typed), null, String(typed));
    }
  });

  it('begins with the serial number of the key, where nobody has programmed it anew', () => {
    assert.equal(modhex(Buffer.from('0123456789abcdef', 'hex')), 'cbdefghijklnrtuv');
    assert.equal(serialOf('cccccccccccb'), 1);
    assert.equal(serialOf('ccccvvvvvvvv'), 0xffffffff);
    assert.equal(serialOf('vvccccbcgujh'), null);
  });

  it('is decrypted by the simulator as Yubico’s own example is', () => {
    const key = Buffer.from('ecde18dbe76fbd0c33330f1c354871db', 'hex');
    const touch = decrypted(key, 'hknhfjbrjnlnldnhcujvddbikngjrtgh');
    assert.equal(Buffer.from(touch?.privateId ?? []).toString('hex'), '8792ebfe26cc');
    assert.deepEqual(
      [touch?.counter, touch?.use, touch?.timestamp, touch?.random],
      [19, 17, 49712, 40904],
    );
    assert.equal(decrypted(key, 'hknhfjbrjnlnldnhcujvddbikngjrtgi'), null);
  });
});

describe('a signature of the validation protocol', () => {
  it('is that of the specification’s own example', () => {
    const parameters = {
      id: '1',
      otp: 'vvungrrdhvtklknvrtvuvbbkeidikkvgglrvdgrfcdft',
      nonce: 'jrFwbaYFhn0HoxZIsd9LQ6w2ceU',
    };
    const secret = Buffer.from('mG5be6ZJU1qBGz24yPh/ESM3UdU=', 'base64');
    const h = '+ja8S3IjbX593/LAgTBixwPNGX4=';
    assert.equal(signatureOf(parameters, secret), h);
    assert.equal(signatureOf({ ...parameters, h: 'left out' }, secret), h);
    assert.equal(isSigned({ ...parameters, h }, secret), true);
  });

  it('is of all parameters, and of this secret', () => {
    const secret = Buffer.alloc(20, 1);
    const signed = { status: 'OK', otp: OTP, t: 'now' };
    const h = signatureOf(signed, secret);
    assert.equal(isSigned({ ...signed, h }, secret), true);
    for (const other of [
      { ...signed, h: h.slice(1) },
      { ...signed, h: '' },
      signed,
      { ...signed, h, status: 'BAD_OTP' },
      { ...signed, h, more: '1' },
      { status: 'OK', otp: OTP, h },
    ]) {
      assert.equal(isSigned(other, secret), false, JSON.stringify(other));
    }
    assert.equal(isSigned({ ...signed, h }, Buffer.alloc(20, 2)), false);
  });
});

describe('an answer of a validation server', () => {
  const NOW = Date.UTC(2026, 0, 1, 12);
  const secret = Buffer.alloc(20, 1);
  const question: Question = {
    ...{ otp: OTP, nonce: 'aef3a7835277a28da831005c2ae3b919', secret },
    ...{ host: 'val.example', now: NOW },
  };
  const good: Readonly<Record<string, string>> = {
    t: '2026-01-01T12:00:00Z0264',
    otp: OTP,
    nonce: question.nonce,
    sl: '75',
    timestamp: '10222212',
    sessioncounter: '1563',
    sessionuse: '3',
    status: 'OK',
  };
  const lines = (fields: object) =>
    Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  const signed = (change: Readonly<Record<string, string | undefined>> = {}, by = secret) => {
    const kept = Object.entries({ ...good, ...change }).filter(
      (one): one is [string, string] => one[1] !== undefined,
    );
    const fields = Object.fromEntries(kept);
    return lines({ h: signatureOf(fields, by), ...fields }).join('\r\n');
  };
  const failure = (text: string): YubikeyError => {
    try {
      readReply(text, question);
    } catch (error) {
      assert.ok(error instanceof YubikeyError);
      assert.ok(!error.message.includes(OTP) && !error.message.includes(question.nonce));
      return error;
    }
    return assert.fail(`was taken: ${text}`);
  };

  it('says yes, and where the counters of the key are', () => {
    const yes = { kind: 'ok', counter: 1563 * 256 + 3 };
    assert.deepEqual(readReply(signed(), question), yes);
    assert.deepEqual(readReply(`${signed()}\r\n\r\n`, question), yes);
    assert.deepEqual(readReply(signed().replaceAll('\r', ''), question), yes);
    const highest = signed({ sessioncounter: '32767', sessionuse: '255' });
    assert.deepEqual(readReply(highest, question), { kind: 'ok', counter: 0x7fffff });
  });

  it('says no', () => {
    assert.deepEqual(readReply(signed({ status: 'BAD_OTP' }), question), { kind: 'bad-otp' });
    assert.deepEqual(readReply(signed({ status: 'REPLAYED_OTP' }), question), { kind: 'replayed' });
  });

  it('refuses us, which need not be signed, and says which of our values is wrong', () => {
    for (const [status, suspect] of [
      ['NO_SUCH_CLIENT', 'clientId'],
      ['BAD_SIGNATURE', 'clientSecret'],
      ['OPERATION_NOT_ALLOWED', 'clientId'],
      ['MISSING_PARAMETER', null],
    ] as const) {
      const { kind, suspect: found, detail, outage } = failure(`status=${status}\r\n`);
      assert.deepEqual(
        [kind, found, detail, outage],
        ['rejected', suspect, `rejected ${status}`, false],
      );
    }
  });

  it('tells of trouble, which may pass', () => {
    for (const status of ['BACKEND_ERROR', 'NOT_ENOUGH_ANSWERS', 'REPLAYED_REQUEST']) {
      const { kind, detail, outage } = failure(signed({ status }));
      assert.deepEqual([kind, detail, outage], ['server', `server ${status}`, true]);
    }
  });

  it('is believed of nothing that it does not prove, nor of what makes no sense', () => {
    const unsigned = lines(good).join('\r\n');
    const cases: Readonly<Record<string, string>> = {
      empty: '',
      'a page': '<html><h1>status=OK</h1></html>',
      unsigned,
      'signed by another secret': signed({}, Buffer.alloc(20, 2)),
      'signed by no secret at all': signed({}, Buffer.alloc(0)),
      'an empty signature': `h=\r\n${unsigned}`,
      'changed after it was signed': signed({ status: 'BAD_OTP' }).replace('BAD_OTP', 'OK'),
      'a no that is not signed': unsigned.replace('status=OK', 'status=BAD_OTP'),
      'another code': signed({ otp: OTP.replace(/.$/, 'c') }),
      'the code in capitals': signed({ otp: OTP.toUpperCase() }),
      'no code': signed({ otp: undefined }),
      'another nonce': signed({ nonce: question.nonce.replace('a', 'b') }),
      'no nonce': signed({ nonce: undefined }),
      'no status': signed({ status: undefined }),
      'an unknown status': signed({ status: 'FINE' }),
      'a status in small letters': signed({ status: 'ok' }),
      'a status of Object’s': signed({ status: 'toString' }),
      'a status with a space': signed({ status: 'OK ' }),
      'two statuses': `status=BAD_OTP\r\n${signed()}`,
      'two of something else': `${signed()}\r\nsl=100`,
      'a line that is none': `${signed()}\r\nOK`,
      'no counters': signed({ sessioncounter: undefined, sessionuse: undefined }),
      'half a counter': signed({ sessionuse: undefined }),
      'a counter beyond its bits': signed({ sessioncounter: '32768' }),
      'a use beyond its bits': signed({ sessionuse: '256' }),
      'a negative counter': signed({ sessioncounter: '-1' }),
      'a counter that is no number': signed({ sessioncounter: '1e3' }),
      'a fraction': signed({ sessionuse: '1.5' }),
      'no time': signed({ t: undefined }),
      'a time that is none': signed({ t: 'now' }),
      'a time without a zone': signed({ t: '2026-01-01T12:00:00' }),
      'a day that there is not': signed({ t: '2026-13-41T12:00:00Z0000' }),
      'a time of long ago': signed({ t: '2026-01-01T10:59:59Z0264' }),
      'a time far ahead': signed({ t: '2026-01-01T13:00:01Z0264' }),
    };
    for (const [what, text] of Object.entries(cases)) {
      const { kind, outage, because } = failure(text);
      assert.deepEqual([what, kind, outage, because], [what, 'invalid', false, 'not-working']);
    }
    for (const t of ['2026-01-01T11:00:01Z0264', '2026-01-01T12:59:59Z0']) {
      assert.equal(readReply(signed({ t }), question).kind, 'ok', t);
    }
  });
});
