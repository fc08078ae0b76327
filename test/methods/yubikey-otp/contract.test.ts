import { yubikeyOtp } from 'sallyport';
import { methodContract, testClock, type YubikeySimulator } from 'sallyport/testing';
import { CLIENT, startYubico } from '../../support/yubikey.js';

describe('the method of YubiKeys', () => {
  let yubico: YubikeySimulator;
  const { now } = testClock();
  before(async () => {
    yubico = await startYubico(now);
  });
  after(() => yubico.close());

  methodContract('yubikeyOtp()', () => {
    yubico.reset();
    return {
      method: yubikeyOtp({ httpsAgent: yubico.agent }),
      fields: { enabled: 'yes', ...CLIENT },
      answer: ({ subjectId }) => ({ code: yubico.key(subjectId).touch() }),
    };
  });
});
